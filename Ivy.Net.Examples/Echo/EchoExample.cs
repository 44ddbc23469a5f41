// A TCP echo server: any number of clients, one thread.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- echo [--host A] [--port N]
//   socat - TCP:127.0.0.1:7000
//
// It prints `listening on 127.0.0.1:7000 (epoll)`, and when it is ended by Ctrl-C or TERM,
// `2 connections, 5 messages, 34 bytes`.

using System.CommandLine;
using System.Net;

namespace Ivy.Net.Examples;

internal sealed class EchoExample : IExample
{
    public string Name => "echo";

    public string Summary => "A TCP echo server: any number of clients, one thread.";

    public string Details => "Talk to it with `socat - TCP:127.0.0.1:7000`. Ctrl-C ends it, with a line of totals.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        command.SetAction(result => Run(address.Of(result)));
    }

    private static void Run(IPEndPoint address)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        using var listener = IvSocket.Listen(address);
        listener.NoDelay = true; // connections inherit it

        var server = new EchoServer(listener);
        server.Listener.HandlerError = static (_, error) => Console.Error.WriteLine($"accept: {error.Describe()}");
        server.Listener.Register();

        Console.WriteLine($"listening on {listener.LocalEndPoint} ({loop.PollMethod})");
        loop.Run();
        Console.WriteLine(server);
    }
}
