using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net;

// Bytes in and out. One virtual call, one pin, one call of Winsock; nothing else.
internal sealed unsafe partial class WinsockNetwork
{
    internal override IvIoResult Receive(nint handle, Span<byte> buffer, SocketFlags flags, bool stream)
    {
        if (buffer.IsEmpty && stream)
        {
            return IvIoResult.Ok(0); // Winsock would wait for data here
        }

        byte none;
        fixed (byte* pointer = buffer)
        {
            int count = Ws2.recv(handle, pointer == null ? &none : pointer, buffer.Length, (int)flags);
            return Received(handle, count, buffer.Length, stream);
        }
    }

    internal override IvIoResult Send(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags)
    {
        byte none = 0;
        fixed (byte* pointer = buffer)
        {
            return Sent(handle, Ws2.send(handle, pointer == null ? &none : pointer, buffer.Length, (int)flags));
        }
    }

    internal override IvIoResult ReceiveFrom(nint handle, Span<byte> buffer, SocketFlags flags, SocketAddress from)
    {
        IvIoResult result = ReceiveDatagram(handle, buffer, flags, from, out _);
        return result;
    }

    internal override IvIoResult SendTo(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags, SocketAddress to)
    {
        byte none = 0;
        fixed (byte* pointer = buffer)
        fixed (byte* address = to.Buffer.Span)
        {
            bool hasAddress = to.Size != 0;
            int count = Ws2.sendto(handle, pointer == null ? &none : pointer, buffer.Length, (int)flags, hasAddress ? address : null, to.Size);
            IvIoResult result = Sent(handle, count);
            return !hasAddress && result.Error == IvError.ENOTCONN ? IvIoResult.Failed(IvError.EDESTADDRREQ) : result;
        }
    }

    [SkipLocalsInit]
    internal override IvIoResult ReceiveV(nint handle, ReadOnlySpan<Memory<byte>> buffers, SocketFlags flags, bool stream)
    {
        int room = 0;
        foreach (Memory<byte> buffer in buffers[..Math.Min(buffers.Length, MaxBatch)])
        {
            room += buffer.Length;
        }

        if (room == 0 && stream)
        {
            return IvIoResult.Ok(0);
        }

        WsaBuffer* vectors = stackalloc WsaBuffer[MaxBatch];
        var call = new VectorCall(receives: true, handle, (uint)flags, vectors);
        return Received(handle, call.Run(AsReadOnly(buffers)), room, stream);
    }

    [SkipLocalsInit]
    internal override IvIoResult SendV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers, SocketFlags flags)
    {
        WsaBuffer* vectors = stackalloc WsaBuffer[MaxBatch];
        var call = new VectorCall(receives: false, handle, (uint)flags, vectors);
        return Sent(handle, call.Run(buffers));
    }

    // A number that an IvFd was made of: a socket, or the library's own event.
    internal override IvIoResult Read(nint handle, Span<byte> buffer) =>
        FindEvent(handle) is { } counter ? counter.Read(handle, buffer) : Receive(handle, buffer, SocketFlags.None, IsStream(handle));

    internal override IvIoResult Write(nint handle, ReadOnlySpan<byte> buffer) =>
        FindEvent(handle) is { } counter ? counter.Write(handle, buffer) : Send(handle, buffer, SocketFlags.None);

    internal override IvIoResult ReadV(nint handle, ReadOnlySpan<Memory<byte>> buffers) =>
        ReceiveV(handle, buffers, SocketFlags.None, IsStream(handle));

    internal override IvIoResult WriteV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers) =>
        SendV(handle, buffers, SocketFlags.None);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IvIoResult Received(nint handle, int count, int room, bool stream) =>
        count > 0 ? IvIoResult.Ok(count)
        : count < 0 ? NotReceived(handle, room)
        : stream ? IvIoResult.End
        : IvIoResult.Ok(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IvIoResult Sent(nint handle, int count) => count >= 0 ? IvIoResult.Ok(count) : NotSent(handle);

    private static IvIoResult NotReceived(nint handle, int room)
    {
        IvError error = Failure(handle);
        return error switch
        {
            // The buffer is full, and the rest of the datagram is lost: no error elsewhere.
            IvError.EMSGSIZE => IvIoResult.Ok(room),

            // After shutdown(SD_RECEIVE) of its own; elsewhere that reads as the end.
            IvError.ESHUTDOWN or IvError.EndOfStream => IvIoResult.End,
            _ => IvIoResult.Failed(error),
        };
    }

    // After shutdown(SD_SEND): the name that it has everywhere else.
    private static IvIoResult NotSent(nint handle) =>
        IvIoResult.Failed(Failure(handle) is var error && error == IvError.ESHUTDOWN ? IvError.EPIPE : error);

    // SAFETY: Memory<T> and ReadOnlyMemory<T> have one layout, which the runtime's own MemoryMarshal.AsMemory relies on.
    private static ReadOnlySpan<ReadOnlyMemory<byte>> AsReadOnly(ReadOnlySpan<Memory<byte>> buffers) =>
        MemoryMarshal.CreateReadOnlySpan(
            ref Unsafe.As<Memory<byte>, ReadOnlyMemory<byte>>(ref MemoryMarshal.GetReference(buffers)),
            buffers.Length);

    /// <summary>
    /// Pins any number of buffers and makes one call. Each level of the recursion pins one buffer in its own frame: no handle
    /// of the collector is taken, which costs ten times as much as a frame.
    /// </summary>
    private readonly ref struct VectorCall(bool receives, nint handle, uint flags, WsaBuffer* vectors)
    {
        /// <summary>The bytes, or -1 for an error.</summary>
        public int Run(ReadOnlySpan<ReadOnlyMemory<byte>> buffers) => Pin(buffers[..Math.Min(buffers.Length, MaxBatch)], 0);

        private int Pin(ReadOnlySpan<ReadOnlyMemory<byte>> buffers, int index)
        {
            if (index == buffers.Length)
            {
                return Call(index);
            }

            ReadOnlySpan<byte> buffer = buffers[index].Span;
            fixed (byte* pointer = buffer)
            {
                vectors[index].Base = pointer;
                vectors[index].Length = (uint)buffer.Length;
                return Pin(buffers, index + 1);
            }
        }

        private int Call(int count)
        {
            if (count == 0)
            {
                // Winsock refuses an empty list; one empty buffer means the same.
                *vectors = default;
                count = 1;
            }

            uint bytes = 0;
            uint answered = flags;
            int result = receives
                ? Ws2.WSARecv(handle, vectors, (uint)count, &bytes, &answered, null, null)
                : Ws2.WSASend(handle, vectors, (uint)count, &bytes, flags, null, null);
            return result == 0 ? (int)bytes : -1;
        }
    }
}
