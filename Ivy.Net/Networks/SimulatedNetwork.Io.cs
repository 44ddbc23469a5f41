using System.Net;
using System.Net.Sockets;

namespace Ivy.Net;

// Bytes in and out: the seam's faults, then the socket's rules.
public sealed partial class SimulatedNetwork
{
    internal override IvIoResult Receive(nint handle, Span<byte> buffer, SocketFlags flags, bool stream)
    {
        Enter();
        var message = default(SimulatedMessageInfo);
        return Noted("recv", handle, EndIf(stream && !buffer.IsEmpty, Take(handle, buffer, flags, ref message)));
    }

    internal override IvIoResult Send(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags)
    {
        Enter();
        return Noted("send", handle, Give(handle, buffer, flags, to: null, rights: null));
    }

    internal override IvIoResult ReceiveFrom(nint handle, Span<byte> buffer, SocketFlags flags, SocketAddress from)
    {
        Enter();
        var message = default(SimulatedMessageInfo);
        IvIoResult result = Take(handle, buffer, flags, ref message);
        if (result.IsOk)
        {
            WriteSender(handle, message.From, from);
        }

        return Noted("recvfrom", handle, result);
    }

    internal override IvIoResult SendTo(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags, SocketAddress to)
    {
        Enter();
        return Noted("sendto", handle, GiveTo(handle, buffer, flags, to));
    }

    internal override IvIoResult ReceiveV(nint handle, ReadOnlySpan<Memory<byte>> buffers, SocketFlags flags, bool stream)
    {
        Enter();
        byte[] gathered = new byte[Length(ref buffers)];
        var message = default(SimulatedMessageInfo);
        IvIoResult result = Take(handle, gathered, flags, ref message);
        Scatter(gathered.AsSpan(0, result.Bytes), buffers);
        return Noted("recvmsg", handle, EndIf(stream && gathered.Length != 0, result));
    }

