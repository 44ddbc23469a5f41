using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>Pools in a simulation: idle times in virtual time, and any order of threads that the seed finds.</summary>
internal sealed class IvWorkPoolSimulationTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Idle_threads_end_after_their_time_and_the_least_number_stays([Range(1, 10)] int seed)
    {
        var network = new SimulatedNetwork((ulong)seed);
        List<string> log = [];
        network.Run(() =>
        {
            using var loop = new IvLoop(new IvLoopOptions { Network = network });
            var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 4, MinThreads = 1, IdleTime = 10 * Second });
            for (int i = 0; i < 4; i++)
            {
                pool.Submit(static (_, _) => { }, static (_, result) => result.ThrowIfFailed(), i);
            }

            foreach (int time in (int[])[9, 11, 100])
            {
                loop.Run((time * Second) - network.Elapsed);
                log.Add($"{pool.Threads} at {time} s");
            }

            pool.Close();
            loop.Run();
            log.Add($"{pool.Threads} in the end");
        });
        Assert.That(log, Is.EqualTo(["4 at 9 s", "1 at 11 s", "1 at 100 s", "0 in the end"]));
    }

    [Test]
    public void Work_restarts_the_idle_time_and_objects_of_work_keep_their_thread()
    {
        var network = new SimulatedNetwork(1);
        List<string> log = [];
        network.Run(() =>
        {
            using var loop = new IvLoop(new IvLoopOptions { Network = network });
            var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1, IdleTime = 10 * Second });
            pool.Submit(static (_, _) => { }, null, 0);
            loop.Run(6 * Second);
            pool.Submit(static (_, _) => { }, null, 0);
            loop.Run(6 * Second);
            log.Add($"{pool.Threads} at 12 s");
            loop.Run(6 * Second);
            log.Add($"{pool.Threads} at 18 s");

            pool.Submit((_, _) => new IvTimer(_ => log.Add($"timer at {network.Elapsed.TotalSeconds} s")).Start(50 * Second), null, 0);
            loop.Run(42 * Second);
            log.Add($"{pool.Threads} at 60 s");
            loop.Run(30 * Second);
            log.Add($"{pool.Threads} at 90 s");
            pool.Close();
            loop.Run();
        });
        Assert.That(log, Is.EqualTo(["1 at 12 s", "0 at 18 s", "1 at 60 s", "timer at 68 s", "0 at 90 s"]));
    }

    [Test]
    public void Objects_of_ThreadStart_do_not_keep_their_thread_from_ending()
    {
        var network = new SimulatedNetwork(1);
        int ticks = 0;
        network.Run(() =>
        {
            using var loop = new IvLoop(new IvLoopOptions { Network = network });
            IvTimer? tick = null;
            var pool = new IvWorkPool(new IvWorkPoolOptions
            {
                MaxThreads = 1,
                IdleTime = 10 * Second,
                ThreadStart = _ =>
                {
                    tick = new IvTimer(_ => ticks++);
                    tick.Start(Second, Second);
                },
                ThreadStop = _ => tick!.Dispose(),
            });
            pool.Submit(static (_, _) => { }, null, 0);
            loop.Run(20 * Second);
            Assert.That(pool.Threads, Is.Zero);
            pool.Close();
            loop.Run();
        });
        Assert.That(ticks, Is.InRange(9, 10));
    }

    [Test]
    public void Whatever_the_order_each_work_comes_home_once_and_the_same_seed_is_the_same_run([Range(1, 60)] int seed)
    {
        ulong first = Play((ulong)seed);
        Assert.That(Play((ulong)seed), Is.EqualTo(first));
    }

    [Test]
    public void A_failure_elsewhere_stops_workers_too()
    {
        var network = new SimulatedNetwork(1);
        Assert.That(
            () => network.Run(() =>
            {
                using var loop = new IvLoop(new IvLoopOptions { Network = network });
                var pool = new IvWorkPool();
                pool.Submit(static (_, _) => { }, static (_, _) => throw new InvalidDataException("completion"), 0);
                loop.Run();
            }),
            Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void Outside_of_Run_a_simulation_has_no_threads_for_a_pool()
    {
        var network = new SimulatedNetwork(1);
        using var loop = new IvLoop(new IvLoopOptions { Network = network });
        var pool = new IvWorkPool();
        FatalScope.Expect(FatalCondition.SimulationThread, () => pool.Submit(static (_, _) => { }, null, 0));
        Assert.That((pool.UnfinishedWork, pool.Threads), Is.EqualTo((0, 0)));
        pool.Close();
        loop.Run();
    }

    // Submits, continuations, cancellations, failures, drains, closings and disposals, as the seed has it.
    private static ulong Play(ulong seed)
    {
        var network = new SimulatedNetwork(seed);
        var random = new Random((int)seed);
        network.Run(() =>
        {
            using var loop = new IvLoop(new IvLoopOptions { Network = network });
            int submitted = 0;
            List<int> home = [];
            var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = random.Next(1, 5), MinThreads = random.Next(2), IdleTime = Second });
            using var source = new CancellationTokenSource();
            int left = 50;
            int drained = 0;
            var drive = new IvTimer(timer =>
            {
                for (int i = random.Next(6); i > 0; i--)
                {
                    int number = submitted++;
                    int kind = random.Next(5);
                    pool.Submit(
                        (kind, token) =>
                        {
                            if (kind == 1 && pool.TrySubmitContinuation(static (_, _) => { }, (_, _) => home.Add(-1), 0, token) == IvError.None)
                            {
                                submitted++;
                            }
                            else if (kind == 2)
                            {
                                throw new InvalidDataException();
                            }
                            else if (kind == 3)
                            {
                                new IvTimer(static _ => { }).Start(Second / 2);
                            }
                        },
                        (_, _) => home.Add(number),
                        kind,
                        kind == 4 ? source.Token : default);
                }

                if (--left == 25)
                {
                    source.Cancel();
                }

                if (random.Next(10) == 0)
                {
                    pool.Drain(_ => drained++);
                }

                if (left == 0)
                {
                    timer.Stop();
                    if (seed % 3 == 0)
                    {
                        pool.Dispose();
                    }
                    else
                    {
                        pool.Close();
                    }
                }
            });
            drive.Start(TimeSpan.Zero, TimeSpan.FromMilliseconds(random.Next(1, 700)));
            loop.Run();
            Assert.That(home, Has.Count.EqualTo(submitted));
            Assert.That(home.Where(static number => number >= 0), Is.Unique);
            Assert.That((pool.Threads, pool.UnfinishedWork, loop.Counters.Active), Is.EqualTo((0, 0, 0)));
        });
        return network.TraceHash;
    }
}
