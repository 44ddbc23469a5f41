using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

/// <summary>What the differential tests can't ask the kernel: latency, full windows, lost connections.</summary>
[TestFixture]
internal sealed class SimulatedTcpTests
{
    private static readonly SimulatedNetworkOptions Slow = new() { MinimumLatency = TimeSpan.FromMilliseconds(10), MaximumLatency = TimeSpan.FromMilliseconds(10) };
    private static readonly SimulatedNetworkOptions Jittery = new() { MinimumLatency = TimeSpan.Zero, MaximumLatency = TimeSpan.FromMilliseconds(10) };

    private static IPEndPoint At(string address, int port) => new(IPAddress.Parse(address), port);

    [Test]
    public void A_connection_takes_a_round_trip_and_the_listener_half_of_one_more()
    {
        using var sockets = new SimulatedSockets(Slow);
        using var listener = IvSocket.Listen(At("127.0.0.1", 7000), network: sockets.Network);
        using var client = IvSocket.Connect(At("127.0.0.1", 7000), network: sockets.Network);
        Assert.That(sockets.Readiness(client), Is.EqualTo(SimulatedReadiness.None));
        sockets.Pass(TimeSpan.FromMilliseconds(20));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sockets.Readiness(client), Is.EqualTo(SimulatedReadiness.Out));
            Assert.That(sockets.Readiness(listener), Is.EqualTo(SimulatedReadiness.None));
        }

        sockets.Pass(TimeSpan.FromMilliseconds(10));
        Assert.That(sockets.Readiness(listener), Is.EqualTo(SimulatedReadiness.In));
    }

    [Test]
    public void Data_and_the_end_arrive_after_the_latency()
    {
        using var sockets = new SimulatedSockets(Slow);
        (IvSocket client, IvSocket server) = sockets.Connect();
        client.Send("abc"u8);
        client.Dispose();
        Assert.That(SimulatedSockets.Text(server), Is.EqualTo("would block"));
        sockets.Pass(TimeSpan.FromMilliseconds(10));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(SimulatedSockets.Text(server), Is.EqualTo("abc"));
            Assert.That(SimulatedSockets.Text(server), Is.EqualTo("end of stream"));
        }

        server.Dispose();
        Assert.That(sockets.Network.OpenDescriptors, Is.Zero);
    }

    [Test]
    public void Bytes_keep_their_order_whatever_the_latencies_are()
    {
        using var sockets = new SimulatedSockets(Jittery);
        (IvSocket client, IvSocket server) = sockets.Connect();
        string sent = string.Empty;
        string got = string.Empty;
        for (char letter = 'a'; letter <= 'z'; letter++)
        {
            client.Send([(byte)letter]);
            sent += letter;
            sockets.Pass(TimeSpan.FromMilliseconds(1));
        }

        sockets.Pass(TimeSpan.FromMilliseconds(20));
        while (SimulatedSockets.Text(server) is { Length: > 0 } part && part != "would block")
        {
            got += part;
        }

        Assert.That(got, Is.EqualTo(sent));
        client.Dispose();
        server.Dispose();
    }

    [Test]
    public void A_reader_that_does_not_read_stops_the_writer_and_a_read_lets_it_on()
    {
        using var sockets = new SimulatedSockets(new SimulatedNetworkOptions { SendBufferSize = 1000, ReceiveBufferSize = 500 });
        (IvSocket client, IvSocket server) = sockets.Connect();
        byte[] bytes = new byte[4000];
        Assert.That(client.Send(bytes).Bytes, Is.EqualTo(1000));

        // 500 of them have gone over, and left room here.
        Assert.That(client.Send(bytes).Bytes, Is.EqualTo(500));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(client.Send(bytes).WouldBlock, Is.True);
            Assert.That(sockets.Readiness(client), Is.EqualTo(SimulatedReadiness.None));
            Assert.That(server.Receive(bytes).Bytes, Is.EqualTo(500));
            Assert.That(sockets.Readiness(client), Is.EqualTo(SimulatedReadiness.Out));
            Assert.That(server.Receive(bytes).Bytes, Is.EqualTo(500));
            Assert.That(server.Receive(bytes).Bytes, Is.EqualTo(500));
            Assert.That(server.Receive(bytes).WouldBlock, Is.True);
        }

        client.Dispose();
        server.Dispose();
    }

    [Test]
    public void The_end_waits_behind_data_that_finds_no_room_and_a_reset_does_not()
    {
        using var sockets = new SimulatedSockets(new SimulatedNetworkOptions { SendBufferSize = 1000, ReceiveBufferSize = 500 });
        (IvSocket client, IvSocket server) = sockets.Connect();
        byte[] bytes = new byte[4000];
        client.Send(bytes);
        client.Shutdown(SocketShutdown.Send);
        Assert.That(sockets.Readiness(server), Is.EqualTo(SimulatedReadiness.In | SimulatedReadiness.Out));
        sockets.Network.Reset(client);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(client.TakeError(), Is.EqualTo(IvError.ECONNRESET));
        }

        sockets.Pass(TimeSpan.FromMilliseconds(1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Receive(bytes).Bytes, Is.EqualTo(500));
            Assert.That(server.Receive(bytes).Error, Is.EqualTo(IvError.ECONNRESET));
            Assert.That(server.Receive(bytes).IsEnd, Is.True);
        }

        client.Dispose();
        server.Dispose();
    }

    [Test]
    public void Closing_with_unread_data_resets_the_peer()
    {
        using var sockets = new SimulatedSockets(Slow);
        (IvSocket client, IvSocket server) = sockets.Connect();
        client.Send("abc"u8);
        sockets.Pass(TimeSpan.FromMilliseconds(20));
        server.Dispose();
        sockets.Pass(TimeSpan.FromMilliseconds(10));
        Assert.That(SimulatedSockets.Text(client), Does.StartWith("ECONNRESET"));
        client.Dispose();
    }

    [Test]
    public void Data_for_a_socket_that_has_closed_is_answered_by_a_reset()
    {
        using var sockets = new SimulatedSockets(Slow);
        (IvSocket client, IvSocket server) = sockets.Connect();
        server.Dispose();
        sockets.Pass(TimeSpan.FromMilliseconds(10));
        Assert.That(client.Send("abc"u8).IsOk, Is.True);
        sockets.Pass(TimeSpan.FromMilliseconds(20));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(client.Send("abc"u8).Error, Is.EqualTo(IvError.EPIPE));
            Assert.That(SimulatedSockets.Text(client), Is.EqualTo("end of stream"));
        }

        client.Dispose();
    }

    [Test]
    public void A_full_backlog_lets_clients_wait_and_come_in_when_there_is_room()
    {
        using var sockets = new SimulatedSockets();
        using var listener = IvSocket.Listen(At("127.0.0.1", 7000), new IvListenOptions { Backlog = 1 }, sockets.Network);
        var clients = new IvSocket[3];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = IvSocket.Connect(At("127.0.0.1", 7000), network: sockets.Network);
        }

        Assert.That(sockets.Readiness(clients[1]), Is.EqualTo(SimulatedReadiness.Out));
        Assert.That(sockets.Readiness(clients[2]), Is.EqualTo(SimulatedReadiness.None), "the SYN was dropped");
        listener.Accept()!.Dispose();
        sockets.Pass(TimeSpan.FromSeconds(1));
        Assert.That(sockets.Readiness(clients[2]), Is.EqualTo(SimulatedReadiness.Out), "the SYN was sent again");
        Array.ForEach(clients, static client => client.Dispose());
    }

    [Test]
    public void Whoever_waits_at_a_listener_that_closes_is_reset()
    {
        using var sockets = new SimulatedSockets(Slow);
        var listener = IvSocket.Listen(At("127.0.0.1", 7000), network: sockets.Network);
        using var early = IvSocket.Connect(At("127.0.0.1", 7000), network: sockets.Network);
        sockets.Pass(TimeSpan.FromMilliseconds(30));
        using var late = IvSocket.Connect(At("127.0.0.1", 7000), network: sockets.Network);
        sockets.Pass(TimeSpan.FromMilliseconds(15));
        listener.Dispose();
        sockets.Pass(TimeSpan.FromMilliseconds(50));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(early.TakeError(), Is.EqualTo(IvError.ECONNRESET));
            Assert.That(late.TakeError(), Is.EqualTo(IvError.ECONNRESET).Or.EqualTo(IvError.ECONNREFUSED));
        }
    }

    [Test]
    public void A_partition_holds_a_stream_back_and_times_new_connections_out()
    {
        using var sockets = new SimulatedSockets(Slow);
        (IvSocket client, IvSocket server) = sockets.Connect();
        sockets.Network.Partition(IPAddress.Loopback, IPAddress.Loopback);
        client.Send("abc"u8);
        using var other = IvSocket.Connect(At("127.0.0.1", 7001), network: sockets.Network);
        sockets.Pass(TimeSpan.FromSeconds(60));
        Assert.That(SimulatedSockets.Text(server), Is.EqualTo("would block"));
        sockets.Pass(TimeSpan.FromSeconds(68));
        Assert.That(other.TakeError(), Is.EqualTo(IvError.ETIMEDOUT));
        sockets.Network.Heal();
        Assert.That(SimulatedSockets.Text(server), Is.EqualTo("abc"));
        client.Dispose();
        server.Dispose();
    }

    [Test]
    public void Hosts_have_addresses_and_only_those_that_are_cut_off_are()
    {
        using var sockets = new SimulatedSockets();
        using var listener = IvSocket.Listen(At("10.0.0.1", 80), network: sockets.Network);
        using var near = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream, network: sockets.Network);
        using var far = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream, network: sockets.Network);
        near.Bind(At("10.0.0.2", 0));
        far.Bind(At("10.0.0.3", 0));
        sockets.Network.Partition(IPAddress.Parse("10.0.0.3"), IPAddress.Parse("10.0.0.1"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(near.TryConnect(At("10.0.0.1", 80)), Is.EqualTo(IvError.None), "under way");
            Assert.That(far.TryConnect(At("10.0.0.1", 80)), Is.EqualTo(IvError.None), "under way");
            Assert.That(sockets.Readiness(near), Is.EqualTo(SimulatedReadiness.Out));
            Assert.That(sockets.Readiness(far), Is.EqualTo(SimulatedReadiness.None));
            Assert.That(near.RemoteEndPoint, Is.EqualTo(At("10.0.0.1", 80)));
        }

        using var foreign = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream, network: sockets.Network);
        Assert.That(foreign.TryBind(At("8.8.8.8", 0)), Is.EqualTo(IvError.EADDRNOTAVAIL));
        Assert.That(foreign.TryConnect(At("8.8.8.8", 80)), Is.EqualTo(IvError.ENETUNREACH));
    }

    [Test]
    public void Ports_conflict_by_address_and_are_shared_by_reuse()
    {
        using var sockets = new SimulatedSockets();
        using var any = IvSocket.Listen(At("0.0.0.0", 80), network: sockets.Network);
        Assert.That(IvSocket.TryListen(At("127.0.0.1", 80), out _, network: sockets.Network), Is.EqualTo(IvError.EADDRINUSE));
        Assert.That(IvSocket.TryListen(At("::", 80), out _, network: sockets.Network), Is.EqualTo(IvError.EADDRINUSE));
        var options = new IvListenOptions { ReusePort = true };
        using var first = IvSocket.Listen(At("127.0.0.1", 81), options, sockets.Network);
        using var second = IvSocket.Listen(At("127.0.0.1", 81), options, sockets.Network);
        int ofFirst = 0;
        for (int i = 0; i < 100; i++)
        {
            IvSocket.Connect(At("127.0.0.1", 81), network: sockets.Network).Dispose();
            using IvSocket? accepted = first.Accept();
            using IvSocket? other = second.Accept();
            ofFirst += accepted is null ? 0 : 1;
            Assert.That(accepted is null, Is.Not.EqualTo(other is null));
        }

        Assert.That(ofFirst, Is.InRange(20, 80), "a hash spreads the connections");
    }

    [Test]
    public void What_is_left_of_a_connect_that_was_dissolved_does_not_touch_the_next()
    {
        for (int late = 0; late < 40; late += 5)
        {
            using var sockets = new SimulatedSockets(Slow);
            using var listener = IvSocket.Listen(At("127.0.0.1", 7000), network: sockets.Network);
            using var client = IvSocket.Connect(At("127.0.0.1", 7000), network: sockets.Network);
            sockets.Pass(TimeSpan.FromMilliseconds(late));
            var unspecified = new SocketAddress(AddressFamily.Unspecified, 16);
            Assert.That(sockets.Network.Connect(client.Handle, unspecified), Is.EqualTo(IvError.None));
            Assert.That(client.TryConnect(At("127.0.0.1", 7000)), Is.EqualTo(IvError.None), "under way");
            sockets.Pass(TimeSpan.FromMilliseconds(100));
            client.Send("abc"u8);
            sockets.Pass(TimeSpan.FromMilliseconds(100));
            var answers = new List<string>();
            while (listener.Accept() is { } accepted)
            {
                answers.Add(SimulatedSockets.Text(accepted));
                accepted.Dispose();
            }

            Assert.That(answers[^1], Is.EqualTo("abc"), $"dissolved after {late} ms");
            Assert.That(answers, Has.Count.LessThanOrEqualTo(2));
        }
    }

    [Test]
    public void A_dual_stack_listener_shows_ipv4_peers_as_mapped()
    {
        using var sockets = new SimulatedSockets();
        using var listener = IvSocket.Listen(At("::", 80), network: sockets.Network);
        using var client = IvSocket.Connect(At("127.0.0.1", 80), network: sockets.Network);
        using IvSocket accepted = listener.Accept()!;
        Assert.That(((IPEndPoint)accepted.RemoteEndPoint!).Address.IsIPv4MappedToIPv6, Is.True);
    }

    [Test]
    public void Urgent_data_goes_beside_the_stream_and_is_announced()
    {
        using var sockets = new SimulatedSockets();
        (IvSocket client, IvSocket server) = sockets.Connect();
        byte[] buffer = new byte[8];
        client.Send("ab!"u8, SocketFlags.OutOfBand);
        Assert.That(sockets.Readiness(server) & SimulatedReadiness.Pri, Is.EqualTo(SimulatedReadiness.Pri));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Receive(buffer, SocketFlags.OutOfBand).Bytes, Is.EqualTo(1));
            Assert.That(buffer[0], Is.EqualTo((byte)'!'));
            Assert.That(SimulatedSockets.Text(server), Is.EqualTo("ab"));
            Assert.That(server.Receive(buffer, SocketFlags.OutOfBand).Error, Is.EqualTo(IvError.EINVAL));
            Assert.That(sockets.Readiness(server) & SimulatedReadiness.Pri, Is.EqualTo(SimulatedReadiness.None));
        }

        client.Dispose();
        server.Dispose();
    }
}
