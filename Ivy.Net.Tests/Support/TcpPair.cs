using System.Net;

namespace Ivy.Net.Tests.Support;

/// <summary>Two ends of a TCP connection over the loopback interface, and the listener between them.</summary>
internal sealed class TcpPair : IDisposable
{
    public TcpPair(IPAddress? address = null)
    {
        Listener = IvSocket.Listen(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        Client = IvSocket.Connect(Listener.LocalEndPoint!);
        Wait.Readable(Listener);
        Server = Listener.Accept()!;
        Wait.Writable(Client);
        Assert.That(Client.TakeError(), Is.EqualTo(IvError.None));
    }

    public IvSocket Listener { get; }

    public IvSocket Client { get; }

    public IvSocket Server { get; }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        Listener.Dispose();
    }
}
