// A server that is told by signals what to do: INT (Ctrl-C) or TERM lets it finish, a second one ends it at once, HUP makes it
// read its greeting anew, and USR1 shows what its loop is doing.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- signals [--host A] [--port N] [--greeting FILE]
//   socat - TCP:127.0.0.1:7000
//   kill -USR1 PID; kill -TERM PID; kill -TERM PID
//
// It prints `listening on 127.0.0.1:7000 (epoll)` and `pid 4711`; `reloaded` for HUP, the dump for USR1, `draining: 2
// connections` for TERM; and at the end `all done` or `aborted: 2 connections`.

using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;

namespace Ivy.Net.Examples;

internal sealed class SignalsExample : IExample
{
    private const PosixSignal SigUsr1 = (PosixSignal)10; // .NET has no name for it, and other systems than Linux another number

    public string Name => "signals";

    public string Summary => "A server that drains on TERM, reloads on HUP, and shows its loop on USR1.";

    public string Details => "Connect with `socat - TCP:127.0.0.1:7000`, and send it signals; it prints its pid.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        var greeting = new Option<FileInfo?>("--greeting") { Description = "What clients are sent; read anew on HUP." };
        command.Options.Add(greeting);
        command.SetAction(result => Run(address.Of(result), result.GetValue(greeting)));
    }

    private static void Run(IPEndPoint address, FileInfo? greeting)
    {
        using var loop = new IvLoop();
        using var server = new SignalServer(address, greeting);
        On(PosixSignal.SIGINT, server, static signal => Stop((SignalServer)signal.State!));
        On(PosixSignal.SIGTERM, server, static signal => Stop((SignalServer)signal.State!));
        On(PosixSignal.SIGHUP, server, static signal => ((SignalServer)signal.State!).Reload());
        if (OperatingSystem.IsLinux())
        {
            On(SigUsr1, server, static signal => signal.Loop!.Dump(Console.Out));
        }

        Console.WriteLine($"listening on {server.Address} ({loop.PollMethod})\npid {Environment.ProcessId}");
        loop.Run(); // until nothing is left but signals, which don't count, or until Quit
        Console.WriteLine(server.Connections == 0 ? "all done" : $"aborted: {server.Connections} connections");
    }

    private static void On(PosixSignal signal, SignalServer server, Action<IvSignal> handler)
    {
        IvError error = new IvSignal(signal, handler) { State = server, KeepsLoopAlive = false }.TryRegister();
        if (error != IvError.None)
        {
            Console.WriteLine($"{signal}: {error.Text()}"); // SIGHUP under nohup, say: no reason not to serve
        }
    }

    private static void Stop(SignalServer server)
    {
        if (server.IsDraining)
        {
            IvLoop.Current!.Quit();
            return;
        }

        Console.WriteLine($"draining: {server.Connections} connections");
        server.Drain();
    }
}
