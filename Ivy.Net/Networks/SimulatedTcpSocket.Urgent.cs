using System.Net.Sockets;

namespace Ivy.Net;

// Urgent data, of which there is one byte at a time: tcp(7), MSG_OOB.
internal sealed partial class SimulatedTcpSocket
{
    private byte _urgent;
    private bool _hasUrgent;
    private bool _tookUrgent;

    private IvIoResult ReceiveUrgent(Span<byte> buffer, SocketFlags flags)
    {
        if (!_hasUrgent || _tookUrgent || buffer.IsEmpty || Options.OutOfBandInline)
        {
            return IvIoResult.Failed(IvError.EINVAL);
        }

        buffer[0] = _urgent;
        if ((flags & SocketFlags.Peek) == 0)
        {
            (_hasUrgent, _tookUrgent) = (false, true);
        }

        return IvIoResult.Ok(1);
    }

    // The last byte is the urgent one: out of the stream, or in it, as the receiver has it.
    private void SendUrgent(ReadOnlySpan<byte> buffer)
    {
        ReadOnlySpan<byte> data = _out!.Receiver.Options.OutOfBandInline ? buffer : buffer[..^1];
        if (!data.IsEmpty)
        {
            _out.SendData(data);
        }

        _out.Send(SimulatedSegmentKind.Urgent, buffer[^1]);
    }
}
