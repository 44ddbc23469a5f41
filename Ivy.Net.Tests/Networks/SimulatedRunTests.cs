using System.Net;
using System.Text;

namespace Ivy.Net.Tests.Networks;

/// <summary>Several loops: one at a time, in an order that is the seed's.</summary>
[TestFixture]
internal sealed class SimulatedRunTests
{
    [Test]
    public void Loops_of_several_threads_talk_and_post()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            var network = new SimulatedNetwork(seed, SimulatedNetworkOptions.Hostile);
            var order = new List<int>();
            IvLoop? target = null;
            network.Run(
                ("consumer", () =>
                {
                    using var loop = new IvLoop(new IvLoopOptions { Network = network });
                    target = loop;
                    using var end = new IvEvent(static _ => { });
                    end.Register();
                    loop.RunUntil(() => order.Count == 20);
                    end.Unregister();
                }
            ),
                ("first", () => Produce(0)),
                ("second", () => Produce(100)));
            using (Assert.EnterMultipleScope())
            {
                Assert.That(order.FindAll(static item => item < 100), Is.Ordered.And.Count.EqualTo(10), $"seed {seed}");
                Assert.That(order.FindAll(static item => item >= 100), Is.Ordered.And.Count.EqualTo(10), $"seed {seed}");
            }

            void Produce(int from)
            {
                using var loop = new IvLoop(new IvLoopOptions { Network = network });
                int posted = 0;
                var timer = new IvTimer(item =>
                {
                    if (target is { } consumer && consumer.Post(state => order.Add((int)state!), from + posted))
                    {
                        posted++;
                    }

                    if (posted == 10)
                    {
                        item.Stop();
                    }
                });
                timer.Start(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
                loop.Run();
            }
        }
    }

    [Test]
    public void The_seed_decides_who_runs_when()
    {
        string first = Interleave(1, out ulong firstHash);
        string again = Interleave(1, out ulong againHash);
        var all = new HashSet<string>();
        for (ulong seed = 0; seed < 50; seed++)
        {
            all.Add(Interleave(seed, out _));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(again, Is.EqualTo(first));
            Assert.That(againHash, Is.EqualTo(firstHash));
            Assert.That(all, Has.Count.GreaterThan(25));
        }
    }

    [Test]
    public void Time_is_one_for_all_and_moves_only_while_all_wait()
    {
        var network = new SimulatedNetwork(3);
        var times = new List<TimeSpan>();
        network.Run(
            () => Sleep(network, TimeSpan.FromSeconds(3), times),
            () => Sleep(network, TimeSpan.FromSeconds(1), times),
            () => Sleep(network, TimeSpan.FromSeconds(2), times));
        Assert.That(times, Is.EqualTo(new[] { TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3) }));
    }

    [Test]
    public void What_a_body_throws_stops_all_and_comes_out_with_the_seed()
    {
        var network = new SimulatedNetwork(4711);
        bool unwound = false;
        Exception? thrown = Assert.Throws<FormatException>(() => network.Run(
            () =>
            {
                Sleep(network, TimeSpan.FromSeconds(1), []);
                throw new FormatException("the bug");
            },
            () =>
            {
                try
                {
                    Sleep(network, TimeSpan.FromDays(1), []);
                }
                finally
                {
                    unwound = true;
                }
            }));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(thrown!.Data[SimulatedNetwork.SeedKey], Is.EqualTo(4711UL));
            Assert.That(unwound, Is.True);
            Assert.That(network.Elapsed, Is.EqualTo(TimeSpan.FromSeconds(1)));
        }

        network.Run(() => unwound = false);
        Assert.That(unwound, Is.False, "and the network runs again");
    }

    [Test]
    public void Loops_that_wait_for_nothing_are_a_misuse_that_names_them_all()
    {
        var network = new SimulatedNetwork(5);
        IvFatalException? thrown = Assert.Throws<IvFatalException>(() => network.Run(
            ("server", () => WaitFor(network, 7000)),
            ("other", () => WaitFor(network, 7001))));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(thrown!.Info.Id, Is.EqualTo("IVF0080"));
            Assert.That(thrown.Message, Does.Contain("(seed 5)").And.Contain("server waits since").And.Contain("other waits since").And.Contain("descriptor 3 for In"));
            Assert.That(network.OpenDescriptors, Is.Zero, "both bodies were unwound");
        }
    }

    [Test]
    public void Whoever_is_left_waiting_when_the_last_runner_returns_is_stuck_too()
    {
        var network = new SimulatedNetwork(5);
        IvFatalException? thrown = Assert.Throws<IvFatalException>(() => network.Run(
            ("server", () => WaitFor(network, 7000)),
            ("other", () => Sleep(network, TimeSpan.FromSeconds(1), []))));
        Assert.That(thrown!.Info.Id, Is.EqualTo("IVF0080"));
    }

    [Test]
    public void A_thread_may_start_another()
    {
        var network = new SimulatedNetwork(6);
        var times = new List<TimeSpan>();
        network.Run(() =>
        {
            network.Start("child", () => Sleep(network, TimeSpan.FromSeconds(2), times));
            Sleep(network, TimeSpan.FromSeconds(1), times);
        });
        Assert.That(times, Has.Count.EqualTo(2));
    }

    [Test]
    public void Strangers_and_nested_runs_are_a_misuse()
    {
        var network = new SimulatedNetwork(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IdOf(() => network.Start("too early", static () => { })), Is.EqualTo("IVF0081"));
            Assert.That(IdOf(() => network.Run(() => network.Run(static () => { }))), Is.EqualTo("IVF0081"));
            using var loop = new IvLoop(new IvLoopOptions { Network = network });
            Assert.That(IdOf(() => network.Run(static () => { })), Is.EqualTo("IVF0081"));
        }

        network.Run(() =>
        {
            string? id = null;
            var stranger = new Thread(() => id = IdOf(() => IvSocket.CreatePair(network: network)));
            stranger.Start();
            stranger.Join();
            Assert.That(id, Is.EqualTo("IVF0081"));
        });
    }

    private static string? IdOf(Action action) => (Assert.Catch(() => action()) as IvFatalException)?.Info.Id;

    private static void Sleep(SimulatedNetwork network, TimeSpan time, List<TimeSpan> times)
    {
        using var loop = new IvLoop(new IvLoopOptions { Network = network });
        new IvTimer(_ => times.Add(network.Elapsed)).Start(time);
        loop.Run();
    }

    private static void WaitFor(SimulatedNetwork network, int port)
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, port), network: network);
        using var loop = new IvLoop(new IvLoopOptions { Network = network });
        new IvFd(listener) { HandlerIn = static _ => { } }.Register();
        loop.Run();
    }

    private static string Interleave(ulong seed, out ulong hash)
    {
        var network = new SimulatedNetwork(seed);
        var text = new StringBuilder();
        network.Run(() => Write('a'), () => Write('b'), () => Write('c'));
        hash = network.TraceHash;
        return text.ToString();

        void Write(char letter)
        {
            using var loop = new IvLoop(new IvLoopOptions { Network = network });
            var alive = new IvTimer(static _ => { });
            alive.Start(TimeSpan.FromDays(1));
            for (int i = 0; i < 10; i++)
            {
                text.Append(letter);
                loop.Run(IvRunMode.NonBlocking);
            }

            alive.Stop();
        }
    }
}
