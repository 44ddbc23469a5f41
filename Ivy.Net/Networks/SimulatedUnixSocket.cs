using System.Net.Sockets;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>Unix sockets of all three types, as net/unix/af_unix.c has them: what is sent is there at once.</summary>
/// <remarks>
/// 1. A message fills its sender's buffer until it is read: a slow reader holds up the writer, not itself.
/// 2. What came can be read whatever happened to the peer; only then come its reset, once, and the end.
/// 3. Descriptors go with the first byte of their message, and a read never goes on beyond the message that brought some.
/// </remarks>
internal sealed partial class SimulatedUnixSocket(SimulatedNetwork network, SocketType type)
    : SimulatedSocket(network, AddressFamily.Unix, type, ProtocolType.Unspecified)
{
    // What the kernel keeps of a send buffer for itself: unix_dgram_sendmsg.
    private const int Reserve = 32;

    // What a message costs beside its bytes, so that empty ones fill a queue as well; the kernel's own sizes differ by release.
    private const int MessageCost = 512;

    // net.unix.max_dgram_qlen.
    private const int LongestQueue = 10;

    private readonly Queue<SimulatedMessage> _queue = new();
    private readonly List<SimulatedUnixSocket> _connectedToMe = [];
    private SimulatedUnixSocket? _peer;
    private Phase _phase;
    private int _used;
    private bool _isDead;

    private enum Phase
    {
        Closed,
        Listening,
        Connected,
    }

    public override bool IsStream => Type == SocketType.Stream;

    public override int Readable
    {
        get
        {
            int total = 0;
            foreach (SimulatedMessage message in _queue)
            {
                total += message.Length;
            }

            return total;
        }
    }

    public override int Writable => IsStream ? Math.Max(0, Options.SendBufferSize - _used) : 0;

    // unix_poll and unix_dgram_poll. Writable is: a quarter of the buffer or less is in use.
    public override SimulatedReadiness Readiness => ErrorReadiness
        | (ReadShut && WriteShut ? SimulatedReadiness.Closed : SimulatedReadiness.None)
        | (ReadShut ? SimulatedReadiness.In | SimulatedReadiness.Hangup : SimulatedReadiness.None)
        | (_queue.Count != 0 || _waiting.Count != 0 ? SimulatedReadiness.In : SimulatedReadiness.None)
        | (Type != SocketType.Dgram && _phase == Phase.Closed ? SimulatedReadiness.Closed : SimulatedReadiness.None)
        | (_phase != Phase.Listening && (long)_used * 4 <= Options.SendBufferSize && !IsPeerFull(_peer) ? SimulatedReadiness.Out : SimulatedReadiness.None);

    public override IvIoResult Receive(Span<byte> buffer, SocketFlags flags, ref SimulatedMessageInfo message)
    {
        if ((flags & SocketFlags.OutOfBand) != 0)
        {
            return IvIoResult.Failed(IvError.EOPNOTSUPP);
        }

        if (Type != SocketType.Dgram && _phase != Phase.Connected)
        {
            return IvIoResult.Failed(IsStream ? IvError.EINVAL : IvError.ENOTCONN);
        }

        // Of messages an error comes first (__skb_recv_datagram), of bytes last.
        if (!IsStream && PendingError != IvError.None)
        {
            return IvIoResult.Failed(TakeError());
        }

        if (_queue.Count != 0)
        {
            return IvIoResult.Ok(IsStream ? TakeBytes(buffer, flags, ref message) : TakeMessage(buffer, flags, ref message));
        }

        return PendingError != IvError.None ? IvIoResult.Failed(TakeError())
            : ReadShut && Type != SocketType.Dgram ? IvIoResult.Ok(0)
            : IvIoResult.Blocked;
    }

    public override IvIoResult Send(ReadOnlySpan<byte> buffer, SocketFlags flags, SimulatedAddress? to, SimulatedDescription[]? rights)
    {
        if ((flags & SocketFlags.OutOfBand) != 0)
        {
            return IvIoResult.Failed(IvError.EOPNOTSUPP);
        }

        return Type switch
        {
            SocketType.Stream => SendBytes(buffer, to, rights),
            SocketType.Seqpacket when _phase != Phase.Connected => IvIoResult.Failed(IvError.ENOTCONN),
            _ => SendMessage(buffer, Type == SocketType.Dgram ? to : null, rights),
        };
    }

    public override IvError Shutdown(SocketShutdown how)
    {
        bool read = how != SocketShutdown.Send;
        bool write = how != SocketShutdown.Receive;
        ReadShut |= read;
        WriteShut |= write;
        if (_peer is { } peer && Type != SocketType.Dgram)
        {
            peer.WriteShut |= read;
            peer.ReadShut |= write;
            peer.Changed();
        }

        Changed();
        return IvError.None;
    }

    public override IvError GetRemote(out SimulatedAddress? address)
    {
        address = _peer is null ? null : _peer.Local ?? SimulatedAddress.Unnamed;
        return _peer is null ? IvError.ENOTCONN : IvError.None;
    }

    protected override void OnLastClose()
    {
        _isDead = true;

        // A first message without bytes does not count: the kernel takes it for what an urgent byte leaves behind.
        bool unread = _queue.TryPeek(out SimulatedMessage? first) && (first.Length != 0 || _queue.Count > 1);
        Purge();
        if (_peer is { } peer && Type != SocketType.Dgram)
        {
            peer.OnPeerClosed(unread);
        }

        foreach (SimulatedUnixSocket socket in _connectedToMe)
        {
            // Its queue is gone, so that they may write, and learn that nobody reads.
            socket.Changed();
        }

        _peer?._connectedToMe.Remove(this);
        EndListening();
        Network.Names.Unbind(this);
    }

    private void OnPeerClosed(bool unread)
    {
        ReadShut = true;
        WriteShut = true;
        if (unread)
        {
            PendingError = IvError.ECONNRESET;
        }

        Changed();
    }

    private void Purge()
    {
        while (_queue.TryDequeue(out SimulatedMessage? message))
        {
            message.Discard();
            message.Sender!.Free(message.Bytes.Length);
        }
    }

    private int TakeBytes(Span<byte> buffer, SocketFlags flags, ref SimulatedMessageInfo info)
    {
        int total = 0;
        bool peek = (flags & SocketFlags.Peek) != 0;
        foreach (SimulatedMessage message in peek ? _queue.ToArray() : [])
        {
            int part = Math.Min(buffer.Length - total, message.Length);
            message.Bytes.AsSpan(message.Offset, part).CopyTo(buffer[total..]);
            total += part;
        }

        while (!peek && total < buffer.Length && _queue.TryPeek(out SimulatedMessage? message))
        {
            int part = Math.Min(buffer.Length - total, message.Length);
            message.Bytes.AsSpan(message.Offset, part).CopyTo(buffer[total..]);
            message.Offset += part;
            total += part;
            bool brought = TakeRights(message, ref info);
            if (message.Length == 0)
            {
                _queue.Dequeue();
                message.Sender!.Free(message.Bytes.Length);
            }

            if (brought)
            {
                break;
            }
        }

        return total;
    }

    private int TakeMessage(Span<byte> buffer, SocketFlags flags, ref SimulatedMessageInfo info)
    {
        SimulatedMessage message = _queue.Peek();
        int count = Math.Min(buffer.Length, message.Length);
        message.Bytes.AsSpan(0, count).CopyTo(buffer);
        info.From = message.From;
        info.IsTruncated = count < message.Length;
        int answer = ((int)flags & Constants.MSG_TRUNC) != 0 ? message.Length : count;
        if ((flags & SocketFlags.Peek) == 0)
        {
            _queue.Dequeue();
            TakeRights(message, ref info);
            message.Sender!.Free(message.Bytes.Length);
            foreach (SimulatedUnixSocket sender in _connectedToMe)
            {
                sender.Changed();
            }
        }

        return answer;
    }

    private static bool TakeRights(SimulatedMessage message, ref SimulatedMessageInfo info)
    {
        if (message.Rights is not { } rights)
        {
            return false;
        }

        if (info.WantsRights)
        {
            info.Rights = rights;
            message.Rights = null;
        }
        else
        {
            message.Discard();
        }

        return true;
    }

    private IvIoResult SendBytes(ReadOnlySpan<byte> buffer, SimulatedAddress? to, SimulatedDescription[]? rights)
    {
        IvError error = to != null ? (_phase == Phase.Connected ? IvError.EISCONN : IvError.EOPNOTSUPP)
            : _peer is null ? IvError.ENOTCONN
            : WriteShut ? IvError.EPIPE
            : IvError.None;
        if (error != IvError.None || buffer.IsEmpty)
        {
            return error == IvError.None ? IvIoResult.Ok(0) : IvIoResult.Failed(error);
        }

        if (PendingError != IvError.None)
        {
            return IvIoResult.Failed(TakeError());
        }

        int room = Options.SendBufferSize - _used;
        if (room <= 0)
        {
            return IvIoResult.Blocked;
        }

        int count = Math.Min(buffer.Length, room);
        Deliver(_peer!, buffer[..count], rights);
        return IvIoResult.Ok(count);
    }

    // unix_dgram_sendmsg, for sequenced packets too.
    private IvIoResult SendMessage(ReadOnlySpan<byte> buffer, SimulatedAddress? to, SimulatedDescription[]? rights)
    {
        IvError error = FindReceiver(buffer.Length, to, out SimulatedUnixSocket? receiver);
        if (error != IvError.None)
        {
            return IvIoResult.Failed(error);
        }

        Deliver(receiver!, buffer, rights);
        return IvIoResult.Ok(buffer.Length);
    }

    private IvError FindReceiver(int length, SimulatedAddress? to, out SimulatedUnixSocket? receiver)
    {
        // Memory first, then the receiver: the order of Linux 6.14 and later.
        receiver = _peer;
        if (length > Options.SendBufferSize - Reserve)
        {
            return IvError.EMSGSIZE;
        }

        if (PendingError != IvError.None)
        {
            return TakeError();
        }

        if (WriteShut)
        {
            return IvError.EPIPE;
        }

        if (_used > 0 && _used + length + MessageCost > Options.SendBufferSize)
        {
            return IvError.EAGAIN;
        }

        IvError error = to != null ? Network.Names.Find(to, Type, out receiver)
            : receiver is null ? IvError.ENOTCONN
            : IvError.None;
        if (error != IvError.None)
        {
            return error;
        }

        if (receiver!._isDead)
        {
            // The association with somebody who is gone ends with the first who asks.
            if (to is null)
            {
                Leave();
            }

            return IvError.ECONNREFUSED;
        }

        return receiver.ReadShut ? IvError.EPIPE
            : Type == SocketType.Dgram && receiver._peer != null && receiver._peer != this ? IvError.EPERM
            : IsPeerFull(receiver) ? IvError.EAGAIN
            : IvError.None;
    }

    // Two that are connected to each other are bounded by the sender's buffer alone.
    private bool IsPeerFull(SimulatedUnixSocket? receiver) =>
        Type == SocketType.Dgram && receiver is { _isDead: false } && receiver._peer != this && receiver._queue.Count > LongestQueue;

    private void Deliver(SimulatedUnixSocket receiver, ReadOnlySpan<byte> buffer, SimulatedDescription[]? rights)
    {
        foreach (SimulatedDescription description in rights ?? [])
        {
            description.Refer();
        }

        receiver._queue.Enqueue(new SimulatedMessage(buffer.ToArray(), Local, this, rights is { Length: > 0 } ? rights : null));
        _used += CostOf(buffer.Length);
        receiver.Changed();
    }

    private int CostOf(int length) => IsStream ? length : length + MessageCost;

    private void Free(int length)
    {
        _used -= CostOf(length);
        Changed();
    }
}
