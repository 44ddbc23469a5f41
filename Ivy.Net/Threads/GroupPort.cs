using System.Net;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>One address that a group listens on: its sockets, and who gets a connection.</summary>
internal sealed class GroupPort : IDisposable
{
    private readonly IvLoopGroup _group;
    private readonly IvAcceptMode _mode;
    private readonly IvSocket[] _sockets;
    private readonly int _acceptor;
    private readonly Action<IvLoopGroupMember, IvSocket> _accept;
    private int _turn;

    private GroupPort(IvLoopGroup group, IvAcceptMode mode, IvSocket[] sockets, int acceptor, Action<IvLoopGroupMember, IvSocket> accept)
    {
        _group = group;
        _mode = mode;
        _sockets = sockets;
        _acceptor = acceptor;
        _accept = accept;
        EndPoint = sockets[0].LocalEndPoint!;
    }

    public EndPoint EndPoint { get; }

    /// <summary>Binds and listens; nothing is left open on an error, and <paramref name="step"/> says what was refused.</summary>
    public static IvError TryOpen(
        IvLoopGroup group,
        EndPoint local,
        Action<IvLoopGroupMember, IvSocket> accept,
        IvAcceptMode mode,
        IvListenOptions options,
        int acceptor,
        out GroupPort? port,
        out string step)
    {
        bool shares = mode is IvAcceptMode.ReusePort or IvAcceptMode.SteerByCpu;
        port = null;
        step = "share the address";
        if (shares && local is not IPEndPoint)
        {
            return IvError.EOPNOTSUPP;
        }

        var sockets = new List<IvSocket>();
        IvError error = IvError.None;
        int count = shares ? group.Members.Count : 1;
        try
        {
            // All of them are bound before the first one listens: from then on connections come.
            EndPoint bound = local;
            for (int i = 0; i < count && error == IvError.None; i++)
            {
                error = IvSocket.TryBindListener(bound, options, shares || options.ReusePort, group.Network, out IvSocket? socket, out step);
                if (socket is not null)
                {
                    sockets.Add(socket);
                    bound = socket.LocalEndPoint!;
                }
            }

            // The kernel numbers them in the order of listen(2).
            for (int i = 0; i < count && error == IvError.None; i++)
            {
                step = "listen";
                error = sockets[i].TryListen(options.Backlog);
            }

            if (error == IvError.None && mode == IvAcceptMode.SteerByCpu && group.Network is not SimulatedNetwork)
            {
                step = "attach the steering program";
                error = PortSteering.Attach(sockets[0].Handle, PortSteering.Compile(group.Cpus, count));
            }

            if (error == IvError.None)
            {
                port = new GroupPort(group, mode, [.. sockets], acceptor, accept);
                sockets.Clear();
            }

            return error;
        }
        finally
        {
            foreach (IvSocket socket in sockets)
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>The listener of one loop; null if another one accepts for all.</summary>
    public IvListener? CreateListener(IvLoopGroupMember member) =>
        SocketOf(member) is { } socket ? new IvListener(socket, (_, peer) => OnAccept(member, peer)) { Name = _group.Name } : null;

    /// <summary>On the loop's thread: nothing more is accepted there, whether its listener was registered or not.</summary>
    public void Close(IvLoopGroupMember member) => SocketOf(member)?.Dispose();

    public void Dispose()
    {
        foreach (IvSocket socket in _sockets)
        {
            socket.Dispose();
        }
    }

    private IvSocket? SocketOf(IvLoopGroupMember member) =>
        _sockets.Length > 1 ? _sockets[member.Index] : member.Index == _acceptor ? _sockets[0] : null;

    private void OnAccept(IvLoopGroupMember acceptor, IvSocket socket)
    {
        IvLoopGroupMember target = _mode switch
        {
            IvAcceptMode.RoundRobin => Next(),
            IvAcceptMode.LeastConnections => Idlest(),
            _ => acceptor,
        };
        target.CountAccepted();
        var connection = new GroupConnection(socket, target);
        socket.Owner = connection;
        if (target == acceptor)
        {
            target.Arrive(connection, _accept);
        }
        else
        {
            connection.HandOver(target, _accept);
        }
    }

    private IvLoopGroupMember Next()
    {
        int index = _turn;
        _turn = (index + 1) % _group.Members.Count;
        return _group.Members[index];
    }

    // Among equals the one whose turn it is: a burst finds all of them at the same number.
    private IvLoopGroupMember Idlest()
    {
        IvLoopGroupMember best = Next();
        int start = best.Index;
        int least = best.CountConnections();
        for (int i = 1; i < _group.Members.Count && least > 0; i++)
        {
            IvLoopGroupMember other = _group.Members[(start + i) % _group.Members.Count];
            int connections = other.CountConnections();
            if (connections < least)
            {
                (best, least) = (other, connections);
            }
        }

        return best;
    }
}
