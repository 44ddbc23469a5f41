using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
internal sealed class SimulatedUdpTests
{
    private static readonly IPEndPoint Here = new(IPAddress.Loopback, 5000);

    [Test]
    public void Datagrams_keep_their_boundaries_their_sender_and_lose_what_finds_no_room()
    {
        using var sockets = new SimulatedSockets();
        using var receiver = IvSocket.Bind(Here, network: sockets.Network);
        using var sender = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 5001), network: sockets.Network);
        sender.SendTo("hello"u8, Here);
        sender.SendTo("world"u8, Here);
        byte[] buffer = new byte[3];
        SocketAddress from = SocketScript.NewAddress();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(receiver.ReceiveFrom(buffer, from).Bytes, Is.EqualTo(3));
            Assert.That(Here.Create(from), Is.EqualTo(new IPEndPoint(IPAddress.Loopback, 5001)));
            Assert.That(SimulatedSockets.Text(receiver), Is.EqualTo("world"));
            Assert.That(SimulatedSockets.Text(receiver), Is.EqualTo("would block"));
        }
    }

    [Test]
    public void Batches_move_many_and_tell_of_truncation()
    {
        using var sockets = new SimulatedSockets();
        using var receiver = IvSocket.Bind(Here, network: sockets.Network);
        using var sender = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram, network: sockets.Network);
        SocketAddress to = Here.Serialize();
        var outgoing = new IvDatagram[] { new("one"u8.ToArray(), to), new("three"u8.ToArray(), to) };
        Assert.That(sender.SendMany(outgoing, out IvError error), Is.EqualTo(2));
        var incoming = new IvDatagram[] { new(new byte[4]), new(new byte[4]), new(new byte[4]) };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error, Is.EqualTo(IvError.None));
            Assert.That(receiver.ReceiveMany(incoming, out error), Is.EqualTo(2));
            Assert.That(incoming[0].IsTruncated, Is.False);
            Assert.That(incoming[1].IsTruncated, Is.True);
            Assert.That(receiver.ReceiveMany(incoming, out error), Is.Zero);
            Assert.That(error, Is.EqualTo(IvError.EAGAIN));
        }
    }

    [Test]
    public void Only_a_connected_sender_learns_that_nobody_listens()
    {
        using var sockets = new SimulatedSockets();
        using var sender = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram, network: sockets.Network);
        sender.SendTo("a"u8, Here);
        Assert.That(sockets.Readiness(sender), Is.EqualTo(SimulatedReadiness.Out));
        sender.TryConnect(Here);
        sender.Send("a"u8);
        Assert.That(sockets.Readiness(sender), Is.EqualTo(SimulatedReadiness.Out | SimulatedReadiness.Err));
        Assert.That(sender.Send("a"u8).Error, Is.EqualTo(IvError.ECONNREFUSED));
    }

    [Test]
    public void A_connected_socket_hears_its_peer_alone()
    {
        using var sockets = new SimulatedSockets();
        using var receiver = IvSocket.Bind(Here, network: sockets.Network);
        receiver.TryConnect(new IPEndPoint(IPAddress.Loopback, 5001));
        using var stranger = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 5002), network: sockets.Network);
        using var peer = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 5001), network: sockets.Network);
        stranger.SendTo("no"u8, Here);
        peer.SendTo("yes"u8, Here);
        Assert.That(SimulatedSockets.Text(receiver), Is.EqualTo("yes"));
        Assert.That(SimulatedSockets.Text(receiver), Is.EqualTo("would block"));
    }

    [Test]
    public void Groups_get_a_copy_for_each_member()
    {
        using var sockets = new SimulatedSockets();
        var group = IPAddress.Parse("239.1.2.3");
        using var member = IvSocket.Bind(new IPEndPoint(IPAddress.Any, 5000), network: sockets.Network);
        using var sender = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram, network: sockets.Network);
        sender.SendTo("too early"u8, new IPEndPoint(group, 5000));
        member.JoinGroup(group);
        sender.SendTo("now"u8, new IPEndPoint(group, 5000));
        Assert.That(SimulatedSockets.Text(member), Is.EqualTo("now"));
        Assert.That(SimulatedSockets.Text(member), Is.EqualTo("would block"));
    }

    [Test]
    public void Broadcast_needs_permission()
    {
        using var sockets = new SimulatedSockets();
        using var receiver = IvSocket.Bind(new IPEndPoint(IPAddress.Any, 5000), network: sockets.Network);
        using var sender = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram, network: sockets.Network);
        Assert.That(sender.SendTo("a"u8, new IPEndPoint(IPAddress.Broadcast, 5000)).Error, Is.EqualTo(IvError.EACCES));
        sender.Broadcast = true;
        Assert.That(sender.SendTo("a"u8, new IPEndPoint(IPAddress.Broadcast, 5000)).IsOk, Is.True);
        Assert.That(SimulatedSockets.Text(receiver), Is.EqualTo("a"));
    }

    [Test]
    public void Order_and_number_are_kept_unless_a_fault_has_it_otherwise()
    {
        string perfect = Exchange(new SimulatedNetworkOptions { MaximumLatency = TimeSpan.FromMilliseconds(9) }, out SimulatedFaultCounts none);
        string hostile = Exchange(
            new SimulatedNetworkOptions { MaximumLatency = TimeSpan.FromMilliseconds(9) }
                .With(SimulatedFault.LostDatagram, 0.1).With(SimulatedFault.DuplicatedDatagram, 0.1).With(SimulatedFault.ReorderedDatagram, 0.1),
            out SimulatedFaultCounts faults);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(perfect, Has.Length.EqualTo(100));
            Assert.That(perfect, Is.Ordered);
            Assert.That(none.Total, Is.Zero);
            Assert.That(hostile, Is.Not.Ordered);
            Assert.That(faults[SimulatedFault.LostDatagram], Is.Positive);
            Assert.That(faults[SimulatedFault.DuplicatedDatagram], Is.Positive);
            Assert.That(faults[SimulatedFault.ReorderedDatagram], Is.Positive);
            Assert.That(hostile, Has.Length.EqualTo(100 - faults[SimulatedFault.LostDatagram] + faults[SimulatedFault.DuplicatedDatagram]));
        }
    }

    private static string Exchange(SimulatedNetworkOptions options, out SimulatedFaultCounts faults)
    {
        using var sockets = new SimulatedSockets(options);
        using var receiver = IvSocket.Bind(Here, network: sockets.Network);
        using var sender = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram, network: sockets.Network);
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < 200; i++)
        {
            if (i < 100)
            {
                sender.SendTo([(byte)(i + 1)], Here);
            }

            sockets.Pass(TimeSpan.FromMilliseconds(2));
            while (SimulatedSockets.Text(receiver) is { Length: 1 } letter)
            {
                text.Append(letter);
            }
        }

        faults = sockets.Network.Faults;
        return text.ToString();
    }
}
