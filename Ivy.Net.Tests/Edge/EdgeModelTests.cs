using System.Net;
using Ivy.Net.Edge;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Edge;

/// <summary>
/// Servers and clients that read and write as much or as little as chance says, in a hostile world: every byte comes once and in order,
/// and every connection ends once.
/// </summary>
[TestFixture(true, EdgeTrigger.Edge)]
[TestFixture(false, EdgeTrigger.Edge)]
[TestFixture(true, EdgeTrigger.OneShot)]
internal sealed class EdgeModelTests(bool hasEdges, EdgeTrigger trigger)
{
    private const int Seeds = 60;
    private const int Clients = 6;

    [Test]
    public void Bytes_and_ends_are_exact_under_faults() => Check(resets: false);

    [Test]
    public void Resets_are_told_once_and_what_came_before_them_is_a_beginning_of_what_was_sent() => Check(resets: true);

    private void Check(bool resets)
    {
        var total = new Dictionary<SimulatedFault, long>();
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            ulong number = seed;
            SimulatedNetworkOptions options = SimulatedNetworkOptions.Hostile
                .With(SimulatedFault.DescriptorExhaustion, 0)
                .With(SimulatedFault.FailedConnect, 0)
                .With(SimulatedFault.ConnectionReset, resets ? 0.004 : 0);
            var network = new SimulatedNetwork(seed, options);
            LoopThread.Elsewhere(() => new Model(network, new Random((int)number), resets).Run(hasEdges, trigger));
            foreach (SimulatedFault fault in Enum.GetValues<SimulatedFault>())
            {
                total[fault] = total.GetValueOrDefault(fault) + network.Faults[fault];
            }
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(total[SimulatedFault.ShortRead], Is.Positive);
            Assert.That(total[SimulatedFault.ShortWrite], Is.Positive);
            Assert.That(total[SimulatedFault.SpuriousReadiness], Is.Positive);
            Assert.That(total[SimulatedFault.InterruptedWait], Is.Positive);
            Assert.That(total[SimulatedFault.ConnectionReset], resets ? Is.Positive : Is.Zero);
        }
    }

    /// <summary>One end of a connection. Both send numbered bytes and end their side; a client and its server's end count alike.</summary>
    private sealed class End(Model model, int toSend)
    {
        public Model Model { get; } = model;

        public int ToSend { get; } = toSend;

        public int Sent { get; set; }

        public int Received { get; set; }

        public int Ends { get; set; }

        public int Errors { get; set; }

        public bool HasShutDown { get; set; }

        public bool PeerEnded { get; set; }
    }

    private readonly struct Chance : IEdgeCallbacks<End>
    {
        private const int Period = 251;

        public static void OnData(EdgeFd<End> fd)
        {
            End end = fd.State;
            Assert.That(end.Ends, Is.Zero, "data after the end");
            Span<byte> buffer = stackalloc byte[512];
            bool isLazy = end.Model.Random.Next(3) == 0;
            do
            {
                IvIoResult result = fd.Read(buffer[..end.Model.Random.Next(1, buffer.Length)]);
                if (!result.IsOk)
                {
                    break;
                }

                for (int i = 0; i < result.Bytes; i++, end.Received++)
                {
                    if (buffer[i] != (byte)(end.Received % Period))
                    {
                        Assert.Fail($"byte {end.Received} is not what was sent");
                    }
                }
            }
            while (!isLazy && !fd.IsDrained);

            // Of a lazy one the rest is told in a later turn.
            if (isLazy || fd.Loop.Trigger == EdgeTrigger.OneShot)
            {
                fd.ArmRead();
            }
        }

        public static void OnReady(EdgeFd<End> fd)
        {
            End end = fd.State;
            Span<byte> buffer = stackalloc byte[700];
            while (end.Sent < end.ToSend)
            {
                Span<byte> chunk = buffer[..Math.Min(end.Model.Random.Next(1, buffer.Length), end.ToSend - end.Sent)];
                for (int i = 0; i < chunk.Length; i++)
                {
                    chunk[i] = (byte)((end.Sent + i) % Period);
                }

                IvIoResult result = fd.Write(chunk);
                end.Sent += result.Bytes;
                if (result.Bytes < chunk.Length)
                {
                    break;
                }
            }

            if (end.Sent == end.ToSend && !end.HasShutDown)
            {
                end.HasShutDown = true;
                fd.Socket!.TryShutdown(System.Net.Sockets.SocketShutdown.Send);
                CloseIfOver(fd);
            }
            else if (fd.Loop.Trigger == EdgeTrigger.OneShot && end.Sent < end.ToSend)
            {
                fd.ArmWrite();
            }
        }

        public static void OnError(EdgeFd<End> fd, IvError error)
        {
            fd.State.Errors++;
            Assert.That(fd.State.Model.Resets, Is.True, $"{error}");
            Assert.That(error, Is.AnyOf(IvError.ECONNRESET, IvError.EPIPE));
            fd.Close();
        }

        public static void OnClose(EdgeFd<End> fd, EdgeCloseReason reason)
        {
            End end = fd.State;
            end.Ends++;
            end.Model.Open--;
            if (reason == EdgeCloseReason.Remote)
            {
                end.PeerEnded = true;
                CloseIfOver(fd);
            }
        }

        private static void CloseIfOver(EdgeFd<End> fd)
        {
            if (fd.State.HasShutDown && fd.State.PeerEnded)
            {
                fd.Close();
            }
        }
    }

    private sealed class Model(SimulatedNetwork network, Random random, bool resets)
    {
        private readonly List<End> _ends = [];

        public Random Random => random;

        public bool Resets => resets;

        /// <summary>Ends that have not ended.</summary>
        public int Open { get; set; }

        public void Run(bool hasEdges, EdgeTrigger trigger)
        {
            using var loop = new IvLoop(new IvLoopOptions
            {
                Network = network,
                PollMethods = [new IvPollMethod("model", () => hasEdges ? new SimulatedPoller(network) : new LevelPoller(new SimulatedPoller(network)))],
            });
            using var edge = new EdgeLoop<End, Chance>(new EdgeLoopOptions { Trigger = trigger, MaxEvents = random.Next(1, 20) });
            using var socket = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 7000));
            int accepted = 0;
            using var listener = new IvListener(socket, (_, client) =>
            {
                accepted++;
                Add(edge, client);
            });
            listener.Register();
            for (int i = 0; i < Clients; i++)
            {
                Add(edge, IvSocket.Connect(socket.LocalEndPoint!));
            }

            // An end that was reset before it was accepted is not accepted by all kernels; nobody waits for it.
            for (int rounds = 0; Open > 0 || (accepted < Clients && rounds < 10_000); rounds++)
            {
                Assert.That(rounds, Is.LessThan(200_000), () => $"stuck: {Describe()}");
                if (random.Next(4) == 0)
                {
                    edge.WaitReady(TimeSpan.FromMilliseconds(random.Next(5)));
                }

                int handled = edge.Review(TimeSpan.FromMilliseconds(50));
                Assert.That(handled, Is.InRange(0, edge.MaxEvents));
            }

            foreach (End end in _ends)
            {
                Assert.That(end.Ends, Is.EqualTo(1));
                Assert.That(end.Errors, Is.LessThanOrEqualTo(resets ? 1 : 0));
                if (!resets)
                {
                    Assert.That(end.Sent, Is.EqualTo(end.ToSend));
                }
            }

            if (!resets)
            {
                Assert.That(_ends.Sum(static end => end.Received), Is.EqualTo(_ends.Sum(static end => end.ToSend)));
            }

            edge.CloseAll();
        }

        private void Add(EdgeLoop<End, Chance> edge, IvSocket socket)
        {
            var end = new End(this, random.Next(1, 20_000));
            _ends.Add(end);
            Open++;
            edge.Arm(socket, IvBands.In | IvBands.Out, end);
        }

        private string Describe() =>
            string.Join("; ", _ends.Select(static end => $"sent {end.Sent} of {end.ToSend}, received {end.Received}, ends {end.Ends}, errors {end.Errors}, shut down {end.HasShutDown}, peer ended {end.PeerEnded}"));
    }
}
