// A port forwarder: each client is connected to a server, and an IvRelay carries what they say, without copying it.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- proxy --to A:PORT [--listen A:PORT] [--connect-timeout SECONDS] [--idle-timeout SECONDS]
//   socat - TCP:127.0.0.1:7000
//
// It prints `listening on 127.0.0.1:7000 (epoll)`, and for each connection what became of it, such as
// `127.0.0.1:51514: 512 bytes there, 4096 back`. On Ctrl-C or TERM it takes no more clients and lets the connections end, a
// second one aborts them; then `3 connections, 1 failed, 512 bytes there, 4096 back, 4608 spliced`.

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Runtime.InteropServices;

namespace Ivy.Net.Examples;

internal sealed class ProxyExample : IExample
{
    public string Name => "proxy";

    public string Summary => "A port forwarder that copies nothing, with timeouts, and drained on TERM.";

    public string Details => "Start `echo --port 8000` in another terminal, forward to it with `--to 127.0.0.1:8000`, and talk to it with `socat - TCP:127.0.0.1:7000`.";

    public void AddTo(Command command)
    {
        var listen = new Option<IPEndPoint>("--listen") { Description = "Where clients connect to.", HelpName = "A:PORT", CustomParser = static result => Parse(result, allowPortZero: true), DefaultValueFactory = static _ => new IPEndPoint(IPAddress.Loopback, 7000) };
        var target = new Option<IPEndPoint>("--to") { Description = "Where they are forwarded to.", HelpName = "A:PORT", CustomParser = static result => Parse(result, allowPortZero: false), Required = true };
        var connectTimeout = new SecondsOption("--connect-timeout", "How long the server may take to answer.", 5);
        var idleTimeout = new SecondsOption("--idle-timeout", "How long a connection may be silent.", 60);
        command.Options.Add(listen);
        command.Options.Add(target);
        command.Options.Add(connectTimeout);
        command.Options.Add(idleTimeout);
        command.SetAction(result => Run(
            result.GetValue(listen)!,
            connection => connection.Connect(result.GetValue(target)!, result.GetValue(connectTimeout), result.GetValue(idleTimeout))));
    }

    private static void Run(IPEndPoint address, Action<ProxyConnection> connect)
    {
        using var loop = new IvLoop();
        using var socket = IvSocket.Listen(address);
        var server = new ProxyServer(socket, connect);
        server.Listener.Register();
        foreach (PosixSignal signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM])
        {
            // Not Register: a script that starts an example with & has SIGINT ignored for it, which is no reason not to run.
            new IvSignal(signal, _ => server.Stop()) { KeepsLoopAlive = false }.TryRegister();
        }

        Console.WriteLine($"listening on {socket.LocalEndPoint} ({loop.PollMethod})");
        loop.Run(); // until the server has stopped listening, and its last connection has ended
        Console.WriteLine(server);
    }

    private static IPEndPoint? Parse(ArgumentResult result, bool allowPortZero)
    {
        string text = result.Tokens[0].Value;
        if (IvEndPoint.TryParse(text, 0, out EndPoint? endPoint, allowPortZero) && endPoint is IPEndPoint address)
        {
            return address;
        }

        result.AddError($"{text}: not an address with a port. Give one such as 127.0.0.1:8000 or [::1]:8000; names are not looked up.");
        return null;
    }
}
