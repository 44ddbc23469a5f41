// Sends back whatever its clients send. It only knows its listener: which network the listener is of, and which loop the
// server is started on, is the caller's affair. `echo`, `unix-echo` and `simulated` all run this very class.

using System.Buffers;

namespace Ivy.Net.Examples;

public sealed class EchoServer
{
    private const int BufferSize = 64 * 1024;

    // One buffer for all connections: what a client sent has gone back, or is kept in an Unsent, when the handler returns.
    // An idle connection holds its socket, its IvFd, and nothing else.
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly Action<IvFd> _echo;
    private readonly Action<IvFd> _drain;

    public EchoServer(IvSocket listener)
    {
        _echo = Echo;
        _drain = Drain;
        Listener = new IvListener(listener, (_, client) => Welcome(client)) { Name = "echo" };
    }

    public IvListener Listener { get; }

    public long Messages { get; private set; }

    public long Bytes { get; private set; }

    public override string ToString() => $"{Listener.Accepted} connections, {Messages} messages, {Bytes} bytes";

    private void Welcome(IvSocket client)
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
        if (received.IsOk)
        {
            Messages++;
            Bytes += received.Bytes;
            IvIoResult sent = client.Send(_buffer.AsSpan(0, received.Bytes));
            if (sent.IsError)
            {
                client.Dispose();
            }
            else if (sent.Bytes < received.Bytes)
            {
                Keep(connection, _buffer.AsSpan(sent.Bytes, received.Bytes - sent.Bytes));
            }
        }
        else if (!received.WouldBlock)
        {
            client.Dispose(); // the end, when all has been sent back: the client reads the end too; or an error
        }
    }

    // The client does not read: neither do we, until it does.
    private void Keep(IvFd connection, ReadOnlySpan<byte> rest)
    {
        connection.State = new Unsent(rest);
        connection.HandlerIn = null;
        connection.HandlerOut = _drain;
    }

    private void Drain(IvFd connection)
    {
        var unsent = (Unsent)connection.State!;
        IvIoResult sent = connection.Socket!.Send(unsent.Bytes);
        if (sent.IsError)
        {
            unsent.Free();
            connection.Socket.Dispose();
        }
        else if (unsent.Advance(sent.Bytes))
        {
            unsent.Free();
            connection.State = null;
            connection.HandlerOut = null;
            connection.HandlerIn = _echo;
        }
    }

    private sealed class Unsent
    {
        private readonly byte[] _kept;
        private readonly int _length;
        private int _sent;

        public Unsent(ReadOnlySpan<byte> rest)
        {
            _kept = ArrayPool<byte>.Shared.Rent(rest.Length);
            _length = rest.Length;
            rest.CopyTo(_kept);
        }

        public ReadOnlySpan<byte> Bytes => _kept.AsSpan(_sent.._length);

        // True if all of it has been sent.
        public bool Advance(int sent) => (_sent += sent) == _length;

        public void Free() => ArrayPool<byte>.Shared.Return(_kept);
    }
}
