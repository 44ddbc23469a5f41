// An echo server that ends connections on which nothing has come for a while. Every message restarts the connection's
// IvTimeout, which costs next to nothing however many connections there are.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- echo-idle [--host A] [--port N] [--timeout SECONDS]
//   socat - TCP:127.0.0.1:7000
//
// It prints `listening on 127.0.0.1:7000 (epoll)`, for every client that falls silent `127.0.0.1:51514: idle for 10 s`, and
// when it is ended by Ctrl-C or TERM, `3 connections, 1 was idle`.

using System.CommandLine;
using System.Net;

namespace Ivy.Net.Examples;

internal sealed class EchoIdleExample : IExample
{
    private static readonly byte[] Buffer = new byte[16 * 1024];
    private static int _idle;

    public string Name => "echo-idle";

    public string Summary => "An echo server that ends connections that are idle for 10 s.";

    public string Details => "Talk to it with `socat - TCP:127.0.0.1:7000`, and then stop talking.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        var timeout = new SecondsOption("--timeout", "How long a connection may be silent.", 10);
        command.Options.Add(timeout);
        command.SetAction(result => Run(address.Of(result), result.GetValue(timeout)));
    }

    private static void Run(IPEndPoint address, TimeSpan timeout)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        using var socket = IvSocket.Listen(address);
        var listener = new IvListener(socket, (_, client) => Welcome(client, timeout));
        listener.Register();

        Console.WriteLine($"listening on {socket.LocalEndPoint} ({loop.PollMethod})");
        loop.Run();
        Console.WriteLine($"{listener.Accepted} connections, {_idle} {(_idle == 1 ? "was" : "were")} idle");
    }

    private static void Welcome(IvSocket client, TimeSpan timeout)
    {
        var idle = new IvTimeout(timeout, OnIdle) { State = client };
        new IvFd(client) { State = idle, HandlerIn = Echo }.Register();
        idle.Start();
    }

    private static void OnIdle(IvTimeout timeout)
    {
        var client = (IvSocket)timeout.State!;
        Console.WriteLine($"{client.RemoteEndPoint}: idle for {timeout.Duration.TotalSeconds} s");
        _idle++;
        client.Dispose(); // unregisters its IvFd
    }

    private static void Echo(IvFd connection)
    {
        var idle = (IvTimeout)connection.State!;
        IvSocket client = connection.Socket!;
        idle.Start(); // anew
        IvIoResult received = client.Receive(Buffer);

        // A client that does not read what it is sent is dropped here; the example `echo` waits for it.
        if (!received.WouldBlock && (received.Bytes == 0 || client.Send(Buffer.AsSpan(0, received.Bytes)).Bytes < received.Bytes))
        {
            idle.Stop();
            client.Dispose();
        }
    }
}
