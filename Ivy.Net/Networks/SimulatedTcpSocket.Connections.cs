using System.Net;
using System.Net.Sockets;

namespace Ivy.Net;

// How connections are made: bind, listen, connect, accept; and how that fails.
internal sealed partial class SimulatedTcpSocket
{
    // tcp_syn_retries(7): after 1, 2, 4 … seconds, and given up 64 seconds after the last.
    private const int SynRetries = 6;
    private static readonly long FirstRetry = TimeSpan.NanosecondsPerTick * TimeSpan.TicksPerSecond;

    private readonly Queue<SimulatedTcpSocket> _accepted = new();
    private readonly List<SimulatedTcpSocket> _halfOpen = [];
    private SimulatedTcpSocket? _listener;
    private Association _association;
    private int _backlog;
    private bool _isBoundByUser;
    private bool _hasPort;

    // Which attempt to connect it is: what is left of an earlier one finds out that it no longer matters.
    private int _attempt;

    // SS_UNCONNECTED and so on: what connect(2) remembers, beside the state of TCP.
    private enum Association
    {
        Unconnected,
        Connecting,
        Connected,
        Disconnecting,
    }

    public override bool IsListening => _phase == Phase.Listening;

    public override IvError Bind(SimulatedAddress address)
    {
        if (_hasPort || _phase != Phase.Closed)
        {
            return IvError.EINVAL;
        }

        if (address.IsMulticast)
        {
            return IvError.EADDRNOTAVAIL;
        }

        IvError error = TakePort(address);
        _isBoundByUser = error == IvError.None && address.Port != 0;
        return error;
    }

    public override IvError Listen(int backlog)
    {
        if (_association != Association.Unconnected || _phase is not (Phase.Closed or Phase.Listening))
        {
            return IvError.EINVAL;
        }

        if (_phase == Phase.Closed)
        {
            IvError error = _hasPort ? IvError.None : TakePort(Wildcard);
            if (error == IvError.None && Network.Tcp.Conflicts(this, Local!, listening: true))
            {
                error = IvError.EADDRINUSE;
            }

            if (error != IvError.None)
            {
                return error;
            }

            _phase = Phase.Listening;
            Changed();
        }

        // A negative one counts as the greatest, because the kernel compares it as unsigned with somaxconn.
        _backlog = (int)Math.Min((uint)backlog, (uint)SimulatedNetwork.LongestBacklog);
        return IvError.None;
    }

    public override IvError? AnswerConnect()
    {
        switch (_association)
        {
            case Association.Connected:
                return IvError.EISCONN;

            case Association.Disconnecting:
                return IvError.EINVAL;

            case Association.Connecting when _phase == Phase.Connecting:
                return IvError.EALREADY;

            case Association.Connecting when _phase == Phase.Closed:
                IvError error = PendingError == IvError.None ? IvError.ECONNABORTED : PendingError;
                Dissolve();
                return error;

            case Association.Connecting:
                _association = Association.Connected;
                return IvError.None;
        }

        return _phase == Phase.Listening ? IvError.EISCONN : null;
    }

    public override IvError Connect(SimulatedAddress address) => BeginConnect(address);

    private IvError TakePort(SimulatedAddress address)
    {
        IvError error = Network.Tcp.Bind(this, address);
        _hasPort = error == IvError.None;
        return error;
    }

    public override IvError Disconnect()
    {
        if (_phase == Phase.Open)
        {
            AnswerByReset();
        }

        Dissolve();
        return IvError.None;
    }

    public override IvError Accept(out SimulatedSocket? peer)
    {
        peer = null;
        if (_phase != Phase.Listening)
        {
            return IvError.EINVAL;
        }

        if (!_accepted.TryDequeue(out SimulatedTcpSocket? accepted))
        {
            return IvError.EAGAIN;
        }

        accepted._association = Association.Connected;
        peer = accepted;
        return IvError.None;
    }

    private SimulatedAddress Wildcard => new(Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0, null);

