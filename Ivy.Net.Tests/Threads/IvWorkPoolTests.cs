using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>O1 to O3 and the scenario of iv_work_test: work on threads, completions at home.</summary>
[TestFixtureSource(nameof(Backends))]
internal sealed class IvWorkPoolTests(ConformanceBackend backend)
{
    private readonly List<string> _log = [];

    private static IEnumerable<ConformanceBackend> Backends => ConformanceBackend.OfTheKernel;

    [SetUp]
    public void Forget() => _log.Clear();

    [Test]
    public void Four_of_a_pool_of_eight_run_at_once_and_all_come_home_after_the_pool_was_closed() => backend.Run(bench =>
    {
        const int count = 4;
        using var gate = new Gate(count);
        int done = 0;
        var pool = new IvWorkPool(Options(bench, max: 8));
        for (int i = 0; i < count; i++)
        {
            pool.Submit(
                static (gate, _) => gate.SignalAndWait(),
                (_, result) =>
                {
                    Assert.That(result.IsOk, Is.True, result.ToString());
                    Assert.That(bench.Loop.IsOnThread, Is.True);
                    if (++done == 1)
                    {
                        pool.Close();
                    }
                },
                gate);
        }

        Assert.That(bench.Loop.Counters.WorkPools, Is.EqualTo(1));
        bench.Loop.Run();
        Assert.That(done, Is.EqualTo(count));
        Assert.That((pool.IsRegistered, pool.Threads, pool.UnfinishedWork), Is.EqualTo((false, 0, 0)));
        Assert.That(bench.Loop.Counters.WorkPools, Is.Zero);
    });

    [TestCase(2)]
    [TestCase(4)]
    [TestCase(8)]
    public void O3_A_burst_runs_on_as_many_threads_whether_they_have_to_be_started_or_are_idle(int count) => backend.Run(bench =>
    {
        using var gate = new Gate(count);
        var pool = new IvWorkPool(Options(bench, max: count));
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < count; i++)
            {
                pool.Submit(static (gate, _) => gate.SignalAndWait(), static (_, result) => result.ThrowIfFailed(), gate);
            }

            bench.Until(() => pool.UnfinishedWork == 0, "all is done");
            Wait.For(() => pool.IdleThreads == count);
        }

