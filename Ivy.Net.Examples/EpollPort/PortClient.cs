// A client: watched for what it sends, or, while it does not read what it is sent back, for room to send.

using Ivy.Net.Polling;

namespace Ivy.Net.Examples;

internal sealed class PortClient(IvSocket socket, ulong number) : IDisposable
{
    private Unsent? _unsent;

    public IvSocket Socket { get; } = socket;

    public ulong Number { get; } = number;

    // How many bytes came; negative when the client has gone.
    public int Serve(EpollPort port, byte[] buffer)
    {
        if (_unsent is not null)
        {
            return Drain(port, _unsent) ? 0 : -1;
        }

        IvIoResult received = Socket.Receive(buffer);
        if (received.WouldBlock)
        {
            return 0;
        }

        Span<byte> message = buffer.AsSpan(0, received.Bytes);
        IvIoResult sent = received.IsOk ? Socket.Send(message) : received;
        if (sent.IsError || sent.IsEnd)
        {
            return -1;
        }

        if (sent.Bytes < message.Length)
        {
            _unsent = new Unsent(message[sent.Bytes..]);
            port.Modify(Socket, EpollEvents.Out, Number);
        }

        return message.Length;
    }

    public void Dispose()
    {
        _unsent?.Free();
        Socket.Dispose();
    }

    private bool Drain(EpollPort port, Unsent unsent)
    {
        IvIoResult sent = Socket.Send(unsent.Bytes);
        if (sent.IsError)
        {
            return false;
        }

        if (unsent.Advance(sent.Bytes))
        {
            _unsent = null;
            port.Modify(Socket, EpollEvents.In, Number);
        }

        return true;
    }
}
