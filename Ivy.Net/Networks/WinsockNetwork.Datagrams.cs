using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net;

// Datagrams, one by one: Winsock has no call for many.
internal sealed unsafe partial class WinsockNetwork
{
    internal override int ReceiveMany(nint handle, Span<IvDatagram> datagrams, SocketFlags flags, out IvError error)
    {
        error = IvError.None;
        int count = 0;
        foreach (ref IvDatagram datagram in datagrams[..Math.Min(datagrams.Length, MaxBatch)])
        {
            IvIoResult result = ReceiveDatagram(handle, datagram.Buffer.Span, flags, datagram.Address, out bool isTruncated);
            if (!result.IsOk)
            {
                error = count == 0 ? result.Error : IvError.None;
                break;
            }

            datagram.Length = result.Bytes;
            datagram.IsTruncated = isTruncated;
            count++;
        }

        return count;
    }

    internal override int SendMany(nint handle, ReadOnlySpan<IvDatagram> datagrams, SocketFlags flags, out IvError error)
    {
        error = IvError.None;
        int count = 0;
        foreach (ref readonly IvDatagram datagram in datagrams[..Math.Min(datagrams.Length, MaxBatch)])
        {
            ReadOnlySpan<byte> bytes = datagram.Buffer.Span[..datagram.Length];
            IvIoResult result = datagram.Address is { } to ? SendTo(handle, bytes, flags, to) : Send(handle, bytes, flags);
            if (!result.IsOk)
            {
                // Not lost: sending this one again says it again.
                error = count == 0 ? result.Error : IvError.None;
                break;
            }

            count++;
        }

        return count;
    }

    private static IvIoResult ReceiveDatagram(nint handle, Span<byte> buffer, SocketFlags flags, SocketAddress? from, out bool isTruncated)
    {
        Span<byte> room = from is null ? default : from.Buffer.Span;
        int length = room.Length;
        byte none;
        int count;
        fixed (byte* pointer = buffer)
        fixed (byte* address = room)
        {
            count = Ws2.recvfrom(handle, pointer == null ? &none : pointer, buffer.Length, (int)flags, address, address == null ? null : &length);
        }

        IvIoResult result = IvIoResult.Ok(count);
        isTruncated = false;
        if (count < 0)
        {
            IvError error = Failure(handle);
            isTruncated = error == IvError.EMSGSIZE;
            result = isTruncated ? IvIoResult.Ok(buffer.Length)
                : error is IvError.ESHUTDOWN or IvError.EndOfStream ? IvIoResult.End
                : IvIoResult.Failed(error);
        }

        if (result.IsOk && from is not null)
        {
            SetSize(from, length);
        }

        return result;
    }
}