        Assert.That(pool.Threads, Is.EqualTo(count));
        pool.Close();
        bench.Loop.Run();
    });

    [Test]
    public void O3_A_burst_onto_some_idle_threads_starts_the_others() => backend.Run(bench =>
    {
        const int idle = 2;
        const int count = 6;
        using var small = new Gate(idle);
        using var large = new Gate(count);
        var pool = new IvWorkPool(Options(bench, max: count));
        Submit(pool, small, idle);
        bench.Until(() => pool.UnfinishedWork == 0, "two at once");
        Wait.For(() => pool.IdleThreads == idle);
        Submit(pool, large, count);
        bench.Until(() => pool.UnfinishedWork == 0, "six at once");
        Assert.That(pool.Threads, Is.EqualTo(count));
        pool.Close();
        bench.Loop.Run();

        static void Submit(IvWorkPool pool, Gate gate, int count)
        {
            for (int i = 0; i < count; i++)
            {
                pool.Submit(static (gate, _) => gate.SignalAndWait(), static (_, result) => result.ThrowIfFailed(), gate);
            }
        }
    });

    [Test]
    public void O1_Completions_come_in_the_order_in_which_work_ends() => backend.Run(bench =>
    {
        using var first = new ManualResetEventSlim();
        var pool = new IvWorkPool(Options(bench, max: 2));
        pool.Submit(static (gate, token) => gate.Wait(token), (_, _) => _log.Add("submitted first"), first);
        pool.Submit(
            static (_, _) => { },
            (gate, _) =>
            {
                _log.Add("submitted second");
                gate.Set();
            },
            first);
        pool.Close();
        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["submitted second", "submitted first"]));
    });

    [Test]
    public void O1_One_thread_works_first_come_first_served() => backend.Run(bench =>
    {
        const int count = 1000;
        List<int> worked = [];
        List<int> completed = [];
        var pool = new IvWorkPool(Options(bench, max: 1));
        for (int i = 0; i < count; i++)
        {
            pool.Submit((number, _) => worked.Add(number), (number, _) => completed.Add(number), i);
        }

        pool.Close();
        bench.Loop.Run();
        Assert.That(worked, Is.EqualTo(Enumerable.Range(0, count)));
        Assert.That(completed, Is.EqualTo(worked));
    });

    [Test]
    public void O1_Closing_runs_all_that_is_queued_and_then_tells_once() => backend.Run(bench =>
    {
        using var gate = new ManualResetEventSlim();
        int done = 0;
        var pool = new IvWorkPool(Options(bench, max: 1))
        {
            HandlerClosed = pool =>
            {
                _log.Add($"closed, {done} done, {pool.Threads} threads");
                Assert.That(pool.IsRegistered, Is.False);
                pool.Dispose();
            },
        };
        pool.Submit(static (gate, token) => gate.Wait(token), (_, _) => done++, gate);
        for (int i = 0; i < 10; i++)
        {
            pool.Submit(static (_, _) => { }, (_, _) => done++, i);
        }

        pool.Close();
        pool.Close();
        Assert.That(pool.IsClosed, Is.True);
        Assert.That(pool.QueuedWork, Is.GreaterThanOrEqualTo(10));
        gate.Set();
        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["closed, 11 done, 0 threads"]));
    });

    [Test]
    public void A_pool_that_never_had_work_closes_at_once() => backend.Run(bench =>
    {
        var pool = new IvWorkPool(Options(bench)) { HandlerClosed = _ => _log.Add("closed") };
        pool.Close();
        Assert.That(_log, Is.Empty, "never inside of Close");
        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["closed"]));
        Assert.That(pool.Threads, Is.Zero);
    });

    [Test]
    public void O1_Without_a_pool_the_work_runs_here_from_a_task() => backend.Run(bench =>
    {
        IvWorkPool.SubmitOrRun(null, (_, _) => _log.Add($"work {bench.Loop.IsOnThread}"), (state, result) => _log.Add($"{state} {result.IsOk}"), "done");
        IvWorkPool.SubmitOrRun(null, (_, _) => throw new InvalidDataException("x"), (state, result) => _log.Add($"{state} {result.Exception!.Message}"), "failed");
        IvWorkPool.SubmitOrRun(null, (_, _) => _log.Add("no"), (state, result) => _log.Add($"{state} {result.IsCancelled}"), "cancelled", new CancellationToken(canceled: true));
        Assert.That(_log, Is.Empty);
        Assert.That(bench.Loop.Counters.Tasks, Is.EqualTo(3));
        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["work True", "done True", "failed x", "cancelled True"]));
    });

    [Test]
    public void Without_a_pool_an_exception_without_a_completion_is_fatal_too_and_with_a_pool_the_pool_works() => backend.Run(bench =>
    {
        IvWorkPool.SubmitOrRun(null, static (_, _) => throw new InvalidDataException("x"), completion: null, 0);
        FatalScope.Expect(FatalCondition.LostException, () => bench.Loop.Run());
        var pool = new IvWorkPool(Options(bench));
        IvWorkPool.SubmitOrRun(pool, (_, _) => Assert.That(bench.Loop.IsOnThread, Is.False), static (_, result) => result.ThrowIfFailed(), 0);
        pool.Close();
        bench.Loop.Run();
    });

    [Test]
    public void O2_Between_two_rounds_the_worker_s_own_timers_and_descriptors_have_their_turn() => backend.Run(bench =>
    {
        const int count = 200;
        int ticks = 0;
        int reads = 0;
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far);
        var pool = new IvWorkPool(Options(bench, max: 1));

        // Work that is followed by work for as long as its own loop has not had its turn.
        int rounds = 0;
        void Again(int left, CancellationToken token)
        {
            rounds++;
            if (left > 0 && (ticks == 0 || reads == 0))
            {
                pool.SubmitContinuation(Again, null, left - 1, token);
            }
        }

        pool.Submit(
            (socket, token) =>
            {
                new IvTimer(timer =>
                {
                    if (++ticks < count)
                    {
                        timer.Start(TimeSpan.Zero);
                    }
                }).Start(TimeSpan.Zero);
                new IvFd(socket)
                {
                    HandlerIn = fd =>
                    {
                        reads++;
                        fd.Unregister();
                    },
                }.Register();
                Again(100_000, token);
            },
            static (_, result) => result.ThrowIfFailed(),
            near);
        bench.Until(() => pool.UnfinishedWork == 0, "all is done");
        Assert.That(rounds, Is.LessThan(1000));
        pool.Close();
        bench.Loop.Run();
        Assert.That((ticks, reads), Is.EqualTo((count, 1)), "what work has registered is served to its end");
    });

    [Test]
    public void O2_Work_submitted_while_all_are_busy_waits_its_turn() => backend.Run(bench =>
    {
        using var gate = new ManualResetEventSlim();
        int done = 0;
        var pool = new IvWorkPool(Options(bench, max: 2));
        for (int i = 0; i < 2; i++)
        {
            pool.Submit(static (gate, token) => gate.Wait(token), (_, _) => done++, gate);
        }

        pool.Submit(static (_, _) => { }, (_, _) => done++, 0);
        bench.Turn(3);
        Assert.That(done, Is.Zero);
        Assert.That(pool.QueuedWork, Is.GreaterThanOrEqualTo(1));
        gate.Set();
        bench.Until(() => done == 3, "all three");
        pool.Close();
        bench.Loop.Run();
    });

    [Test]
    public void An_exception_of_work_arrives_in_its_completion_with_its_stack() => backend.Run(bench =>
    {
        Exception? seen = null;
        var pool = new IvWorkPool(Options(bench));
        pool.Submit(static (_, _) => Throw("bad work"), (_, result) => seen = result.Exception, 0);
        pool.Close();
        bench.Loop.Run();
        Assert.That(seen, Is.TypeOf<InvalidDataException>().With.Message.EqualTo("bad work"));
        Assert.That(seen!.StackTrace, Does.Contain(nameof(Throw)));
    });

    [Test]
    public void An_exception_of_work_without_a_completion_leaves_Run_and_the_pool_goes_on() => backend.Run(bench =>
    {
        var pool = new IvWorkPool(Options(bench, name: "hash"));
        pool.Submit(static (_, _) => throw new InvalidDataException("two\nlines"), completion: null, 0);
        IvFatalInfo info = FatalScope.Expect(FatalCondition.LostException, () => bench.Loop.Run());
        Assert.That(info.Message, Does.Contain("IvWorkPool \"hash\": a piece of its work has thrown System.IO.InvalidDataException (two lines)"));
        Assert.That(info.Subject, Is.SameAs(pool));
        Assert.That(info.Exception, Is.TypeOf<InvalidDataException>());
        pool.Submit(static (_, _) => { }, (_, _) => _log.Add("goes on"), 0);
        pool.Close();
        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["goes on"]));
    });

    [Test]
    public void A_completion_that_throws_leaves_Run_and_the_others_come_all_the_same() => backend.Run(bench =>
    {
        var pool = new IvWorkPool(Options(bench, max: 1));
        for (int i = 0; i < 3; i++)
        {
            pool.Submit(
                static (_, _) => { },
                (number, _) =>
                {
                    _log.Add($"{number}");
                    throw new InvalidDataException($"{number}");
                },
                i);
        }

        pool.Close();
        for (int i = 0; i < 3; i++)
        {
            Assert.That(() => bench.Loop.Run(), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{i}"));
        }

        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["0", "1", "2"]));
        Assert.That(pool.UnfinishedWork, Is.Zero);
    });

    [Test]
    public void A_completion_may_submit_close_and_dispose() => backend.Run(bench =>
    {
        var pool = new IvWorkPool(Options(bench, max: 1));
        void Next(int left, IvWorkResult result)
        {
            _log.Add($"{left}");
            if (left > 0)
            {
                pool.Submit(static (_, _) => { }, Next, left - 1);
            }
            else
            {
                pool.Close();
                pool.Dispose();
            }
        }

        Next(3, default);
        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["3", "2", "1", "0"]));
        Assert.That(pool.Threads, Is.Zero, "Run waited for the threads");
    });

    [Test]
    public void Drain_waits_for_all_that_is_unfinished_without_holding_the_loop() => backend.Run(bench =>
    {
        using var gate = new ManualResetEventSlim();
        var pool = new IvWorkPool(Options(bench, max: 1));
        pool.Submit(static (gate, token) => gate.Wait(token), (_, _) => _log.Add("first"), gate);
        pool.Submit(
            static (_, _) => { },
            (_, _) =>
            {
                _log.Add("second");
                pool.Submit(static (_, _) => { }, (_, _) => _log.Add("third"), 0);
            },
            0);
        pool.Drain(_ => _log.Add("drained"));
        pool.Drain(_ => throw new InvalidDataException("a bad callback"));
        pool.Drain(_ => _log.Add("drained too"));
        bench.Task(_ => _log.Add("the loop runs"));
        bench.Turn();
        gate.Set();
        Assert.That(() => bench.Loop.Run(), Throws.TypeOf<InvalidDataException>());
        bench.Turn(2);
        Assert.That(_log, Is.EqualTo(["the loop runs", "first", "second", "third", "drained", "drained too"]));
        pool.Drain(_ => _log.Add("nothing to wait for"));
        Assert.That(_log, Has.Count.EqualTo(6), "never inside of Drain");
        bench.Turn(2);
        Assert.That(_log, Has.Count.EqualTo(7));
        pool.Close();
        bench.Loop.Run();
    });

    [Test]
    public void A_pool_has_a_line_in_the_dump_and_completions_are_its_handlers() => backend.Run(bench =>
    {
        using var gate = new ManualResetEventSlim();
        var pool = new IvWorkPool(Options(bench, max: 1, name: "hash"));
        pool.Submit(static (gate, token) => gate.Wait(token), (_, _) => _log.Add(Dump(bench)), gate);
        pool.Submit(static (_, _) => { }, completion: null, 0);
        Wait.For(() => pool.QueuedWork == 1);
        Assert.That(Dump(bench), Does.Contain("\n  pool      threads=1 idle=0 queued=1 unfinished=2  \"hash\"\n"));
        gate.Set();
        pool.Close();
        bench.Loop.Run();
        Assert.That(_log[0], Does.Contain("state=running IvWorkPool \"hash\"").And.Contain(" closing  \"hash\"\n"));
    });

    [Test]
    [Provokes("IVF0124")]
    public void After_Close_work_is_refused() => backend.Run(bench =>
    {
        var pool = new IvWorkPool(Options(bench, name: "hash"));
        pool.Close();
        IvFatalInfo info = FatalScope.Expect(FatalCondition.ClosedPool, () => pool.Submit(static (_, _) => { }, null, 0));
        Assert.That(info.Message, Does.Contain("IvWorkPool \"hash\": Submit called after Close"));
        FatalScope.Expect(FatalCondition.ClosedPool, () => pool.TrySubmit(static (_, _) => { }, null, 0));
        FatalScope.Expect(FatalCondition.ClosedPool, () => _ = pool.Run(static () => 1));
        Assert.That(pool.TrySubmitContinuation(static (_, _) => { }, null, 0), Is.EqualTo(IvError.Disposed));
        LoopThread.Elsewhere(() => Assert.That(
            () => pool.SubmitContinuation(static (_, _) => { }, null, 0),
            Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(IvError.Disposed)));
        bench.Loop.Run();
        FatalScope.Expect(FatalCondition.ClosedPool, () => pool.Submit(static (_, _) => { }, null, 0));
        pool.Dispose();
        pool.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, () => pool.Submit(static (_, _) => { }, null, 0));
        FatalScope.Expect(FatalCondition.DisposedObject, () => pool.Drain(static _ => { }));
        Assert.That(pool.TrySubmitContinuation(static (_, _) => { }, null, 0), Is.EqualTo(IvError.Disposed));
        Assert.That(pool.UnfinishedWork, Is.Zero);
    });

    [Test]
    public void A_pool_needs_a_loop_and_its_members_the_loop_s_thread() => backend.Run(bench =>
    {
        var pool = new IvWorkPool(Options(bench));
        LoopThread.Elsewhere(() =>
        {
            FatalScope.Expect(FatalCondition.NoLoop, static () => _ = new IvWorkPool());
            FatalScope.Expect(FatalCondition.WrongThread, () => pool.Submit(static (_, _) => { }, null, 0));
            FatalScope.Expect(FatalCondition.WrongThread, () => _ = pool.Run(static () => { }));
            FatalScope.Expect(FatalCondition.WrongThread, pool.Close);
            FatalScope.Expect(FatalCondition.WrongThread, pool.Dispose);
            FatalScope.Expect(FatalCondition.WrongThread, () => pool.Drain(static _ => { }));
            FatalScope.Expect(FatalCondition.WrongThread, () => _ = pool.DrainAsync());
            FatalScope.Expect(FatalCondition.WrongThread, () => pool.HandlerError = null);
            FatalScope.Expect(FatalCondition.WrongThread, () => pool.HandlerClosed = null);
        });
        pool.Close();
        bench.Loop.Run();
    });

    [Test]
    public void Bad_arguments_are_found_at_once() => backend.Run(bench =>
    {
        var pool = new IvWorkPool(Options(bench));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new IvWorkPoolOptions { MaxThreads = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new IvWorkPoolOptions { MinThreads = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new IvWorkPoolOptions { QueueLimit = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new IvWorkPoolOptions { IdleTime = TimeSpan.Zero }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new IvWorkPool(null!), Throws.ArgumentNullException);
            Assert.That(() => new IvWorkPool(new IvWorkPoolOptions { MinThreads = 3, MaxThreads = 2 }), Throws.ArgumentException);
            Assert.That(() => pool.Submit(null!, null, 0), Throws.ArgumentNullException);
            Assert.That(() => pool.SubmitContinuation(null!, null, 0), Throws.ArgumentNullException);
            Assert.That(() => IvWorkPool.SubmitOrRun(null, null!, null, 0), Throws.ArgumentNullException);
            Assert.That(() => pool.Run((Action)null!), Throws.ArgumentNullException);
            Assert.That(() => pool.Run((Func<int>)null!), Throws.ArgumentNullException);
            Assert.That(() => pool.Drain(null!), Throws.ArgumentNullException);
        }

        pool.Dispose();
        bench.Loop.Run();
    });

    [Test]
    public void A_result_says_how_it_was()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(default(IvWorkResult).IsOk, Is.True);
            Assert.That(default(IvWorkResult).ThrowIfFailed, Throws.Nothing);
            Assert.That(new IvWorkResult(new InvalidDataException("x"), false).ThrowIfFailed, Throws.TypeOf<InvalidDataException>());
            Assert.That(new IvWorkResult(null, true).ThrowIfFailed, Throws.TypeOf<OperationCanceledException>());
            Assert.That(new IvWorkResult(null, true).IsOk, Is.False);
        }
    }

    private static IvWorkPoolOptions Options(Bench bench, int max = 4, string? name = null) =>
        new() { MaxThreads = max, Name = name, LoopOptions = bench.Backend.Options(bench) };

    private static void Throw(string message) => throw new InvalidDataException(message);

    private static string Dump(Bench bench)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        bench.Loop.Dump(writer);
        return writer.ToString();
    }
}
