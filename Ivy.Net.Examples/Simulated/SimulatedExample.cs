// The server of `echo`, unchanged, on a simulated network: a hostile one, with short reads and writes, resets, lost time and
// missing descriptors. The same seed is the same run, to the last byte; try others.
//
//   dotnet run --project Ivy.Net.Examples -- simulated [--seed N]
//
// It prints a timeline in virtual time, as `   12.345 ms  client 2: round trip 1 of 4`, and at last what the server has done, and
// how often each fault was injected. It takes no time of ours.

using System.CommandLine;
using System.Net;

namespace Ivy.Net.Examples;

internal sealed class SimulatedExample : IExample
{
    private const int Clients = 4;
    private const ulong DefaultSeed = 7;

    public string Name => "simulated";

    public string Summary => "The echo server under faults, in virtual time, repeatable by seed.";

    public string Details => $"{Clients} clients talk to the server of `echo` over a network that does its worst.";

    public void AddTo(Command command)
    {
        var seed = new Option<ulong>("--seed") { Description = "What decides everything that is left to chance.", HelpName = "N", DefaultValueFactory = static _ => DefaultSeed };
        command.Options.Add(seed);
        command.SetAction(result => Run(result.GetValue(seed)));
    }

    private static void Run(ulong seed)
    {
        SimulatedNetworkOptions hostile = SimulatedNetworkOptions.Hostile
            .With(SimulatedFault.ConnectionReset, 0.02)
            .With(SimulatedFault.FailedConnect, 0.1);
        using var network = new SimulatedNetwork(seed, hostile);
        using var loop = new IvLoop(new IvLoopOptions { Network = network });
        network.Trace = happened =>
        {
            if (happened.Fault is { } fault)
            {
                Print(network, $"                        ! {fault}");
            }
        };

        var address = new IPEndPoint(IPAddress.Loopback, 7000);
        using var listener = IvSocket.Listen(address);
        var server = new EchoServer(listener);
        server.Listener.HandlerError = (_, error) => Print(network, $"server: accept: {error.Describe()}");
        server.Listener.KeepsLoopAlive = false; // when the clients are done, we are
        server.Listener.Register();
        for (int i = 1; i <= Clients; i++)
        {
            string name = $"client {i}";
            new SimulatedClient(address, text => Print(network, $"{name}: {text}")).Connect();
        }

        loop.Run();
        Console.WriteLine($"seed {seed}: {server}");
        Console.WriteLine($"faults: {network.Faults}");
    }

    private static void Print(SimulatedNetwork network, string text) =>
        Console.WriteLine($"{network.Elapsed.TotalMilliseconds,9:F3} ms  {text}");
}