    internal override IvIoResult SendV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers, SocketFlags flags)
    {
        Enter();
        return Noted("sendmsg", handle, Give(handle, Gather(buffers), flags, to: null, rights: null));
    }

    internal override int ReceiveMany(nint handle, Span<IvDatagram> datagrams, SocketFlags flags, out IvError error)
    {
        Enter();
        error = IvError.None;
        int count = 0;
        while (count < Math.Min(datagrams.Length, MaxBatch))
        {
            ref IvDatagram datagram = ref datagrams[count];
            var message = default(SimulatedMessageInfo);
            IvIoResult result = Take(handle, datagram.Buffer.Span, flags, ref message);
            if (!result.IsOk)
            {
                error = count == 0 ? result.Error : IvError.None;
                break;
            }

            datagram.Length = result.Bytes;
            datagram.IsTruncated = message.IsTruncated;
            if (datagram.Address is { } address)
            {
                WriteSender(handle, message.From, address);
            }

            count++;
        }

        Note("recvmmsg", handle, count, error);
        return count;
    }

    internal override int SendMany(nint handle, ReadOnlySpan<IvDatagram> datagrams, SocketFlags flags, out IvError error)
    {
        Enter();
        error = IvError.None;
        int count = 0;
        while (count < Math.Min(datagrams.Length, MaxBatch))
        {
            IvDatagram datagram = datagrams[count];
            ReadOnlySpan<byte> bytes = datagram.Buffer.Span[..datagram.Length];
            IvIoResult result = datagram.Address is { } to ? GiveTo(handle, bytes, flags, to) : Give(handle, bytes, flags, to: null, rights: null);
            if (!result.IsOk)
            {
                error = count == 0 ? result.Error : IvError.None;
                break;
            }

            count++;
        }

        Note("sendmmsg", handle, count, error);
        return count;
    }

    internal override IvIoResult SendHandles(nint handle, ReadOnlySpan<byte> buffer, ReadOnlySpan<nint> handles)
    {
        Enter();
        var rights = new SimulatedDescription[handles.Length];
        for (int i = 0; i < handles.Length; i++)
        {
            if (Find(handles[i], out rights[i]) is var error and not IvError.None)
            {
                return Noted("sendmsg", handle, IvIoResult.Failed(error));
            }
        }

        return Noted("sendmsg", handle, Give(handle, buffer, SocketFlags.None, to: null, rights));
    }

    internal override IvIoResult ReceiveHandles(nint handle, Span<byte> buffer, Span<nint> handles, out int count, out bool truncated)
    {
        Enter();
        count = 0;
        truncated = false;
        var message = new SimulatedMessageInfo { WantsRights = true };
        IvIoResult result = Take(handle, buffer, SocketFlags.None, ref message);
        foreach (SimulatedDescription description in message.Rights ?? [])
        {
            // What finds no room, in the array or in the table, is closed.
            if (count < handles.Length && Install(description, out handles[count]) == IvError.None)
            {
                count++;
            }
            else
            {
                truncated = true;
            }

            description.Release();
        }

        return Noted("recvmsg", handle, EndIf(count == 0 && !buffer.IsEmpty, result));
    }

    internal override IvIoResult Read(nint handle, Span<byte> buffer)
    {
        Enter();
        IvError error = Find(handle, out SimulatedDescription description);
        IvIoResult result = error != IvError.None ? IvIoResult.Failed(error)
            : description is SimulatedSocket socket && !buffer.IsEmpty ? TakeFrom(socket, buffer)
            : description.Read(buffer);
        return Noted("read", handle, EndIf(!buffer.IsEmpty, result));
    }

    internal override IvIoResult Write(nint handle, ReadOnlySpan<byte> buffer)
    {
        Enter();
        return Noted("write", handle, WriteTo(handle, buffer));
    }

    internal override IvIoResult ReadV(nint handle, ReadOnlySpan<Memory<byte>> buffers)
    {
        byte[] gathered = new byte[Length(ref buffers)];
        IvIoResult result = Read(handle, gathered);
        Scatter(gathered.AsSpan(0, result.Bytes), buffers);
        return result;
    }

    internal override IvIoResult WriteV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers) => Write(handle, Gather(buffers));

    private static IvIoResult EndIf(bool zeroIsEnd, IvIoResult result) => zeroIsEnd && result is { IsOk: true, Bytes: 0 } ? IvIoResult.End : result;

    private static int Length(ref ReadOnlySpan<Memory<byte>> buffers)
    {
        buffers = buffers[..Math.Min(buffers.Length, MaxBatch)];
        int length = 0;
        foreach (Memory<byte> buffer in buffers)
        {
            length = checked(length + buffer.Length);
        }

        return length;
    }

    private static void Scatter(ReadOnlySpan<byte> bytes, ReadOnlySpan<Memory<byte>> buffers)
    {
        foreach (Memory<byte> buffer in buffers)
        {
            int part = Math.Min(bytes.Length, buffer.Length);
            bytes[..part].CopyTo(buffer.Span);
            bytes = bytes[part..];
        }
    }

    private static byte[] Gather(ReadOnlySpan<ReadOnlyMemory<byte>> buffers)
    {
        buffers = buffers[..Math.Min(buffers.Length, MaxBatch)];
        int length = 0;
        foreach (ReadOnlyMemory<byte> buffer in buffers)
        {
            length = checked(length + buffer.Length);
        }

        byte[] bytes = new byte[length];
        int offset = 0;
        foreach (ReadOnlyMemory<byte> buffer in buffers)
        {
            buffer.Span.CopyTo(bytes.AsSpan(offset));
            offset += buffer.Length;
        }

        return bytes;
    }

    private void WriteSender(nint handle, SimulatedAddress? sender, SocketAddress address)
    {
        // A Unix socket without a name has none as a sender either, and a stream has no senders.
        bool isNone = sender is null || sender.Name is { Length: 0 };
        _ = FindSocket(handle, out SimulatedSocket socket);
        SimulatedAddress.Write(isNone ? null : sender, socket?.Family ?? AddressFamily.Unspecified, address);
    }

    private IvIoResult Take(nint handle, Span<byte> buffer, SocketFlags flags, ref SimulatedMessageInfo message)
    {
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        return error == IvError.None ? TakeFrom(socket, buffer, flags, ref message) : IvIoResult.Failed(error);
    }

    private IvIoResult TakeFrom(SimulatedSocket socket, Span<byte> buffer)
    {
        var message = default(SimulatedMessageInfo);
        return TakeFrom(socket, buffer, SocketFlags.None, ref message);
    }

    private IvIoResult TakeFrom(SimulatedSocket socket, Span<byte> buffer, SocketFlags flags, ref SimulatedMessageInfo message)
    {
        if (flags == SocketFlags.None && !socket.IsListening)
        {
            // Whatever it would say (bytes, the end, an error), it says next time.
            if ((socket.Readiness & SimulatedReadiness.In) != 0 && DrawSpurious(socket))
            {
                return IvIoResult.Blocked;
            }

            ResetByChance(socket);
            int count = socket.IsStream ? Math.Min(socket.Readable, buffer.Length) : 0;
            if (count > 1 && Draw(SimulatedFault.ShortRead))
            {
                buffer = buffer[..(int)_delayRandom.Between(1, count - 1)];
                socket.RepeatEdges();
            }
        }

        return socket.Receive(buffer, flags, ref message);
    }

    private IvIoResult GiveTo(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags, SocketAddress to)
    {
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        SimulatedAddress? parsed = null;

        // TCP does not look at an address.
        if (error == IvError.None && socket is not SimulatedTcpSocket && to.Size != 0)
        {
            error = SimulatedAddress.Parse(to, socket.Family, out parsed);
        }

        return error == IvError.None ? Give(handle, buffer, flags, parsed, rights: null) : IvIoResult.Failed(error);
    }

    private IvIoResult Give(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags, SimulatedAddress? to, SimulatedDescription[]? rights)
    {
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        if (error != IvError.None)
        {
            return IvIoResult.Failed(error);
        }

        int asked = buffer.Length;
        int count = socket.IsStream ? Math.Min(socket.Writable, buffer.Length) : 0;
        if (count > 0)
        {
            ResetByChance(socket);
            if (DrawSpurious(socket))
            {
                return IvIoResult.Blocked;
            }

            if (count > 1 && Draw(SimulatedFault.ShortWrite))
            {
                buffer = buffer[..(int)_delayRandom.Between(1, count - 1)];
                socket.RepeatEdges();
            }
        }

        IvIoResult result = socket.Send(buffer, flags, to, rights);
        HashBytes(buffer[..result.Bytes]);
        return Planted.Active == PlantedBug.DroppedShortWrite && result.IsOk ? IvIoResult.Ok(asked) : result;
    }

    private bool DrawSpurious(SimulatedSocket socket)
    {
        if (!Draw(SimulatedFault.SpuriousReadiness))
        {
            return false;
        }

        socket.RepeatEdges();
        return true;
    }

    private void ResetByChance(SimulatedSocket socket)
    {
        if (socket is SimulatedTcpSocket { IsConnected: true } tcp && Draw(SimulatedFault.ConnectionReset))
        {
            tcp.ResetByNetwork();
        }
    }

    private IvIoResult WriteTo(nint handle, ReadOnlySpan<byte> buffer)
    {
        IvError error = Find(handle, out SimulatedDescription description);
        return error != IvError.None ? IvIoResult.Failed(error)
            : description is SimulatedSocket ? Give(handle, buffer, SocketFlags.None, to: null, rights: null)
            : description.Write(buffer);
    }
}
