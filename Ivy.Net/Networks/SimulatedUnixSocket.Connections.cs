using System.Net.Sockets;

namespace Ivy.Net;

// Names, and how connections are made.
internal sealed partial class SimulatedUnixSocket
{
    private readonly Queue<SimulatedUnixSocket> _waiting = new();
    private int _backlog;

    public override bool IsListening => _phase == Phase.Listening;

    /// <summary>socketpair(2).</summary>
    public static void Join(SimulatedUnixSocket left, SimulatedUnixSocket right)
    {
        (left._peer, right._peer) = (right, left);
        (left._phase, right._phase) = (Phase.Connected, Phase.Connected);
        left._connectedToMe.Add(right);
        right._connectedToMe.Add(left);
    }

    public override IvError Bind(SimulatedAddress address) => Local != null ? IvError.EINVAL : Network.Names.Bind(this, address);

    public override IvError Listen(int backlog)
    {
        if (Type == SocketType.Dgram)
        {
            return IvError.EOPNOTSUPP;
        }

        if (Local is null || _phase == Phase.Connected)
        {
            return IvError.EINVAL;
        }

        _backlog = (int)Math.Min((uint)backlog, (uint)SimulatedNetwork.LongestBacklog);
        _phase = Phase.Listening;
        Changed();
        return IvError.None;
    }

    public override IvError Connect(SimulatedAddress address)
    {
        IvError error = Network.Names.Find(address, Type, out SimulatedUnixSocket? other);
        if (error != IvError.None)
        {
            return error;
        }

        if (Type == SocketType.Dgram)
        {
            if (other!._peer != null && other._peer != this)
            {
                return IvError.EPERM;
            }

            if (_peer != other)
            {
                Leave();
                _peer = other;
                other._connectedToMe.Add(this);
                Changed();
            }

            return IvError.None;
        }

        if (other!._phase != Phase.Listening || other.ReadShut)
        {
            return IvError.ECONNREFUSED;
        }

        // The kernel looks at the queue before it looks at who asks.
        if (other._waiting.Count > other._backlog)
        {
            return IvError.EAGAIN;
        }

        if (_phase != Phase.Closed)
        {
            return _phase == Phase.Connected ? IvError.EISCONN : IvError.EINVAL;
        }

        var accepted = new SimulatedUnixSocket(Network, Type) { Local = other.Local };
        Join(this, accepted);
        other._waiting.Enqueue(accepted);
        other.Changed();
        Changed();
        return IvError.None;
    }

    public override IvError Disconnect()
    {
        if (Type != SocketType.Dgram)
        {
            return IvError.EINVAL;
        }

        Leave();
        return IvError.None;
    }

    public override IvError Accept(out SimulatedSocket? peer)
    {
        peer = null;
        if (Type == SocketType.Dgram)
        {
            return IvError.EOPNOTSUPP;
        }

        if (_phase != Phase.Listening)
        {
            return IvError.EINVAL;
        }

        if (!_waiting.TryDequeue(out SimulatedUnixSocket? accepted))
        {
            return IvError.EAGAIN;
        }

        peer = accepted;
        return IvError.None;
    }

    // unix_dgram_disconnected: what the peer had sent is lost with it, and it learns of that.
    private void Leave()
    {
        if (_peer is { } peer)
        {
            peer._connectedToMe.Remove(this);
            _peer = null;
            if (_queue.Count != 0)
            {
                Purge();
                if (!peer._isDead && peer._peer == this)
                {
                    peer.PendingError = IvError.ECONNRESET;
                    peer.Changed();
                }
            }

            Changed();
        }
    }

    // Whoever waits to be accepted is reset.
    private void EndListening()
    {
        while (_waiting.TryDequeue(out SimulatedUnixSocket? embryo))
        {
            embryo._isDead = true;
            embryo._peer!.OnPeerClosed(unread: true);
        }
    }
}
