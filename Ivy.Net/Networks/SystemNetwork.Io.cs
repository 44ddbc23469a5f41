using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// Bytes in and out. One virtual call, one pin, one system call; nothing else.
internal sealed unsafe partial class SystemNetwork
{
    private const int ReceiveFlags = Constants.MSG_DONTWAIT;

    // Without MSG_NOSIGNAL a peer that has closed costs a signal, which the runtime ignores but pays for.
    private const int SendFlags = Constants.MSG_DONTWAIT | Constants.MSG_NOSIGNAL;

    internal override IvIoResult Receive(nint handle, Span<byte> buffer, SocketFlags flags, bool stream)
    {
        fixed (byte* pointer = buffer)
        {
            nint count = Sys.Recv((int)handle, pointer, (nuint)buffer.Length, (int)flags | ReceiveFlags);
            return Received(count, stream && buffer.Length != 0);
        }
    }

    internal override IvIoResult Send(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags)
    {
        fixed (byte* pointer = buffer)
        {
            return Moved(Sys.Send((int)handle, pointer, (nuint)buffer.Length, (int)flags | SendFlags));
        }
    }

    internal override IvIoResult ReceiveFrom(nint handle, Span<byte> buffer, SocketFlags flags, SocketAddress from)
    {
        Span<byte> room = from.Buffer.Span;
        uint length = (uint)room.Length;
        nint count;
        fixed (byte* pointer = buffer)
        fixed (byte* address = room)
        {
            count = Sys.RecvFrom((int)handle, pointer, (nuint)buffer.Length, (int)flags | ReceiveFlags, address, &length);
        }

        if (count >= 0)
        {
            SetSize(from, length);
        }

        return Moved(count);
    }

    internal override IvIoResult SendTo(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags, SocketAddress to)
    {
        fixed (byte* pointer = buffer)
        fixed (byte* address = to.Buffer.Span)
        {
            return Moved(Sys.SendTo((int)handle, pointer, (nuint)buffer.Length, (int)flags | SendFlags, address, (uint)to.Size));
        }
    }

    [SkipLocalsInit]
    internal override IvIoResult ReceiveV(nint handle, ReadOnlySpan<Memory<byte>> buffers, SocketFlags flags, bool stream)
    {
        IoVector* vectors = stackalloc IoVector[MaxBatch];
        var call = new VectorCall(VectorOperation.Receive, handle, (int)flags | ReceiveFlags, vectors);
        nint count = call.Run(AsReadOnly(buffers));
        return Received(count, stream && count == 0 && !IsEmpty(buffers));
    }

    [SkipLocalsInit]
    internal override IvIoResult SendV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers, SocketFlags flags)
    {
        IoVector* vectors = stackalloc IoVector[MaxBatch];
        var call = new VectorCall(VectorOperation.Send, handle, (int)flags | SendFlags, vectors);
        return Moved(call.Run(buffers));
    }

    internal override IvIoResult Read(nint handle, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            nint count = Sys.Read((int)handle, pointer, (nuint)buffer.Length);
            return Received(count, buffer.Length != 0);
        }
    }

    internal override IvIoResult Write(nint handle, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            return Moved(Sys.Write((int)handle, pointer, (nuint)buffer.Length));
        }
    }

    [SkipLocalsInit]
    internal override IvIoResult ReadV(nint handle, ReadOnlySpan<Memory<byte>> buffers)
    {
        IoVector* vectors = stackalloc IoVector[MaxBatch];
        var call = new VectorCall(VectorOperation.Read, handle, 0, vectors);
        nint count = call.Run(AsReadOnly(buffers));
        return Received(count, count == 0 && !IsEmpty(buffers));
    }

    [SkipLocalsInit]
    internal override IvIoResult WriteV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers)
    {
        IoVector* vectors = stackalloc IoVector[MaxBatch];
        var call = new VectorCall(VectorOperation.Write, handle, 0, vectors);
        return Moved(call.Run(buffers));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IvIoResult Received(nint count, bool zeroIsEnd) =>
        count > 0 ? IvIoResult.Ok((int)count)
        : count < 0 ? IvIoResult.Failed(Sys.Error(count))
        : zeroIsEnd ? IvIoResult.End
        : IvIoResult.Ok(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IvIoResult Moved(nint count) => count >= 0 ? IvIoResult.Ok((int)count) : IvIoResult.Failed(Sys.Error(count));

    private static bool IsEmpty(ReadOnlySpan<Memory<byte>> buffers)
    {
        foreach (Memory<byte> buffer in buffers)
        {
            if (buffer.Length != 0)
            {
                return false;
            }
        }

        return true;
    }

    // SAFETY: Memory<T> and ReadOnlyMemory<T> have one layout, which the runtime's own MemoryMarshal.AsMemory relies on.
    private static ReadOnlySpan<ReadOnlyMemory<byte>> AsReadOnly(ReadOnlySpan<Memory<byte>> buffers) =>
        MemoryMarshal.CreateReadOnlySpan(
            ref Unsafe.As<Memory<byte>, ReadOnlyMemory<byte>>(ref MemoryMarshal.GetReference(buffers)),
            buffers.Length);

    private enum VectorOperation
    {
        Receive,
        Send,
        Read,
        Write,
    }

    /// <summary>
    /// Pins any number of buffers and makes one call. Each level of the recursion pins one buffer in its own frame: no handle
    /// of the collector is taken, which costs ten times as much as a frame.
    /// </summary>
    private readonly ref struct VectorCall(VectorOperation operation, nint handle, int flags, IoVector* vectors)
    {
        public nint Run(ReadOnlySpan<ReadOnlyMemory<byte>> buffers) => Pin(buffers[..Math.Min(buffers.Length, MaxBatch)], 0);

        private nint Pin(ReadOnlySpan<ReadOnlyMemory<byte>> buffers, int index)
        {
            if (index == buffers.Length)
            {
                return Call(index);
            }

            ReadOnlySpan<byte> buffer = buffers[index].Span;
            fixed (byte* pointer = buffer)
            {
                vectors[index].Base = pointer;
                vectors[index].Length = (nuint)buffer.Length;
                return Pin(buffers, index + 1);
            }
        }

        private nint Call(int count)
        {
            var message = new MessageHeader { Vectors = vectors, VectorCount = (nuint)count };
            return operation switch
            {
                VectorOperation.Receive => Sys.RecvMsg((int)handle, &message, flags),
                VectorOperation.Send => Sys.SendMsg((int)handle, &message, flags),
                VectorOperation.Read => Sys.ReadV((int)handle, vectors, count),
                _ => Sys.WriteV((int)handle, vectors, count),
            };
        }
    }
}
