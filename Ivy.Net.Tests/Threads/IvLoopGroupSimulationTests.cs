using System.Net;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>Groups on a simulated network: repeatable, in virtual time, under faults.</summary>
[NonParallelizable] // many threads that pass one baton
internal sealed class IvLoopGroupSimulationTests
{
    private const int Seeds = 100;

    [Test]
    public void Drain_and_moves_are_right_under_faults_for_many_seeds([Values] IvAcceptMode mode)
    {
        long echoed = 0;
        long drained = 0;
        long aborted = 0;
        long moved = 0;
        int failed = 0;
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new GroupWorld(seed, mode);
            try
            {
                world.Run();
                if (world.FailedToStart)
                {
                    failed++;
                    continue;
                }

                IvLoopGroupCounters counters = world.Counters;
                using (Assert.EnterMultipleScope())
                {
                    Assert.That(counters.Connections, Is.Zero);
                    Assert.That(counters.Added, Is.Zero);
                    Assert.That(counters.MovedIn, Is.EqualTo(counters.MovedOut));
                    Assert.That(counters.Drained + counters.Aborted, Is.LessThanOrEqualTo(counters.Accepted));
                    Assert.That(world.Result with { DrainTime = default }, Is.EqualTo(new IvLoopGroupResult(counters.Accepted, counters.Drained, counters.Aborted, default)));

                    // A loop is late by what a wakeup may be delayed, a few times over.
                    Assert.That(world.Result.DrainTime, Is.LessThan(TimeSpan.FromSeconds(0.5) + TimeSpan.FromMilliseconds(400)));
                }

                echoed += world.Echoed;
                drained += counters.Drained;
                aborted += counters.Aborted;
                moved += counters.MovedIn;
            }
            catch (Exception failure)
            {
                throw new AssertionException($"{mode}, seed {seed}: {failure}", failure);
            }
        }

        TestContext.Out.WriteLine($"{mode}: {echoed} bytes, {moved} moves, {drained} drained, {aborted} aborted, {failed} of {Seeds} failed to start");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(echoed, Is.GreaterThan(Seeds * 5000));
            Assert.That(moved, Is.GreaterThan(Seeds * 10));
            Assert.That(drained, Is.Positive);
            Assert.That(aborted, Is.GreaterThan(Seeds));
            Assert.That(failed, Is.InRange(1, Seeds / 2), "running out of descriptors at the start is among it");
        }
    }

    [Test]
    public void Same_seed_is_the_same_run([Values] IvAcceptMode mode)
    {
        for (ulong seed = 0; seed < 10; seed++)
        {
            var one = new GroupWorld(seed, mode);
            var other = new GroupWorld(seed, mode);
            one.Run();
            other.Run();
            Assert.That(other.Network.TraceHash, Is.EqualTo(one.Network.TraceHash), $"seed {seed}");
            Assert.That(other.Result, Is.EqualTo(one.Result));
        }
    }

    [Test]
    public void Perfect_network_serves_on_all_loops_in_each_mode([Values] IvAcceptMode mode)
    {
        var world = new GroupWorld(1, mode, new SimulatedNetworkOptions());
        world.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(world.Echoed, Is.EqualTo(12 * 1500));
            Assert.That(world.PerLoop, Is.All.Positive);
            Assert.That(world.Result, Is.EqualTo(new IvLoopGroupResult(12, 0, 4, TimeSpan.FromSeconds(0.5))), "to the tick, in virtual time");
        }
    }

    [Test]
    public void Round_robin_is_round_in_the_simulation_too()
    {
        using var network = new SimulatedNetwork(5);
        var order = new List<int>();
        network.Run(() =>
        {
            using var group = new IvLoopGroup(new IvLoopGroupOptions { Count = 3, Network = network });
            EndPoint address = group.Listen(
                new IPEndPoint(IPAddress.Loopback, 0),
                (member, socket) =>
                {
                    order.Add(member.Index);
                    socket.Dispose();
                    if (order.Count == 7)
                    {
                        group.Stop();
                    }
                },
                IvAcceptMode.RoundRobin);
            group.HandlerSetup = member =>
            {
                if (member.Index == 0)
                {
                    int left = 7;
                    new IvTimer(timer =>
                    {
                        new IvFd(IvSocket.Connect(address)) { HandlerIn = static fd => fd.Socket!.Dispose() }.Register();
                        if (--left == 0)
                        {
                            timer.Stop();
                        }
                    }).Start(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
                }
            };
            Assert.That(group.Run().Accepted, Is.EqualTo(7));
        });
        Assert.That(order, Is.EqualTo([0, 1, 2, 0, 1, 2, 0]));
    }

    [Test]
    public void Exception_on_a_loop_comes_out_of_run_with_the_seed_s_virtual_drain_time()
    {
        using var network = new SimulatedNetwork(1);
        network.Run(() =>
        {
            using var group = new IvLoopGroup(new IvLoopGroupOptions { Count = 3, Network = network, DrainTimeout = TimeSpan.FromSeconds(5) });
            group.HandlerSetup = member =>
            {
                (IvSocket near, _) = IvSocket.CreatePair(network: network);
                member.Add(near); // nobody will close it
                if (member.Index == 2)
                {
                    new IvTimer(static _ => throw new InvalidOperationException("after an hour")).Start(TimeSpan.FromHours(1));
                }
            };
            Assert.That(() => group.Run(), Throws.InvalidOperationException.With.Message.EqualTo("after an hour"));
            Assert.That(group.Counters.Aborted, Is.EqualTo(3));
            Assert.That(network.Elapsed, Is.EqualTo(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(5)));
        });
    }

    [Test]
    public void Thread_with_a_loop_serves_it_while_it_waits()
    {
        using var network = new SimulatedNetwork(1);
        network.Run(() =>
        {
            using var loop = new IvLoop(new IvLoopOptions { Network = network });
            using var group = new IvLoopGroup(new IvLoopGroupOptions { Count = 2 });
            Assert.That(group.Network, Is.SameAs(network), "that of the thread's loop");
            int ticks = 0;
            var timer = new IvTimer(_ =>
            {
                if (++ticks == 10)
                {
                    group.Stop();
                }
            });
            timer.Start(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
            group.Run();
            Assert.That(ticks, Is.EqualTo(10));
            timer.Stop();
        });
    }

    [Test]
    public void Outside_of_the_simulation_s_run_it_is_a_misuse()
    {
        using var network = new SimulatedNetwork(1);
        using var group = new IvLoopGroup(new IvLoopGroupOptions { Count = 2, Network = network });
        FatalScope.Expect(FatalCondition.SimulationThread, group.Start);
        Assert.That(group.ToString(), Does.EndWith("(2 loops, ended)"));
    }
}
