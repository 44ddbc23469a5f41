using System.Net;
using System.Net.Sockets;

namespace Ivy.Net.Tests.Networks;

/// <summary>IvSocket runs unchanged on a simulated network: what it asks of the seam, the simulation answers.</summary>
[TestFixture]
public sealed class IvSocketOnASimulatedNetworkTests
{
    [Test]
    public void A_pair_talks_and_ends()
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(network: new SimulatedNetwork(1));
        byte[] buffer = new byte[8];
        Assert.That(first.Send("abc"u8), Is.EqualTo(IvIoResult.Ok(3)));
        Assert.That(second.Receive(buffer), Is.EqualTo(IvIoResult.Ok(3)));
        first.Dispose();
        Assert.That(second.Receive(buffer).IsEnd, Is.True);
        second.Dispose();
    }

    [Test]
    public void A_listener_has_an_address_a_text_and_options()
    {
        var network = new SimulatedNetwork(1);
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 7000), network: network);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(listener.ToString(), Is.EqualTo("tcp 127.0.0.1:7000 listening"));
            Assert.That(listener.ReuseAddress, Is.True);
            Assert.That(listener.Accept(), Is.Null);
            Assert.That(IvSocket.TryListen(new IPEndPoint(IPAddress.Loopback, 7000), out _, network: network), Is.EqualTo(IvError.EADDRINUSE));
        }

        using var again = IvSocket.FromHandle(listener.Handle, ownsHandle: false, network);
        Assert.That(again.SocketType, Is.EqualTo(SocketType.Stream));
    }
}
