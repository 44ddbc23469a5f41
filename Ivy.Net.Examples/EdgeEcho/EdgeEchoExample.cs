// A TCP echo server with edge-triggered callbacks that are fixed when the program is compiled, as those of evio are.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- edge-echo [--host A] [--port N] [--one-shot]
//   socat - TCP:127.0.0.1:7000
//
// It prints `listening on 127.0.0.1:7000 (epoll)`, and when it is ended by Ctrl-C or TERM,
// `2 connections, 5 messages, 34 bytes`.

using System.CommandLine;
using System.Net;
using Ivy.Net.Edge;
using Ivy.Net.Polling;

namespace Ivy.Net.Examples;

internal sealed class EdgeEchoExample : IExample
{
    public string Name => "edge-echo";

    public string Summary => "The echo server with edge-triggered callbacks, fixed at compile time.";

    public string Details => "With --one-shot each direction is armed again after each call. Talk to it with `socat - TCP:127.0.0.1:7000`. Ctrl-C ends it, with a line of totals.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        var oneShot = new Option<bool>("--one-shot") { Description = "One call for each arming, in place of edges." };
        command.Options.Add(oneShot);
        command.SetAction(result => Run(address.Of(result), result.GetValue(oneShot) ? EdgeTrigger.OneShot : EdgeTrigger.Edge));
    }

    private static void Run(IPEndPoint address, EdgeTrigger trigger)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        using var edge = new EdgeLoop<EdgeClient, EdgeEcho>(new EdgeLoopOptions { Trigger = trigger }); // on that loop
        using var socket = IvSocket.Listen(address);
        socket.NoDelay = true; // connections inherit it

        // Beside the edges, an object of the loop: a listener that knows what to do when descriptors run out.
        var totals = new EdgeTotals();
        var listener = new IvListener(socket, (_, client) =>
        {
            if (edge.TryArm(client, IvBands.In | IvBands.Out, new EdgeClient { Totals = totals }, out EdgeFd<EdgeClient>? _) != IvError.None)
            {
                client.Dispose(); // the kernel watches no more descriptors
            }
        });
        listener.HandlerError = static (_, error) => Console.Error.WriteLine($"accept: {error.Describe()}");
        listener.Register();

        Console.WriteLine($"listening on {socket.LocalEndPoint} ({loop.PollMethod})");
        loop.Run();
        edge.CloseAll();
        Console.WriteLine($"{listener.Accepted} connections, {totals.Messages} messages, {totals.Bytes} bytes");
    }
}
