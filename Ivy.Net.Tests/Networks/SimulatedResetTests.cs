using System.Net;

namespace Ivy.Net.Tests.Networks;

/// <summary>A reset by the network is seen by both sides, by the other one as soon as it has arrived.</summary>
internal sealed class SimulatedResetTests
{
    [TestCase(0)]
    [TestCase(1)]
    public void A_reset_reaches_the_other_side_over_a_wire_with_latency(int milliseconds)
    {
        var latency = TimeSpan.FromMilliseconds(milliseconds);
        using var network = new SimulatedNetwork(1, new SimulatedNetworkOptions { MinimumLatency = latency, MaximumLatency = latency });
        using var loop = new IvLoop(new IvLoopOptions { Network = network });
        using IvSocket listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 7000));
        using IvSocket client = IvSocket.Connect(new IPEndPoint(IPAddress.Loopback, 7000));
        IvSocket? server = null;
        using var accept = new IvListener(listener, (_, accepted) => server = accepted);
        accept.Register();
        loop.RunUntil(() => server is not null);
        accept.Unregister();

        using var watched = new IvFd(server!) { HandlerIn = static fd => fd.Unregister() };
        watched.Register();
        network.Reset(client);
        loop.Run();

        Assert.That(server!.Receive(new byte[1]).Error, Is.EqualTo(IvError.ECONNRESET));
        server.Dispose();
    }
}
