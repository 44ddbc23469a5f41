using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>The scenarios iv_fd_pump_discard and iv_fd_pump_echo on each backend, and what a relayed MiB costs in system calls.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
[NonParallelizable]
internal sealed class PumpScenarioTests(ConformanceBackend backend)
{
    private const int Clients = 5;
    private const int Much = 1_000_000;

    private static readonly Action<IvFd> Pump = static fd => Run((Connection)fd.State!);

    [Test]
    [Platform("Linux", Reason = "pipes and files as descriptors")]
    public void Discard_swallows_all_and_never_asks_to_write()
    {
        backend.Require(Need.Kernel);
        backend.Run(bench =>
        {
            int sink = Native.Open("/dev/null", 1);
            IvSocket listening = bench.Listen();
            List<Connection> connections = [];
            using var listener = new IvListener(listening, (_, peer) =>
            {
                var connection = new Connection();
                var from = new IvFd(peer) { State = connection };
                connection.Pump = new IvFdPump(from, new IvFd(sink), static (pump, wantIn, wantOut) =>
                {
                    Assert.That(wantOut, Is.False, "/dev/null never blocks");
                    pump.From.HandlerIn = wantIn ? Pump : null;
                });
                from.Register();
                connections.Add(connection);
            });
            listener.Register();
            List<StreamPeer> clients = [.. Enumerable.Range(0, Clients).Select(_ => new StreamPeer(bench.Connect(listening), Much, reads: false))];
            bench.Until(() => connections.Count == Clients && connections.TrueForAll(static item => item.HasEnded), "all are freed");
            Assert.That(connections.Select(static item => (item.Status, item.Pump.BytesOut, item.Pump.BytesSpliced)), Has.All.EqualTo((IvPumpStatus.Done, (long)Much, (long)Much)));
            clients.ForEach(static client => client.Dispose());
            Native.Close(sink);
        });
    }

    [Test]
    public void Echo_sends_all_back_though_the_client_reads_late() => backend.Run(bench =>
    {
        IvSocket listening = bench.Listen();
        List<Connection> connections = [];
        using var listener = new IvListener(listening, (_, peer) =>
        {
            var connection = new Connection();
            var fd = new IvFd(peer) { State = connection };
            connection.Pump = new IvFdPump(fd, fd, static (pump, wantIn, wantOut) =>
            {
                ((Connection?)pump.From.State)!.WaitedToWrite |= wantOut;
                pump.From.HandlerIn = wantIn ? Pump : null;
                pump.To.HandlerOut = wantOut ? Pump : null;
            })
            { RelaysEnd = true };
            fd.Register();
            connections.Add(connection);
        });
        listener.Register();

        // More than the buffers of both kernels and the pump hold, so that the echo stops until the client reads.
        const int all = 30_000_000;
        var late = new StreamPeer(bench.Connect(listening), all, reads: false);
        List<StreamPeer> clients = [.. Enumerable.Range(0, Clients).Select(_ => new StreamPeer(bench.Connect(listening), Much))];
        bench.Until(() => clients.TrueForAll(static client => client.SawEnd), "the others are served meanwhile");
        Assert.That(clients.Select(static client => client.Received), Has.All.EqualTo(Much));
        bench.Until(() => connections[0].WaitedToWrite, "it waits for the one that does not read");
        late.Reads = true;
        bench.Until(() => late.SawEnd && connections.TrueForAll(static item => item.HasEnded), "all has come back");
        Assert.That(late.Received, Is.EqualTo(all));
        Assert.That(connections.Select(static item => item.Status), Has.All.EqualTo(IvPumpStatus.Done));
        clients.ForEach(static client => client.Dispose());
        late.Dispose();
    });

    [Test]
    public void A_relayed_mebibyte_costs_few_system_calls_and_none_of_them_copies()
    {
        backend.Require(Need.Kernel, Need.Measurable);
        using var faults = new CountingFaults();
        backend.Run(bench =>
        {
            const int megabytes = 16;
            using var rig = new RelayRig(bench);

            // The peers are on threads, so that the loop's calls are the relay's alone.
            using var client = rig.Client.ToSocket();
            using var server = rig.Server.ToSocket();
            client.Blocking = server.Blocking = true;
            string sent = string.Empty;
            string received = string.Empty;
            rig.Relay.Register();
            server.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            faults.Clear();
            Action wait = LoopThread.Begin(2, number => (number == 0 ? ref sent : ref received) = number == 0 ? RandomStream.Send(client, 1, megabytes) : RandomStream.Receive(server));
            bench.Until(() => rig.HasEnded, "it ends");
            wait();
            Assert.That(received, Is.EqualTo(sent));
            TestContext.Out.WriteLine($"{faults}");

            // Two splices for what one turn finds, which is seldom less than 16 KiB; the rest is end and wait.
            Assert.That(faults[SysCall.Splice], Is.InRange(megabytes * 2, megabytes * 2 * 64 * 2));
            Assert.That(faults.Waits, Is.LessThan(faults[SysCall.Splice]));
            Assert.That(faults[SysCall.Recv] + faults[SysCall.Send] + faults[SysCall.Read] + faults[SysCall.Write], Is.Zero);
            Assert.That(faults[SysCall.Pipe2], Is.LessThanOrEqualTo(2), "one for each direction");
        });
    }

    private static void Run(Connection connection)
    {
        connection.Status = connection.Pump.Pump();
        if (connection.Status != IvPumpStatus.More)
        {
            connection.HasEnded = true;
            connection.Pump.Dispose();
            connection.Pump.From.Socket!.Dispose();
        }
    }

    private sealed class Connection
    {
        public IvFdPump Pump { get; set; } = null!;

        public IvPumpStatus Status { get; set; }

        public bool HasEnded { get; set; }

        public bool WaitedToWrite { get; set; }
    }
}
