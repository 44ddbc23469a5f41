// An echo server in the style of epoll: a port, sockets by number, and a loop of its own.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- epoll-port [--host A] [--port N]
//   socat - TCP:127.0.0.1:7000
//
// It prints `listening on 127.0.0.1:7000 (epoll port)`, and when it is ended by Ctrl-C or TERM,
// `2 connections, 5 messages, 34 bytes`.

using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using Ivy.Net.Polling;

namespace Ivy.Net.Examples;

internal sealed class EpollPortExample : IExample
{
    public string Name => "epoll-port";

    public string Summary => "An echo server in the style of epoll, without a loop of the library.";

    public string Details => "Talk to it with `socat - TCP:127.0.0.1:7000`. Ctrl-C ends it, with a line of totals.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        command.SetAction(result => Run(address.Of(result)));
    }

    private static void Run(IPEndPoint address)
    {
        using var port = new EpollPort();
        using var listener = IvSocket.Listen(address);
        listener.NoDelay = true; // connections inherit it
        using var server = new PortEchoServer(port, listener);

        // Signals come on a thread of the runtime. Whoever waits looks at the flag when he is woken.
        bool ends = false;
        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            Volatile.Write(ref ends, true);
            port.Wake();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);

        Console.WriteLine($"listening on {listener.LocalEndPoint} (epoll port)");
        Span<EpollPortEvent> ready = stackalloc EpollPortEvent[64];
        while (!Volatile.Read(ref ends))
        {
            foreach (EpollPortEvent one in ready[..port.Wait(ready)])
            {
                server.Serve(one.Data);
            }
        }

        Console.WriteLine(server);
    }
}
