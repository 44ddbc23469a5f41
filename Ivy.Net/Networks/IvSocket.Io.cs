using System.Net.Sockets;

namespace Ivy.Net;

// Bytes in and out of a connected socket.
public sealed partial class IvSocket
{
    /// <summary>How many buffers one vectored call uses, and how many datagrams one batch moves, at most.</summary>
    public const int MaxBatch = IvNetwork.MaxBatch;

    // What recv(2) and send(2) take from the caller; the rest of SocketFlags are answers, or of other systems.
    private const SocketFlags SupportedFlags = SocketFlags.OutOfBand | SocketFlags.Peek | SocketFlags.DontRoute;

    /// <summary>Receives what has come, as much as fits: recv(2).</summary>
    /// <param name="buffer">Where to; empty returns 0 bytes on a stream, and swallows a datagram.</param>
    /// <returns>
    /// Bytes; would-block; on a stream the end, when the peer has shut down and all is read; or the error, as ECONNRESET. A
    /// datagram that is longer than the buffer is cut off: <see cref="ReceiveMany(Span{IvDatagram}, out IvError)"/> tells.
    /// </returns>
    /// <remarks>For the thread that has the socket. Does not allocate. A short count on a stream says that it is empty now.</remarks>
    public IvIoResult Receive(Span<byte> buffer)
    {
        nint handle = IoHandle;
        IvIoResult result = handle == Closed
            ? IvIoResult.Failed(IvError.Disposed)
            : _network.Receive(handle, buffer, SocketFlags.None, Is(Traits.HasEnd));
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>As <see cref="Receive(Span{byte})"/>, with flags.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="flags"><see cref="SocketFlags.Peek"/> and <see cref="SocketFlags.OutOfBand"/>; others are EOPNOTSUPP.</param>
    /// <returns>As <see cref="Receive(Span{byte})"/>.</returns>
    public IvIoResult Receive(Span<byte> buffer, SocketFlags flags)
    {
        nint handle = IoHandle;
        IvError refused = Refuse(handle, flags);
        IvIoResult result = refused == IvError.None ? _network.Receive(handle, buffer, flags, Is(Traits.HasEnd)) : IvIoResult.Failed(refused);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>Looks at what has come and leaves it there: recv(2) with MSG_PEEK.</summary>
    /// <param name="buffer">Where to.</param>
    /// <returns>As <see cref="Receive(Span{byte})"/>.</returns>
    public IvIoResult Peek(Span<byte> buffer) => Receive(buffer, SocketFlags.Peek);

    /// <summary>Fills several buffers, one after the other, in one call: recvmsg(2).</summary>
    /// <param name="buffers">
    /// Where to. A stream uses the first <see cref="MaxBatch"/> of them; for datagrams more of them are EMSGSIZE. Need not be pinned.
    /// </param>
    /// <returns>As <see cref="Receive(Span{byte})"/>.</returns>
    public IvIoResult Receive(ReadOnlySpan<Memory<byte>> buffers)
    {
        nint handle = IoHandle;
        IvError refused = handle == Closed ? IvError.Disposed : RefuseVector(buffers.Length);
        IvIoResult result = refused == IvError.None
            ? _network.ReceiveV(handle, buffers[..Math.Min(buffers.Length, MaxBatch)], SocketFlags.None, Is(Traits.HasEnd))
            : IvIoResult.Failed(refused);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>Sends, as much as there is room for: send(2). A datagram goes whole or not at all.</summary>
    /// <param name="buffer">What; empty sends nothing on a stream, and an empty datagram.</param>
    /// <returns>
    /// Bytes, on a stream perhaps fewer than asked: wait for writability before the rest; would-block; or the error, as EPIPE and
    /// ECONNRESET when the peer has gone.
    /// </returns>
    /// <remarks>For the thread that has the socket. Does not allocate, and raises no SIGPIPE.</remarks>
    public IvIoResult Send(ReadOnlySpan<byte> buffer)
    {
        nint handle = IoHandle;
        IvIoResult result = handle == Closed
            ? IvIoResult.Failed(IvError.Disposed)
            : _network.Send(handle, buffer, SocketFlags.None);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>As <see cref="Send(ReadOnlySpan{byte})"/>, with flags.</summary>
    /// <param name="buffer">What.</param>
    /// <param name="flags"><see cref="SocketFlags.OutOfBand"/> and <see cref="SocketFlags.DontRoute"/>; others are EOPNOTSUPP.</param>
    /// <returns>As <see cref="Send(ReadOnlySpan{byte})"/>.</returns>
    public IvIoResult Send(ReadOnlySpan<byte> buffer, SocketFlags flags)
    {
        nint handle = IoHandle;
        IvError refused = Refuse(handle, flags);
        IvIoResult result = refused == IvError.None ? _network.Send(handle, buffer, flags) : IvIoResult.Failed(refused);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>Sends several buffers, one after the other, in one call: sendmsg(2).</summary>
    /// <param name="buffers">
    /// What. A stream sends the first <see cref="MaxBatch"/> of them; for datagrams, which go whole or not at all, more of them are
    /// EMSGSIZE. Need not be pinned.
    /// </param>
    /// <returns>As <see cref="Send(ReadOnlySpan{byte})"/>; the bytes count over all buffers.</returns>
    public IvIoResult Send(ReadOnlySpan<ReadOnlyMemory<byte>> buffers)
    {
        nint handle = IoHandle;
        IvError refused = handle == Closed ? IvError.Disposed : RefuseVector(buffers.Length);
        IvIoResult result = refused == IvError.None
            ? _network.SendV(handle, buffers[..Math.Min(buffers.Length, MaxBatch)], SocketFlags.None)
            : IvIoResult.Failed(refused);
        GC.KeepAlive(this);
        return result;
    }

    private static IvError Refuse(nint handle, SocketFlags flags) =>
        handle == Closed ? IvError.Disposed
        : (flags & ~SupportedFlags) != 0 ? IvError.EOPNOTSUPP
        : IvError.None;

    // A message must not be taken apart; on a stream the rest is a short count, as ever.
    private IvError RefuseVector(int count) => count > MaxBatch && SocketType != SocketType.Stream ? IvError.EMSGSIZE : IvError.None;
}