    private IvError BeginConnect(SimulatedAddress to)
    {
        if (to.IsAny)
        {
            to = to with { Ip = to.IsVersion4 ? IPAddress.Loopback : IPAddress.IPv6Loopback };
        }

        if ((to.IsVersion4 && Options.OnlyVersion6) || to.IsMulticast || !SimulatedPorts.IsLocal(to))
        {
            return IvError.ENETUNREACH;
        }

        IPAddress source = IPAddress.IsLoopback(to.Ip!) ? (to.IsVersion4 ? IPAddress.Loopback : IPAddress.IPv6Loopback) : to.Ip!;
        if (!_hasPort)
        {
            IvError error = TakePort(new SimulatedAddress(source, 0, null));
            if (error != IvError.None)
            {
                return IvError.EADDRNOTAVAIL;
            }
        }
        else if (Local!.IsAny)
        {
            Local = Local with { Ip = source };
        }

        _remote = to;
        _phase = Phase.Connecting;
        _association = Association.Connecting;
        int attempt = ++_attempt;
        if (Network.Draw(SimulatedFault.FailedConnect))
        {
            Network.Plan(Network.Now + Network.DelayOf(SimulatedFault.FailedConnect), () => FailConnect(attempt, IvError.ETIMEDOUT));
        }
        else
        {
            Network.PlanOrDo(Network.Now + Network.Latency(), () => OnSyn(attempt, tries: 0));
        }

        return IvError.EINPROGRESS;
    }

    // Runs at the other host.
    private void OnSyn(int attempt, int tries)
    {
        if (_attempt != attempt || _phase != Phase.Connecting)
        {
            return;
        }

        SimulatedTcpSocket? listener = null;
        bool lost = Network.IsCut(Local, _remote);
        if (!lost)
        {
            Network.Note("syn", (long)Identity.Inode, tries);
            listener = (SimulatedTcpSocket?)Network.Tcp.Find(_remote!, Local!, static (socket, _) => socket.IsListening ? 1 : 0, Network.Seed);
            if (listener is null)
            {
                Network.PlanOrDo(Network.Now + Network.Latency(), () => FailConnect(attempt, IvError.ECONNREFUSED));
                return;
            }

            lost = listener._accepted.Count + listener._halfOpen.Count > listener._backlog;
        }

        if (!lost)
        {
            listener!.AcceptFrom(this);
        }
        else
        {
            Network.Plan(Network.Now + (FirstRetry << tries), tries == SynRetries
                ? () => FailConnect(attempt, IvError.ETIMEDOUT)
                : () => OnSyn(attempt, tries + 1));
        }
    }

    private void AcceptFrom(SimulatedTcpSocket client)
    {
        var child = new SimulatedTcpSocket(Network, Family)
        {
            Local = client._remote,
            _remote = client.Local,
            _phase = Phase.Accepting,
            _listener = this,
            _hasPort = true,
        };
        child.Options.CopyFrom(Options);
        child._out = client._in = new SimulatedWire(Network, child, client);
        child._in = client._out = new SimulatedWire(Network, client, child);
        Network.Tcp.Add(child);
        _halfOpen.Add(child);
        child._out.Send(SimulatedSegmentKind.Accept);
    }

    private void OnAccepted()
    {
        if (_phase == Phase.Connecting)
        {
            _phase = Phase.Open;
            _out!.Send(SimulatedSegmentKind.Confirm);
        }
        else
        {
            // Closed meanwhile.
            _out!.Send(SimulatedSegmentKind.Reset);
        }
    }

    private void OnConfirmed()
    {
        if (_phase == Phase.Accepting && _listener!._halfOpen.Remove(this))
        {
            _phase = Phase.Open;
            _listener._accepted.Enqueue(this);
            _listener.Changed();
        }
    }

    private void FailConnect(int attempt, IvError error)
    {
        if (_attempt == attempt && _phase == Phase.Connecting)
        {
            PendingError = error;
            End();
            Changed();
        }
    }

    // tcp_disconnect: as new, but for an address that the user has bound.
    private void Dissolve()
    {
        _attempt++;
        if (_phase != Phase.Closed)
        {
            FreePort();
        }

        if (_phase == Phase.Listening)
        {
            StopListening();
        }

        _phase = Phase.Closed;
        _association = Association.Unconnected;
        PendingError = IvError.None;
        (ReadShut, WriteShut) = (false, false);
        (_finSent, _finDelivered, _finReceived) = (false, false, false);
        (_in, _out, _remote) = (null, null, null);
        Local = _hasPort ? Local : null;

        Changed();
    }

    private void StopListening()
    {
        _phase = Phase.Closed;
        SimulatedTcpSocket[] waiting = [.. _accepted, .. _halfOpen];
        _accepted.Clear();
        _halfOpen.Clear();
        foreach (SimulatedTcpSocket socket in waiting)
        {
            socket._isOrphan = true;
            socket.AnswerByReset();
            socket.FreePort();
        }
    }
}
