// A System.Net.Sockets.Socket becomes an IvSocket, is served by the loop, and becomes a Socket again. The connection stays, and
// the peer notices nothing.
//
//   dotnet run --project Ivy.Net.Examples -- adopt-socket
//
// It prints
//   adopted: tcp 127.0.0.1:43210 -> 127.0.0.1:51514
//   the loop read: hello
//   given back; the peer read: bye

using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ivy.Net.Examples;

internal sealed class AdoptSocketExample : IExample
{
    public string Name => "adopt-socket";

    public string Summary => "Takes over a Socket of System.Net, and gives it back.";

    public string Details => "Needs no second terminal: it is its own peer.";

    public void AddTo(Command command) => command.SetAction(static _ => Run());

    private static void Run()
    {
        // As any program of today gets its sockets.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var peer = new TcpClient();
        peer.Connect((IPEndPoint)listener.LocalEndpoint);
        Socket accepted = listener.AcceptSocket();

        using var loop = new IvLoop();
        using var adopted = IvSocket.Adopt(accepted); // `accepted` is disposed now
        Console.WriteLine($"adopted: {adopted}");

        using var watch = new IvFd(adopted) { HandlerIn = Read };
        watch.Register();
        peer.Client.Send("hello"u8);
        loop.Run(); // until Read unregisters it

        using Socket back = adopted.ToSocket(); // `adopted` is disposed now
        back.Send("bye"u8);
        byte[] buffer = new byte[16];
        int bytes = peer.Client.Receive(buffer);
        Console.WriteLine($"given back; the peer read: {Encoding.UTF8.GetString(buffer, 0, bytes)}");
    }

    private static void Read(IvFd fd)
    {
        Span<byte> buffer = stackalloc byte[16];
        IvIoResult received = fd.Socket!.Receive(buffer);
        if (!received.WouldBlock)
        {
            Console.WriteLine($"the loop read: {Encoding.UTF8.GetString(buffer[..received.Bytes])}");
            fd.Unregister();
        }
    }
}
