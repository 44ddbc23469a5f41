// A UDP echo server: one system call receives a batch of datagrams, one sends them back.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- udp-echo [--host A] [--port N]
//   socat - UDP:127.0.0.1:7000
//
// It prints `listening on 127.0.0.1:7000 (epoll)`, and when it is ended by Ctrl-C or TERM, `5 datagrams, 34 bytes`.

using System.CommandLine;
using System.Net;
using System.Net.Sockets;

namespace Ivy.Net.Examples;

internal sealed class UdpEchoExample : IExample
{
    private const int BatchSize = 32;
    private const int LongestDatagram = 65_535;

    private static readonly IvDatagram[] Batch = new IvDatagram[BatchSize];
    private static long _datagrams;
    private static long _bytes;

    public string Name => "udp-echo";

    public string Summary => "A UDP echo server that receives and sends in batches.";

    public string Details => "Talk to it with `socat - UDP:127.0.0.1:7000`.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        command.SetAction(result => Run(address.Of(result)));
    }

    private static void Run(IPEndPoint address)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        using var socket = IvSocket.Bind(address, SocketType.Dgram);
        for (int i = 0; i < Batch.Length; i++)
        {
            // Where a datagram goes, and where its sender's address goes: made once, used for every batch.
            Batch[i] = new IvDatagram(new byte[LongestDatagram], new SocketAddress(address.AddressFamily));
        }

        new IvFd(socket) { Name = "udp-echo", HandlerIn = Echo }.Register();
        Console.WriteLine($"listening on {socket.LocalEndPoint} ({loop.PollMethod})");
        loop.Run();
        Console.WriteLine($"{_datagrams} datagrams, {_bytes} bytes");
    }

    private static void Echo(IvFd fd)
    {
        int count = fd.Socket!.ReceiveMany(Batch, out _);
        for (int next = 0; next < count;)
        {
            int sent = fd.Socket.SendMany(Batch.AsSpan(next..count), out IvError error);
            if (error == IvError.EAGAIN)
            {
                return; // no room: they are lost, as datagrams may be
            }

            next += Math.Max(sent, 1); // the error is that of the first one, which is left out
        }

        _datagrams += count;
        foreach (ref IvDatagram datagram in Batch.AsSpan(0, count))
        {
            _bytes += datagram.Length;
        }
    }
}
