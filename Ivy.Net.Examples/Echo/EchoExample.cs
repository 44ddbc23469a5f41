// A TCP echo server: any number of clients, one thread.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- echo [--host A] [--port N] [--engine epoll|uring]
//   socat - TCP:127.0.0.1:7000
//
// It prints `listening on 127.0.0.1:7000 (epoll)`, and when it is ended by Ctrl-C or TERM,
// `2 connections, 5 messages, 34 bytes`.

using System.CommandLine;
using System.Net;
using Ivy.Net.Polling;

namespace Ivy.Net.Examples;

internal sealed class EchoExample : IExample
{
    public string Name => "echo";

    public string Summary => "A TCP echo server: any number of clients, one thread.";

    public string Details => "Talk to it with `socat - TCP:127.0.0.1:7000`. Ctrl-C ends it, with a line of totals.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        var engine = new Option<string>("--engine") { Description = "What waits: epoll, which says when a call would not block, or uring, which completes it.", HelpName = "E", DefaultValueFactory = static _ => "epoll" };
        engine.AcceptOnlyFromAmong("epoll", "uring");
        command.Options.Add(engine);
        command.SetAction(result => Run(address.Of(result), completes: result.GetValue(engine) == "uring"));
    }

    private static void Run(IPEndPoint address, bool completes)
    {
        using var loop = new IvLoop(new IvLoopOptions { PollMethods = completes ? [IvPollMethod.Uring] : null });
        QuitSignals.Register();
        using var listener = IvSocket.Listen(address);
        listener.NoDelay = true; // connections inherit it
        Console.WriteLine($"listening on {listener.LocalEndPoint} ({loop.PollMethod})");
        if (completes)
        {
            var echo = new CompletionEcho(listener);
            echo.Listener.HandlerError = static (_, error) => Console.Error.WriteLine($"accept: {error.Describe()}");
            echo.Listener.Register();
            loop.Run();
            Console.WriteLine(echo);
            return;
        }

        var server = new EchoServer(listener);
        server.Listener.HandlerError = static (_, error) => Console.Error.WriteLine($"accept: {error.Describe()}");
        server.Listener.Register();
        loop.Run();
        Console.WriteLine(server);
    }
}
