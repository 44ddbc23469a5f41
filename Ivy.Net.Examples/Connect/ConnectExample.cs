// A client that does not wait for ever: connects, or gives up after a while.
//
//   dotnet run --project Ivy.Net.Examples -- connect [--host A] [--port N] [--timeout SECONDS]
//
// It prints `connected: tcp 127.0.0.1:51514 -> 127.0.0.1:7000`, and exits with 0; or one of
// `127.0.0.1:7000: ECONNREFUSED (111) Connection refused`, `127.0.0.1:7000: no answer within 2 s`, and exits with 1.

using System.CommandLine;
using System.Net;

namespace Ivy.Net.Examples;

internal sealed class ConnectExample : IExample
{
    public string Name => "connect";

    public string Summary => "A client that connects, or gives up after 2 s.";

    public string Details => "Start `echo` in another terminal, or try a port where nobody listens, or an address that does not answer.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        var timeout = new SecondsOption("--timeout", "When to give up.", 2);
        command.Options.Add(timeout);
        command.SetAction(result => Run(address.Of(result), result.GetValue(timeout)));
    }

    private static int Run(IPEndPoint server, TimeSpan timeout)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        using var socket = IvSocket.Connect(server);
        string? outcome = null;

        // Writable: the attempt is over, and the socket knows how it went.
        using var attempt = new IvFd(socket)
        {
            Name = "connect",
            HandlerOut = fd =>
            {
                IvError error = socket.TakeError();
                outcome = error == IvError.None ? $"connected: {socket}" : $"{server}: {error.Describe()}";
                fd.Unregister();
            },
        };
        using var deadline = new IvTimer(_ =>
        {
            outcome = $"{server}: no answer within {timeout.TotalSeconds} s";
            attempt.Unregister();
        })
        { KeepsLoopAlive = false }; // the attempt alone keeps Run going

        attempt.Register();
        deadline.Start(timeout);
        loop.Run();
        Console.WriteLine(outcome ?? "interrupted");
        return outcome is not null && outcome.StartsWith("connected", StringComparison.Ordinal) ? 0 : 1;
    }
}
