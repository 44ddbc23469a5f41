using System.Net;
using System.Net.Sockets;
using System.Text;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

/// <summary>The seed, the faults, the limits: what makes a simulation worth its name.</summary>
[TestFixture]
internal sealed class SimulatedNetworkTests
{
    private static readonly IPEndPoint Here = new(IPAddress.Loopback, 7000);

    // A reset ends a transfer, and is tested apart.
    private static SimulatedNetworkOptions Harmless => SimulatedNetworkOptions.Hostile.With(SimulatedFault.ConnectionReset, 0).With(SimulatedFault.FailedConnect, 0);

    [Test]
    public void The_same_seed_is_the_same_run_to_the_last_byte()
    {
        (string Text, ulong Hash) first = Record(42);
        (string Text, ulong Hash) second = Record(42);
        (string Text, ulong Hash) other = Record(43);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Text, Has.Length.GreaterThan(1000));
            Assert.That(second, Is.EqualTo(first));
            Assert.That(other.Hash, Is.Not.EqualTo(first.Hash));
            Assert.That(other.Text, Is.Not.EqualTo(first.Text));
        }
    }

    [Test]
    public void The_hash_knows_the_bytes()
    {
        ulong HashOf(byte letter)
        {
            var network = new SimulatedNetwork(1);
            (IvSocket first, IvSocket second) = IvSocket.CreatePair(network: network);
            first.Send([letter]);
            first.Dispose();
            second.Dispose();
            return network.TraceHash;
        }

        ulong once = HashOf(1);
        Assert.That(HashOf(1), Is.EqualTo(once));
        Assert.That(HashOf(2), Is.Not.EqualTo(once));
    }

    [Test]
    public void A_trace_line_says_when_who_and_what()
    {
        var lines = new List<string>();
        using var sockets = new SimulatedSockets(new SimulatedNetworkOptions { MinimumLatency = TimeSpan.FromMilliseconds(1) });
        (IvSocket client, IvSocket server) = sockets.Connect();
        sockets.Network.Trace = item => lines.Add(item.ToString());
        client.Send("abc"u8);
        sockets.Pass(TimeSpan.FromMilliseconds(2));
        Assert.That(lines[0], Does.Match(@"^\d+ 0\.\d{7}s main send \d+ 3$"));
        Assert.That(lines, Has.Some.Match(@"^\d+ 0\.\d{7}s network deliver \d+ 3$"));
        client.Dispose();
        server.Dispose();
    }

    [TestCase(SimulatedFault.ShortRead)]
    [TestCase(SimulatedFault.ShortWrite)]
    [TestCase(SimulatedFault.SpuriousReadiness)]
    [TestCase(SimulatedFault.InterruptedWait)]
    [TestCase(SimulatedFault.DescriptorExhaustion)]
    [TestCase(SimulatedFault.DelayedDelivery)]
    [TestCase(SimulatedFault.DelayedWakeup)]
    public void A_fault_is_counted_and_breaks_no_stream(SimulatedFault fault)
    {
        var network = new SimulatedNetwork(7, new SimulatedNetworkOptions { MaximumLatency = TimeSpan.FromMilliseconds(1) }.With(fault, 0.2));
        byte[] sent = Echo(network, connections: 10, out List<byte[]> echoed);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(echoed, Has.Count.EqualTo(10).And.All.EqualTo(sent));
            Assert.That(network.Faults[fault], Is.Positive);
            Assert.That(network.Faults.Total, Is.EqualTo(network.Faults[fault]), "and nothing else happened");
            Assert.That(network.Faults.ToString(), Is.EqualTo($"{fault} {network.Faults[fault]}"));
            Assert.That(network.OpenDescriptors, Is.Zero);
        }
    }

    [Test]
    public void All_of_them_together_break_no_stream()
    {
        var counts = new long[Enum.GetValues<SimulatedFault>().Length];
        for (ulong seed = 0; seed < 200; seed++)
        {
            var network = new SimulatedNetwork(seed, Harmless);
            byte[] sent = Echo(network, connections: 10, out List<byte[]> echoed);
            if (echoed.Count != 10 || echoed.Exists(item => !item.AsSpan().SequenceEqual(sent)) || network.OpenDescriptors != 0)
            {
                Assert.Fail($"seed {seed}: {echoed.Count} of 10 clients, {network.OpenDescriptors} descriptors left open, faults: {network.Faults}");
            }

            for (int i = 0; i < counts.Length; i++)
            {
                counts[i] += network.Faults[(SimulatedFault)i];
            }
        }

        // UDP is not in it, and what ends a connection is switched off.
        SimulatedFault[] absent = [SimulatedFault.ConnectionReset, SimulatedFault.FailedConnect, SimulatedFault.LostDatagram, SimulatedFault.DuplicatedDatagram, SimulatedFault.ReorderedDatagram];
        foreach (SimulatedFault fault in Enum.GetValues<SimulatedFault>())
        {
            Assert.That(counts[(int)fault], Array.IndexOf(absent, fault) >= 0 ? Is.Zero : Is.Positive, fault.ToString());
        }
    }

    [Test]
    public void A_reset_is_seen_by_both_sides()
    {
        int resets = 0;
        for (ulong seed = 0; seed < 20; seed++)
        {
            using var sockets = new SimulatedSockets(new SimulatedNetworkOptions().With(SimulatedFault.ConnectionReset, 0.1), seed);
            (IvSocket client, IvSocket server) = sockets.Connect();
            bool ended = false;
            for (int i = 0; i < 20 && !ended; i++)
            {
                ended = client.Send("a"u8).IsError;
                IvIoResult result = server.Receive(new byte[8]);
                ended |= result.IsError || result.IsEnd;
            }

            resets += ended ? 1 : 0;
            Assert.That(sockets.Network.Faults[SimulatedFault.ConnectionReset], Is.EqualTo(ended ? 1 : 0));
            Assert.That(sockets.Readiness(client) & SimulatedReadiness.Closed, Is.EqualTo(ended ? SimulatedReadiness.Closed : SimulatedReadiness.None));
            Assert.That(sockets.Readiness(server) & SimulatedReadiness.Closed, Is.EqualTo(ended ? SimulatedReadiness.Closed : SimulatedReadiness.None));
            client.Dispose();
            server.Dispose();
        }

        Assert.That(resets, Is.GreaterThan(10));
    }

    [Test]
    public void A_connect_that_fails_times_out()
    {
        using var sockets = new SimulatedSockets(new SimulatedNetworkOptions().With(SimulatedFault.FailedConnect, 1));
        using var listener = IvSocket.Listen(Here, network: sockets.Network);
        using var client = IvSocket.Connect(Here, network: sockets.Network);
        sockets.Pass(sockets.Network.Options.LongestDelay);
        Assert.That(client.TakeError(), Is.EqualTo(IvError.ETIMEDOUT));
        Assert.That(sockets.Network.Faults[SimulatedFault.FailedConnect], Is.EqualTo(1));
    }

    [Test]
    public void The_limit_of_descriptors_is_EMFILE_and_leaves_what_waits()
    {
        using var sockets = new SimulatedSockets();
        SimulatedNetwork network = sockets.Network;
        using var listener = IvSocket.Listen(Here, network: network);
        using var client = IvSocket.Connect(Here, network: network);
        network.DescriptorLimit = network.OpenDescriptors;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(listener.TryAccept(out IvSocket? none), Is.EqualTo(IvError.EMFILE));
            Assert.That(none, Is.Null);
            Assert.That(IvSocket.TryOpen(AddressFamily.InterNetwork, SocketType.Stream, out _, network: network), Is.EqualTo(IvError.EMFILE));
            Assert.That(sockets.Readiness(listener), Is.EqualTo(SimulatedReadiness.In));
        }

        network.DescriptorLimit++;
        using IvSocket? accepted = listener.Accept();
        Assert.That(accepted, Is.Not.Null);
    }

    [Test]
    public void Calls_can_take_time()
    {
        using var sockets = new SimulatedSockets(new SimulatedNetworkOptions { SystemCallCost = TimeSpan.FromMicroseconds(10) });
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(network: sockets.Network);
        for (int i = 0; i < 100; i++)
        {
            first.Send("a"u8);
        }

        Assert.That(sockets.Network.Elapsed, Is.InRange(TimeSpan.FromMicroseconds(200), TimeSpan.FromMicroseconds(1000)));
        first.Dispose();
        second.Dispose();
    }

    [Test]
    public void Options_are_copied_and_checked()
    {
        SimulatedNetworkOptions hostile = SimulatedNetworkOptions.Hostile;
        SimulatedNetworkOptions calm = hostile.With(SimulatedFault.ShortRead, 0) with { MaximumLatency = TimeSpan.FromSeconds(1) };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(hostile[SimulatedFault.ShortRead], Is.Positive);
            Assert.That(calm[SimulatedFault.ShortRead], Is.Zero);
            Assert.That(calm[SimulatedFault.ShortWrite], Is.EqualTo(hostile[SimulatedFault.ShortWrite]));
            Assert.That(calm.MaximumLatency, Is.EqualTo(TimeSpan.FromSeconds(1)));
            Assert.That(Enum.GetValues<SimulatedFault>(), Is.All.Matches<SimulatedFault>(fault => hostile[fault] > 0), "Hostile leaves no kind out");
            Assert.That(() => hostile.With(SimulatedFault.ShortRead, 1.5), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => hostile.With((SimulatedFault)99, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => hostile[(SimulatedFault)99], Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new SimulatedNetwork(1, new SimulatedNetworkOptions { SendBufferSize = 0 }), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new SimulatedNetwork(1).Faults[(SimulatedFault)99], Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new SimulatedNetwork(1).Reset(null!), Throws.ArgumentNullException);
        }
    }

    [Test]
    public void A_loop_lives_in_virtual_time()
    {
        var network = new SimulatedNetwork(1);
        using var loop = new IvLoop(new IvLoopOptions { Network = network });
        int ticks = 0;
        var timer = new IvTimer(item =>
        {
            if (++ticks == 24)
            {
                item.Stop();
            }
        });
        timer.Start(TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        loop.Run();
        Assert.That(network.Elapsed, Is.EqualTo(TimeSpan.FromDays(1)));
        Assert.That(IvNetwork.Current, Is.SameAs(network));
    }

    private static (string Text, ulong Hash) Record(ulong seed)
    {
        var network = new SimulatedNetwork(seed, Harmless);
        var text = new StringBuilder();
        network.Trace = item => text.AppendLine(item.ToString());
        Echo(network, connections: 3, out _);
        return (text.ToString(), network.TraceHash);
    }

    // An echo server and its clients on one loop; each client sends some kilobytes and reads them back.
    private static byte[] Echo(SimulatedNetwork network, int connections, out List<byte[]> echoed)
    {
        byte[] data = new byte[5000];
        new Random(1).NextBytes(data);
        List<byte[]> results = echoed = [];
        using var poller = new SimulatedPoller(network);
        IvSocket listener = Retry(() => (IvSocket.TryListen(Here, out IvSocket? socket, network: network), socket));
        var byToken = new Dictionary<ulong, (IvSocket Socket, Func<IvBands> Step)>();
        var wants = new Dictionary<ulong, IvBands>();
        var changes = new List<IvChange>();
        ulong tokens = 0;
        Watch(listener, () =>
        {
            if (listener.TryAccept(out IvSocket? accepted) == IvError.None && accepted is not null)
            {
                var pending = new Queue<byte>();
                bool ended = false;
                Watch(accepted, () =>
                {
                    ended = Serve(accepted, pending, ended);
                    return pending.Count == 0 ? IvBands.In : ended ? IvBands.Out : IvBands.In | IvBands.Out;
                });
            }

            return IvBands.In;
        });
        for (int i = 0; i < connections; i++)
        {
            IvSocket client = Retry(() => (IvSocket.TryConnect(Here, out IvSocket? socket, network: network), socket));
            int sent = 0;
            var got = new List<byte>();
            Watch(client, () =>
            {
                Ask(client, ref sent, got);
                return sent == data.Length ? IvBands.In : IvBands.In | IvBands.Out;
            });
        }

        var ready = new IvReady[4];
        while (results.Count < connections)
        {
            int count = poller.Wait([.. changes], IvTimestamp.MaxValue, ready);
            changes.Clear();
            for (int i = 0; i < count; i++)
            {
                ulong token = ready[i].Token;
                if (byToken.TryGetValue(token, out (IvSocket Socket, Func<IvBands> Step) item)
                    && item.Step() is var want && byToken.ContainsKey(token) && want != wants[token])
                {
                    changes.Add(new IvChange(item.Socket.Handle, token, wants[token], want));
                    wants[token] = want;
                }
            }
        }

        foreach ((IvSocket socket, _) in byToken.Values)
        {
            socket.Dispose();
        }

        return data;

        void Watch(IvSocket socket, Func<IvBands> step)
        {
            byToken.Add(++tokens, (socket, step));
            wants[tokens] = IvBands.In | IvBands.Out;
            poller.Add(socket.Handle, IvBands.In | IvBands.Out, tokens);
        }

        bool Serve(IvSocket socket, Queue<byte> pending, bool ended)
        {
            byte[] buffer = new byte[700];
            IvIoResult result = socket.Receive(buffer);
            for (int i = 0; i < result.Bytes; i++)
            {
                pending.Enqueue(buffer[i]);
            }

            byte[] back = [.. pending];
            int written = back.Length == 0 ? 0 : socket.Send(back).Bytes;
            for (int i = 0; i < written; i++)
            {
                pending.Dequeue();
            }

            ended |= result.IsEnd;
            if (ended && pending.Count == 0)
            {
                socket.Shutdown(SocketShutdown.Send);
                Drop(socket);
            }

            return ended;
        }

        void Ask(IvSocket socket, ref int sent, List<byte> got)
        {
            if (sent < data.Length)
            {
                sent += socket.Send(data.AsSpan(sent)).Bytes;
                if (sent == data.Length)
                {
                    socket.Shutdown(SocketShutdown.Send);
                }
            }

            byte[] buffer = new byte[900];
            IvIoResult result = socket.Receive(buffer);
            got.AddRange(buffer[..result.Bytes]);
            if (result.IsEnd)
            {
                results.Add([.. got]);
                Drop(socket);
            }
        }

        void Drop(IvSocket socket)
        {
            foreach (ulong token in byToken.Keys.ToArray())
            {
                if (byToken[token].Socket == socket)
                {
                    poller.Remove(socket.Handle, token);
                    byToken.Remove(token);
                }
            }

            socket.Dispose();
        }
    }

    // EMFILE is for once.
    private static IvSocket Retry(Func<(IvError Error, IvSocket? Socket)> open)
    {
        for (int i = 0; i < 100; i++)
        {
            (IvError error, IvSocket? socket) = open();
            if (error == IvError.None)
            {
                return socket!;
            }
        }

        throw new InvalidOperationException("EMFILE a hundred times");
    }
}
