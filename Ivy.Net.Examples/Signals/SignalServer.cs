// Greets its clients and waits for their end; once it drains, it takes no more of them.

using System.Net;

namespace Ivy.Net.Examples;

internal sealed class SignalServer : IDisposable
{
    private readonly IvSocket _socket;
    private readonly FileInfo? _file;
    private byte[] _greeting = "hello\n"u8.ToArray();

    public SignalServer(IPEndPoint address, FileInfo? greeting)
    {
        _file = greeting;
        _socket = IvSocket.Listen(address);
        Address = _socket.LocalEndPoint!;
        ReadGreeting();
        new IvListener(_socket, (_, client) => Welcome(client)).Register();
    }

    public EndPoint Address { get; }

    public int Connections { get; private set; }

    public bool IsDraining => _socket.IsDisposed;

    public void Dispose() => _socket.Dispose();

    /// <summary>Unregisters the listener with its socket: what keeps Run going from now on are the connections.</summary>
    public void Drain() => _socket.Dispose();

    public void Reload()
    {
        ReadGreeting();
        Console.WriteLine("reloaded");
    }

    private void ReadGreeting()
    {
        if (_file is not null)
        {
            _greeting = File.ReadAllBytes(_file.FullName);
        }
    }

    private void Welcome(IvSocket client)
    {
        Connections++;
        client.Send(_greeting);
        new IvFd(client) { State = this, HandlerIn = static fd => ((SignalServer)fd.State!).WaitForEnd(fd.Socket!) }.Register();
    }

    private void WaitForEnd(IvSocket client)
    {
        Span<byte> buffer = stackalloc byte[256];
        IvIoResult received = client.Receive(buffer);
        if (received.IsEnd || received.IsError)
        {
            client.Dispose();
            Connections--;
        }
    }
}
