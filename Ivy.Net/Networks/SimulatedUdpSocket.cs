using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>UDP: messages that arrive whole, in the order in which they were sent, unless a fault has it otherwise.</summary>
internal sealed class SimulatedUdpSocket(SimulatedNetwork network, AddressFamily family)
    : SimulatedSocket(network, family, SocketType.Dgram, ProtocolType.Udp)
{
    // The greatest payload of an IPv4 packet, and of an IPv6 one.
    private const int LongestMessage4 = 65507;
    private const int LongestMessage6 = 65527;

    private readonly Queue<SimulatedMessage> _queue = new();
    private readonly HashSet<IPAddress> _groups = [];
    private SimulatedAddress? _remote;
    private int _queued;
    private long _lastArrival;

    public override int Readable => _queue.Count;

    // udp_poll: always writable, because what is sent is gone.
    public override SimulatedReadiness Readiness => ErrorReadiness | SimulatedReadiness.Out
        | (_queue.Count != 0 ? SimulatedReadiness.In : SimulatedReadiness.None)
        | (ReadShut ? SimulatedReadiness.In | SimulatedReadiness.Hangup : SimulatedReadiness.None)
        | (ReadShut && WriteShut ? SimulatedReadiness.Closed : SimulatedReadiness.None);

    public override IvError Bind(SimulatedAddress address) => Local != null ? IvError.EINVAL : Network.Udp.Bind(this, address);

    public override IvError Connect(SimulatedAddress address)
    {
        SimulatedAddress to = Resolve(address);
        if (!IsReachable(to))
        {
            return IvError.ENETUNREACH;
        }

        IPAddress source = Source(to);
        if (Local is null)
        {
            IvError error = Network.Udp.Bind(this, new SimulatedAddress(source, 0, null));
            if (error != IvError.None)
            {
                return IvError.EAGAIN;
            }
        }
        else if (Local.IsAny)
        {
            Local = Local with { Ip = source };
        }

        _remote = to;
        return IvError.None;
    }

    public override IvError Disconnect()
    {
        _remote = null;
        return IvError.None;
    }

    public override IvIoResult Receive(Span<byte> buffer, SocketFlags flags, ref SimulatedMessageInfo message)
    {
        if ((flags & SocketFlags.OutOfBand) != 0)
        {
            return IvIoResult.Failed(IvError.EOPNOTSUPP);
        }

        // An error comes first: __skb_recv_udp.
        if (PendingError != IvError.None)
        {
            return IvIoResult.Failed(TakeError());
        }

        if (!_queue.TryPeek(out SimulatedMessage? first))
        {
            return IvIoResult.Blocked;
        }

        int count = Math.Min(buffer.Length, first.Length);
        first.Bytes.AsSpan(0, count).CopyTo(buffer);
        message.From = first.From;
        message.IsTruncated = count < first.Length;
        if ((flags & SocketFlags.Peek) == 0)
        {
            _queue.Dequeue();
            _queued -= first.Length;
        }

        return IvIoResult.Ok(((int)flags & Constants.MSG_TRUNC) != 0 ? first.Length : count);
    }

    public override IvIoResult Send(ReadOnlySpan<byte> buffer, SocketFlags flags, SimulatedAddress? to, SimulatedDescription[]? rights)
    {
        IvError error = PrepareSend(buffer.Length, flags, ref to);
        if (error != IvError.None)
        {
            return IvIoResult.Failed(error);
        }

        SimulatedAddress target = Resolve(to!);
        var message = new SimulatedMessage(buffer.ToArray(), Local, sender: null, rights: null);
        if (Network.Draw(SimulatedFault.LostDatagram))
        {
            return IvIoResult.Ok(buffer.Length);
        }

        // In order, unless it is one of those that are overtaken: then its delay does not hold up the ones behind it.
        long arrival = Network.Now + Network.Latency();
        if (Network.Draw(SimulatedFault.ReorderedDatagram))
        {
            arrival += Network.DelayOf(SimulatedFault.ReorderedDatagram);
        }
        else
        {
            _lastArrival = arrival = Math.Max(arrival, _lastArrival);
        }

        Network.PlanOrDo(arrival, () => Deliver(message, target));
        if (Network.Draw(SimulatedFault.DuplicatedDatagram))
        {
            Network.PlanOrDo(arrival + Network.Latency(), () => Deliver(message, target));
        }

        return IvIoResult.Ok(buffer.Length);
    }

    public override IvError Shutdown(SocketShutdown how)
    {
        if (_remote is null)
        {
            Set();
            return IvError.ENOTCONN;
        }

        Set();
        return IvError.None;

        void Set()
        {
            ReadShut |= how != SocketShutdown.Send;
            WriteShut |= how != SocketShutdown.Receive;
            Changed();
        }
    }

    public override IvError GetRemote(out SimulatedAddress? address)
    {
        address = _remote;
        return _remote is null ? IvError.ENOTCONN : IvError.None;
    }

    public override IvError SetMembership(SimulatedAddress group, bool member) =>
        member
            ? _groups.Add(group.Ip!) ? IvError.None : IvError.EADDRINUSE
            : _groups.Remove(group.Ip!) ? IvError.None : IvError.EADDRNOTAVAIL;

    protected override void OnLastClose()
    {
        Network.Udp.Remove(this);
        _queue.Clear();
    }

    // A connected socket takes only what its peer sends, and takes it before one that is not connected.
    private static int Score(SimulatedSocket socket, SimulatedAddress from)
    {
        SimulatedAddress? remote = ((SimulatedUdpSocket)socket)._remote;
        return remote is null ? 1 : remote == from ? 2 : 0;
    }

    private static SimulatedAddress Resolve(SimulatedAddress address) =>
        address.IsAny ? address with { Ip = address.IsVersion4 ? IPAddress.Loopback : IPAddress.IPv6Loopback } : address;

    private static IPAddress Source(SimulatedAddress to) =>
        IPAddress.IsLoopback(to.Ip!) || to.IsMulticast || to.Ip!.Equals(IPAddress.Broadcast)
            ? (to.IsVersion4 ? IPAddress.Loopback : IPAddress.IPv6Loopback)
            : to.Ip!;

    private IvError PrepareSend(int length, SocketFlags flags, ref SimulatedAddress? to)
    {
        if (length > (Family == AddressFamily.InterNetwork ? LongestMessage4 : LongestMessage6))
        {
            return IvError.EMSGSIZE;
        }

        if ((flags & SocketFlags.OutOfBand) != 0)
        {
            return IvError.EOPNOTSUPP;
        }

        to ??= _remote;
        if (to is null)
        {
            return IvError.EDESTADDRREQ;
        }

        if (to.Port == 0)
        {
            return IvError.EINVAL;
        }

        if (to.Ip!.Equals(IPAddress.Broadcast) && !Options.Broadcast)
        {
            return IvError.EACCES;
        }

        if (!IsReachable(to))
        {
            return IvError.ENETUNREACH;
        }

        if (Local is null && Network.Udp.Bind(this, new SimulatedAddress(Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0, null)) != IvError.None)
        {
            return IvError.EAGAIN;
        }

        return PendingError != IvError.None ? TakeError() : WriteShut ? IvError.EPIPE : IvError.None;
    }

    private bool IsReachable(SimulatedAddress to) =>
        !(to.IsVersion4 && Options.OnlyVersion6) && (SimulatedPorts.IsLocal(to) || to.IsMulticast || to.Ip!.Equals(IPAddress.Broadcast));

    private void Deliver(SimulatedMessage message, SimulatedAddress to)
    {
        SimulatedAddress from = message.From!.IsAny ? message.From with { Ip = Source(to) } : message.From;
        if (Network.IsCut(from, to))
        {
            return;
        }

        if (to.IsMulticast || to.Ip!.Equals(IPAddress.Broadcast))
        {
            foreach (SimulatedSocket socket in Network.Udp.All(to.Port))
            {
                var member = (SimulatedUdpSocket)socket;
                if (to.IsMulticast ? member._groups.Contains(to.Ip!) && Options.MulticastLoop : member.Local!.IsAny)
                {
                    member.Enqueue(message, from);
                }
            }
        }
        else if (Network.Udp.Find(to, from, Score, Network.Seed) is SimulatedUdpSocket receiver)
        {
            receiver.Enqueue(message, from);
        }
        else if (_remote == to)
        {
            // ICMP port unreachable: only who is connected can be told.
            Network.PlanOrDo(Network.Now + Network.Latency(), () =>
            {
                PendingError = IvError.ECONNREFUSED;
                Changed();
            });
        }
    }

    private void Enqueue(SimulatedMessage message, SimulatedAddress from)
    {
        // A full buffer drops, as in the kernel; that is no fault. One message always fits.
        if (_queued + message.Length > Options.ReceiveBufferSize && _queue.Count != 0)
        {
            Network.Note("drop", (long)Identity.Inode, message.Length);
            return;
        }

        Network.Note("deliver", (long)Identity.Inode, message.Length);
        _queue.Enqueue(new SimulatedMessage(message.Bytes, from, sender: null, rights: null));
        _queued += message.Length;
        Changed();
    }
}
