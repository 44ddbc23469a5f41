using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
internal sealed class SimulatedUnixTests
{
    private static UnixDomainSocketEndPoint Path => new("/run/simulated.sock");

    [SetUp]
    public void NeedsTheNamesOfUnixSockets() => WineQuirks.SkipIf(WineQuirks.NoUnixSockets);

    [Test]
    public void A_path_is_missing_then_serves_then_refuses_until_it_is_unlinked()
    {
        using var sockets = new SimulatedSockets();
        using var client = IvSocket.Open(AddressFamily.Unix, SocketType.Stream, network: sockets.Network);
        Assert.That(client.TryConnect(Path), Is.EqualTo(IvError.ENOENT));
        var listener = IvSocket.Listen(Path, network: sockets.Network);
        Assert.That(client.TryConnect(Path), Is.EqualTo(IvError.None));
        listener.Dispose();
        using var late = IvSocket.Open(AddressFamily.Unix, SocketType.Stream, network: sockets.Network);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(client.TakeError(), Is.EqualTo(IvError.ECONNRESET), "it was never accepted");
            Assert.That(late.TryConnect(Path), Is.EqualTo(IvError.ECONNREFUSED));
            Assert.That(late.TryBind(Path), Is.EqualTo(IvError.EADDRINUSE));
            Assert.That(sockets.Network.UnlinkSocket(Path.Serialize()), Is.EqualTo(IvError.None));
            Assert.That(late.TryBind(Path), Is.EqualTo(IvError.None));
        }
    }

    [Test]
    public void A_full_backlog_refuses_with_EAGAIN()
    {
        using var sockets = new SimulatedSockets();
        using var listener = IvSocket.Listen(Path, new IvListenOptions { Backlog = 1 }, sockets.Network);
        var clients = new IvSocket[3];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = IvSocket.Open(AddressFamily.Unix, SocketType.Stream, network: sockets.Network);
            Assert.That(clients[i].TryConnect(Path), Is.EqualTo(i < 2 ? IvError.None : IvError.EAGAIN));
        }

        listener.Accept()!.Dispose();
        Assert.That(clients[2].TryConnect(Path), Is.EqualTo(IvError.None));
        Array.ForEach(clients, static client => client.Dispose());
    }

    [Test]
    public void Descriptors_travel_with_their_bytes_and_a_read_stops_behind_them()
    {
        using var sockets = new SimulatedSockets();
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(network: sockets.Network);
        (IvSocket carried, IvSocket other) = IvSocket.CreatePair(network: sockets.Network);
        SimulatedNetwork network = sockets.Network;
        first.Send("ab"u8);
        network.SendHandles(first.Handle, "cd"u8, [carried.Handle]);
        first.Send("ef"u8);
        nint number = carried.Handle;
        carried.Dispose();
        Assert.That(sockets.Readiness(other), Is.EqualTo(SimulatedReadiness.Out), "the message keeps the description open");
        byte[] buffer = new byte[16];
        nint[] handles = new nint[4];
        IvIoResult result = network.ReceiveHandles(second.Handle, buffer, handles, out int count, out bool truncated);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Bytes, Is.EqualTo(4));
            Assert.That(count, Is.EqualTo(1));
            Assert.That(truncated, Is.False);
            Assert.That(handles[0], Is.EqualTo(number), "the lowest free number");
            Assert.That(SimulatedSockets.Text(second), Is.EqualTo("ef"));
            Assert.That(network.Send(handles[0], "x"u8, SocketFlags.None).Bytes, Is.EqualTo(1));
            Assert.That(SimulatedSockets.Text(other), Is.EqualTo("x"));
        }

        network.Close(handles[0]);
        Assert.That(SimulatedSockets.Text(other), Is.EqualTo("end of stream"));
        first.Dispose();
        second.Dispose();
        other.Dispose();
        Assert.That(network.OpenDescriptors, Is.Zero);
    }

    [Test]
    public void Descriptors_that_nobody_takes_are_closed()
    {
        using var sockets = new SimulatedSockets();
        SimulatedNetwork network = sockets.Network;
        foreach (bool reads in new[] { true, false })
        {
            (IvSocket first, IvSocket second) = IvSocket.CreatePair(network: network);
            (IvSocket carried, IvSocket other) = IvSocket.CreatePair(network: network);
            network.SendHandles(first.Handle, "cd"u8, [carried.Handle, carried.Handle]);
            carried.Dispose();
            if (reads)
            {
                Assert.That(SimulatedSockets.Text(second), Is.EqualTo("cd"));
            }

            second.Dispose();
            Assert.That(SimulatedSockets.Text(other), Is.EqualTo("end of stream"));
            first.Dispose();
            other.Dispose();
        }
    }

    [Test]
    public void A_reader_that_does_not_read_stops_the_writer_until_a_quarter_is_left()
    {
        using var sockets = new SimulatedSockets(new SimulatedNetworkOptions { SendBufferSize = 1000 });
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(network: sockets.Network);
        byte[] bytes = new byte[700];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Send(bytes).Bytes, Is.EqualTo(700));
            Assert.That(first.Send(bytes).Bytes, Is.EqualTo(300));
            Assert.That(first.Send(bytes).WouldBlock, Is.True);
            second.Receive(bytes);
            Assert.That(sockets.Readiness(first), Is.EqualTo(SimulatedReadiness.None));
            second.Receive(bytes);
            Assert.That(sockets.Readiness(first), Is.EqualTo(SimulatedReadiness.Out));
        }

        first.Dispose();
        second.Dispose();
    }

    [Test]
    public void A_datagram_queue_that_is_full_stops_its_senders_and_a_read_lets_them_on()
    {
        using var sockets = new SimulatedSockets();
        using var receiver = IvSocket.Bind(Path, network: sockets.Network);
        using var sender = IvSocket.Open(AddressFamily.Unix, SocketType.Dgram, network: sockets.Network);
        sender.TryConnect(Path);
        int sent = 0;
        while (sender.Send("a"u8).IsOk)
        {
            sent++;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(sent, Is.EqualTo(11), "net.unix.max_dgram_qlen is 10, and one more");
            Assert.That(sockets.Readiness(sender), Is.EqualTo(SimulatedReadiness.None));
            Assert.That(SimulatedSockets.Text(receiver), Is.EqualTo("a"));
            Assert.That(sockets.Readiness(sender), Is.EqualTo(SimulatedReadiness.Out));
        }
    }
}
