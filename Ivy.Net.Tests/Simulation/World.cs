using System.Net;
using Ivy.Net.Examples;

namespace Ivy.Net.Tests.Simulation;

/// <summary>
/// One seed's world: the echo server of the examples on one loop, and on another loop clients and checks that use every
/// kind of object. Ends when all of them are done; whoever is not done after two minutes of virtual time has found a bug.
/// </summary>
internal sealed class World(ulong seed, SimulatedNetworkOptions options)
{
    public static readonly IPEndPoint ServerAddress = new(IPAddress.Loopback, 7000);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<IInhabitant> _inhabitants = [];
    private IvLoop? _serverLoop;

    public SimulatedNetwork Network { get; } = new(seed, options);

    public WorldRandom Random { get; } = new(seed * 31);

    /// <summary>The server's loop; null until it is there.</summary>
    public IvLoop? ServerLoop => _serverLoop;

    public long Echoed { get; private set; }

    public static SimulatedNetworkOptions Hostile { get; } = SimulatedNetworkOptions.Hostile;

    public void Run() => Network.Run(("server", RunServer), ("clients", RunClients));

    /// <summary>One of the checks is done.</summary>
    public void CheckIfDone()
    {
        if (_inhabitants.TrueForAll(static inhabitant => inhabitant.IsDone))
        {
            IvLoop.Current!.Quit();
        }
    }

    private void RunServer()
    {
        using var loop = new IvLoop(new IvLoopOptions { Name = "server", Network = Network, Warning = Fail });
        IvSocket? listener;
        while (IvSocket.TryListen(ServerAddress, out listener) != IvError.None)
        {
            loop.Run(TimeSpan.FromMilliseconds(1));
        }

        using (listener)
        {
            var server = new EchoServer(listener!);
            while (server.Listener.TryRegister() != IvError.None)
            {
                loop.Run(TimeSpan.FromMilliseconds(1));
            }

            _serverLoop = loop;
            loop.Run(IvRunMode.KeepAlive);
            Echoed = server.Bytes;
        }
    }

    private void RunClients()
    {
        using var loop = new IvLoop(new IvLoopOptions { Name = "clients", Network = Network, Warning = Fail });
        for (int i = 0; i < 6; i++)
        {
            _inhabitants.Add(new EchoClient(this, i));
        }

        _inhabitants.Add(new PostChecker(this));
        _inhabitants.Add(new TimerChecker(this));
        for (int i = 0; i < 4; i++)
        {
            _inhabitants.Add(new BatchChecker(this));
            _inhabitants.Add(new HangupChecker(this));
        }

        foreach (IInhabitant inhabitant in _inhabitants)
        {
            inhabitant.Start();
        }

        using var patience = new IvTimer(_ => throw new SimulationFailure($"not done after {Patience}: {string.Join("; ", _inhabitants.Where(static inhabitant => !inhabitant.IsDone))}"));
        patience.Start(Patience);
        loop.Run(IvRunMode.KeepAlive);
        _serverLoop!.Quit();
    }

    private static void Fail(string warning) => throw new SimulationFailure(warning);
}
