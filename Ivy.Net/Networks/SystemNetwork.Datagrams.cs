using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// Batches of datagrams: one system call for up to MaxBatch of them.
internal sealed unsafe partial class SystemNetwork
{
    [SkipLocalsInit]
    internal override int ReceiveMany(nint handle, Span<IvDatagram> datagrams, SocketFlags flags, out IvError error)
    {
        datagrams = datagrams[..Math.Min(datagrams.Length, MaxBatch)];
        MultiMessageHeader* messages = stackalloc MultiMessageHeader[MaxBatch];
        IoVector* vectors = stackalloc IoVector[MaxBatch];
        var batch = new Batch(handle, (int)flags | ReceiveFlags, messages, vectors);
        int count = batch.Receive(datagrams, 0);
        error = ErrorOf(count);
        for (int i = 0; i < count; i++)
        {
            ref IvDatagram datagram = ref datagrams[i];
            datagram.Length = (int)messages[i].Length;
            datagram.IsTruncated = (messages[i].Header.Flags & Constants.MSG_TRUNC) != 0;
            if (datagram.Address is { } address)
            {
                SetSize(address, messages[i].Header.NameLength);
            }
        }

        return Math.Max(count, 0);
    }

    [SkipLocalsInit]
    internal override int SendMany(nint handle, ReadOnlySpan<IvDatagram> datagrams, SocketFlags flags, out IvError error)
    {
        datagrams = datagrams[..Math.Min(datagrams.Length, MaxBatch)];
        MultiMessageHeader* messages = stackalloc MultiMessageHeader[MaxBatch];
        IoVector* vectors = stackalloc IoVector[MaxBatch];
        var batch = new Batch(handle, (int)flags | SendFlags, messages, vectors);
        int count = batch.Send(datagrams, 0);
        error = ErrorOf(count);
        return Math.Max(count, 0);
    }

    /// <summary>Pins by recursion, as <see cref="VectorCall"/> does, a buffer and an address on each level.</summary>
    private readonly ref struct Batch(nint handle, int flags, MultiMessageHeader* messages, IoVector* vectors)
    {
        public int Receive(Span<IvDatagram> datagrams, int index)
        {
            if (index == datagrams.Length)
            {
                return index == 0 ? 0 : Sys.RecvMmsg((int)handle, messages, (uint)index, flags);
            }

            Span<byte> buffer = datagrams[index].Buffer.Span;
            SocketAddress? address = datagrams[index].Address;
            Span<byte> room = address is null ? default : address.Buffer.Span;
            fixed (byte* pointer = buffer)
            fixed (byte* name = room)
            {
                Fill(index, pointer, buffer.Length, name, room.Length);
                return Receive(datagrams, index + 1);
            }
        }

        public int Send(ReadOnlySpan<IvDatagram> datagrams, int index)
        {
            if (index == datagrams.Length)
            {
                return index == 0 ? 0 : Sys.SendMmsg((int)handle, messages, (uint)index, flags);
            }

            ReadOnlySpan<byte> buffer = datagrams[index].Buffer.Span[..datagrams[index].Length];
            SocketAddress? address = datagrams[index].Address;
            fixed (byte* pointer = buffer)
            fixed (byte* name = address is null ? default : address.Buffer.Span)
            {
                Fill(index, pointer, buffer.Length, name, address?.Size ?? 0);
                return Send(datagrams, index + 1);
            }
        }

        private void Fill(int index, byte* buffer, int length, byte* name, int nameLength)
        {
            vectors[index].Base = buffer;
            vectors[index].Length = (nuint)length;
            messages[index] = new MultiMessageHeader
            {
                Header = new MessageHeader { Name = name, NameLength = (uint)nameLength, Vectors = &vectors[index], VectorCount = 1 },
            };
        }
    }
}
