// Sends back whatever its clients send. It knows neither where they come from nor which loop it runs on, but for that of the
// thread that calls Welcome: `echo` has one, `cores` one for each loop.

namespace Ivy.Net.Examples;

public partial class EchoService
{
    // One buffer for all connections: what a client sent has gone back, or is kept in an Unsent, when the handler returns.
    // An idle connection holds its socket, its IvFd, and nothing else.
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Action<IvFd> _echo;

    public EchoService() => _echo = Echo;

    public long Messages { get; private set; }

    public long Bytes { get; private set; }

    public override string ToString() => $"{Messages} messages, {Bytes} bytes";

    public void Welcome(IvSocket client)
    {
        if (new IvFd(client) { HandlerIn = _echo }.TryRegister() != IvError.None)
        {
            client.Dispose(); // the kernel watches no more descriptors
        }
    }

    // Level-triggered: one read a turn. If there is more, the loop calls again, after the others had their turn.
    private void Echo(IvFd connection)
    {
        IvSocket client = connection.Socket!;
        IvIoResult received = client.Receive(_buffer);
        if (received.WouldBlock)
        {
            return;
        }

        Span<byte> message = _buffer.AsSpan(0, received.Bytes);
        IvIoResult sent = received.IsOk ? client.Send(message) : received;
        if (sent.IsError || sent.IsEnd)
        {
            client.Dispose(); // at the end all has been sent back, and the client reads the end, too
            return;
        }

        Messages++;
        Bytes += message.Length;
        if (sent.Bytes < message.Length)
        {
            // The client does not read: neither do we, until it does.
            connection.State = new Unsent(message[sent.Bytes..]);
            connection.HandlerIn = null;
            connection.HandlerOut = Drain;
            _behind.Add(client);
            return;
        }

        EndIfIdle(client);
    }

    private void Drain(IvFd connection)
    {
        var unsent = (Unsent)connection.State!;
        IvIoResult sent = connection.Socket!.Send(unsent.Bytes);
        if (sent.IsError)
        {
            unsent.Free();
            _behind.Remove(connection.Socket);
            connection.Socket.Dispose();
        }
        else if (unsent.Advance(sent.Bytes))
        {
            connection.State = null;
            connection.HandlerOut = null;
            connection.HandlerIn = _echo;
            OnUpToDate(connection.Socket);
        }
    }
}
