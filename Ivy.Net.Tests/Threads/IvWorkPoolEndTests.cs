using System.Runtime.CompilerServices;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>What does not go to plan: cancelled, refused, disposed. Each piece of work comes home once, as long as there is a home.</summary>
[NonParallelizable] // counts descriptors
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.Names))]
internal sealed class IvWorkPoolEndTests(string backend)
{
    private readonly List<string> _log = [];

    [SetUp]
    public void Forget() => _log.Clear();

    [Test]
    public void Work_that_waits_is_cancelled_and_its_completion_comes_once() => RunLoop(loop =>
    {
        using var gate = new ManualResetEventSlim();
        using var source = new CancellationTokenSource();
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 });
        pool.Submit(static (gate, _) => gate.Wait(CancellationToken.None), (_, result) => _log.Add($"first {result.IsOk}"), gate);
        pool.Submit(static (_, _) => Assert.Fail("runs"), (_, result) => _log.Add($"second {result.IsCancelled} {result.Exception}"), 0, source.Token);
        pool.Submit(static (_, _) => { }, (_, result) => _log.Add($"third {result.IsOk}"), 0, source.Token);
        Assert.That(pool.UnfinishedWork, Is.EqualTo(3));
        source.Cancel();
        source.Cancel();
        Assert.That(_log, Is.Empty, "never inside of Cancel");
        Assert.That(loop.RunUntil(() => _log.Count == 2, LoopThread.Patience), Is.True);
        Assert.That(_log, Is.EquivalentTo(["second True ", "third False"]));
        gate.Set();
        pool.Close();
        loop.Run();
        Assert.That(_log[^1], Is.EqualTo("first True"));
        Assert.That(_log, Has.Count.EqualTo(3));
    });

    [Test]
    public void A_token_that_has_fired_before_cancels_at_once_and_starts_no_thread() => RunLoop(loop =>
    {
        var pool = new IvWorkPool();
        pool.Submit(static (_, _) => Assert.Fail("runs"), (_, result) => _log.Add($"{result.IsCancelled}"), 0, new CancellationToken(canceled: true));
        Assert.That(pool.Threads, Is.Zero);
        Assert.That(_log, Is.Empty);
        pool.Close();
        loop.Run();
        Assert.That(_log, Is.EqualTo(["True"]));
    });

    [Test]
    public void Work_that_runs_sees_the_token_and_says_that_it_was_cancelled_by_throwing() => RunLoop(loop =>
    {
        using var source = new CancellationTokenSource();
        using var began = new ManualResetEventSlim();
        var pool = new IvWorkPool();
        pool.Submit(
            static (began, token) =>
            {
                began.Set();
                token.WaitHandle.WaitOne();
                token.ThrowIfCancellationRequested();
            },
            (_, result) => _log.Add($"{result.IsCancelled} {result.Exception?.GetType().Name}"),
            began,
            source.Token);
        pool.Submit(
            static (began, token) =>
            {
                began.Wait(CancellationToken.None);
                token.WaitHandle.WaitOne();
            },
            completion: null,
            began,
            source.Token);
        began.Wait(CancellationToken.None);
        source.Cancel();
        pool.Close();
        loop.Run();
        Assert.That(_log, Is.EqualTo(["True OperationCanceledException"]));
    });

    [Test]
    public void Tokens_that_fire_at_any_moment_bring_each_work_home_once() => RunLoop(loop =>
    {
        const int rounds = 3000;
        var homecomings = new int[rounds];
        int worked = 0;
        int cancelled = 0;
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 2 });
        var sources = new CancellationTokenSource[rounds];
        for (int i = 0; i < rounds; i++)
        {
            sources[i] = new CancellationTokenSource();
        }

        int next = -1;
        Action join = LoopThread.Begin(1, _ =>
        {
            for (int i = 0; i < rounds; i++)
            {
                SpinWait spin = default;
                while (Volatile.Read(ref next) < i)
                {
                    spin.SpinOnce();
                }

                sources[i].Cancel();
            }
        });
        for (int i = 0; i < rounds; i++)
        {
            Volatile.Write(ref next, i);
            pool.Submit(
                (_, _) => Interlocked.Increment(ref worked),
                (number, result) =>
                {
                    homecomings[number]++;
                    cancelled += result.IsCancelled ? 1 : 0;
                },
                i,
                sources[i].Token);
            loop.Run(IvRunMode.NonBlocking);
        }

        pool.Close();
        loop.Run();
        join();
        Array.ForEach(sources, static source => source.Dispose());
        Assert.That(homecomings, Is.All.EqualTo(1));
        Assert.That(worked + cancelled, Is.EqualTo(rounds));
    });

    [Test]
    public void A_full_queue_is_ENOBUFS_whatever_the_threads_are_about_to_do() => RunLoop(loop =>
    {
        using var gate = new ManualResetEventSlim();
        int done = 0;
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 2, QueueLimit = 3, Name = "small" });
        IvError Submit() => pool.TrySubmit(static (gate, token) => gate.Wait(token), (_, _) => done++, gate);
        for (int i = 0; i < 5; i++)
        {
            Assert.That(Submit(), Is.EqualTo(IvError.None), $"{i}: two threads, and three that wait");
        }

        Assert.That(Submit(), Is.EqualTo(IvError.ENOBUFS));
        IvException? refused = Assert.Throws<IvException>(() => pool.Submit(static (_, _) => { }, (_, _) => Assert.Fail(), 0));
        Assert.That(refused!.Message, Does.StartWith("IvWorkPool \"small\": submit: ENOBUFS").And.Contains("3 wait already"));
        Assert.That(() => _ = pool.Run(static () => 1), Throws.TypeOf<IvException>());
        using var source = new CancellationTokenSource();
        Assert.That(pool.TrySubmit(static (_, _) => { }, (_, _) => Assert.Fail(), 0, source.Token), Is.EqualTo(IvError.ENOBUFS));
        source.Cancel();
        Assert.That(pool.UnfinishedWork, Is.EqualTo(5));
        Assert.That(pool.TrySubmitContinuation(static (_, _) => { }, (_, _) => done++, 0), Is.EqualTo(IvError.None), "a chain is not cut off");
        gate.Set();
        Assert.That(loop.RunUntil(() => done == 6, LoopThread.Patience), Is.True);
        Assert.That(Submit(), Is.EqualTo(IvError.None));
        pool.Close();
        loop.Run();
        Assert.That(done, Is.EqualTo(7));
    });

    [Test]
    public void Dispose_cancels_what_waits_and_Run_brings_home_what_runs() => RunLoop(loop =>
    {
        using var gate = new ManualResetEventSlim();
        using var began = new ManualResetEventSlim();
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 }) { HandlerClosed = static _ => Assert.Fail("told") };
        pool.Submit(
            static (gates, _) =>
            {
                gates.Began.Set();
                gates.Gate.Wait(CancellationToken.None);
            },
            (_, result) => _log.Add($"first {result.IsOk}"),
            (Began: began, Gate: gate));
        pool.Submit(static (_, _) => Assert.Fail("runs"), (_, result) => _log.Add($"second {result.IsCancelled}"), 0);
        pool.Drain(_ => _log.Add("drained"));
        began.Wait(CancellationToken.None);
        pool.Dispose();
        pool.Dispose();
        Assert.That((pool.IsRegistered, pool.IsClosed, loop.Counters.WorkPools), Is.EqualTo((false, true, 0)));
        new IvTimer(_ => gate.Set()).Start(TimeSpan.FromMilliseconds(1));
        loop.Run();
        Assert.That(_log, Is.EqualTo(["second True", "first True", "drained"]));
        Assert.That((pool.Threads, pool.UnfinishedWork, loop.Counters.Active), Is.EqualTo((0, 0, 0)));
    });

    [Test]
    public void Dispose_of_an_idle_pool_ends_its_threads_and_what_they_had_registered() => RunLoop(loop =>
    {
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 });
        pool.Submit(static (_, _) => new IvTimer(static _ => { }).Start(TimeSpan.FromHours(1)), static (_, result) => result.ThrowIfFailed(), 0);
        Assert.That(loop.RunUntil(() => pool.UnfinishedWork == 0, LoopThread.Patience), Is.True);
        pool.Dispose();
        loop.Run();
        Assert.That(pool.Threads, Is.Zero);
    });

    [Test]
    public void Dispose_while_a_closed_pool_waits_for_its_threads_objects_ends_them() => RunLoop(loop =>
    {
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 });
        pool.Submit(static (_, _) => new IvTimer(static _ => { }).Start(TimeSpan.FromHours(1)), static (_, result) => result.ThrowIfFailed(), 0);
        pool.Close();
        Assert.That(loop.Run(TimeSpan.FromMilliseconds(20)), Is.True, "the timer of the work keeps its thread, and that the pool");
        pool.Dispose();
        loop.Run();
        Assert.That(pool.Threads, Is.Zero);
    });

    [Test]
    public void A_loop_that_is_disposed_with_work_in_flight_leaves_no_thread_no_descriptor_and_no_task()
    {
        int before = Descriptors.CountAnonymous();
        using var gate = new ManualResetEventSlim();
        IvLeakReport? report = null;
        Task<int>? running = null;
        Task<int>? waiting = null;
        Task? drained = null;
        IvWorkPool? pool = null;
        int stopped = 0;
        LoopThread.Run(new IvLoopOptions { LeakReport = leaks => report = leaks }, loop =>
        {
            pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 2, ThreadStop = _ => Interlocked.Increment(ref stopped) });
            using var began = new ManualResetEventSlim();
            running = pool.Run(() =>
            {
                began.Set();
                gate.Wait(CancellationToken.None);
                return 1;
            });
            pool.Submit(static (gate, _) => gate.Wait(CancellationToken.None), static (_, _) => Assert.Fail("completed"), gate);
            waiting = pool.Run(() => 2);
            pool.Submit(static (_, _) => throw new InvalidDataException("nobody hears it"), completion: null, 0);
            drained = pool.DrainAsync();
            began.Wait(CancellationToken.None);
        });
        Assert.That(report!.Objects, Is.EqualTo(new[] { pool }));
        Wait.For(() => waiting!.IsCompleted && drained!.IsCompleted);
        Assert.That(waiting!.IsCanceled && drained!.IsCanceled, Is.True);
        Assert.That(running!.IsCompleted, Is.False);
        gate.Set();
        Wait.For(() => running.IsCompleted);
        Assert.That(running.IsCanceled, Is.True, "there is no loop to bring the value to");
        Wait.For(() => Volatile.Read(ref stopped) == 2);
        Wait.For(() => Descriptors.CountAnonymous() <= before);
    }

    [Test]
    public void A_drain_that_waits_is_cancelled_with_the_loop_also_if_the_pool_was_disposed_before()
    {
        using var gate = new ManualResetEventSlim();
        Task? drained = null;
        RunLoop(_ =>
        {
            var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 });
            pool.Submit(static (gate, _) => gate.Wait(CancellationToken.None), completion: null, gate);
            drained = pool.DrainAsync();
            pool.Dispose();
            Assert.That(drained.IsCompleted, Is.False);
        });
        Wait.For(() => drained!.IsCompleted);
        Assert.That(drained!.IsCanceled);
        gate.Set();
    }

    [Test]
    public void A_thousand_pools_leave_nothing_behind() => RunLoop(loop =>
    {
        int done = 0;
        Cycle(10);
        int before = Descriptors.CountAnonymous();
        Cycle(200);
        Assert.That(Descriptors.CountAnonymous(), Is.LessThanOrEqualTo(before));
        Assert.That(done, Is.EqualTo(210 * 3));
        Assert.That(loop.Counters.Active, Is.Zero);

        void Cycle(int count)
        {
            for (int i = 0; i < count; i++)
            {
                var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 3 });
                for (int j = 0; j < 3; j++)
                {
                    pool.Submit(static (_, _) => { }, (_, _) => done++, j);
                }

                if (i % 2 == 0)
                {
                    pool.Close();
                }
                else
                {
                    pool.Drain(static pool => pool.Dispose());
                }

                loop.Run();
            }
        }
    });

    [Test]
    public void A_task_brings_the_value_home_to_the_loop() => RunLoop(loop =>
    {
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 2 });
        async Task Use()
        {
            int value = await pool.Run(() => loop.IsOnThread ? -1 : 41);
            _log.Add($"{value + 1} {loop.IsOnThread}");
            await pool.Run(() => { }).ConfigureAwait(false);
            _log.Add($"{loop.IsOnThread}");
            try
            {
                await pool.Run(static () => throw new InvalidDataException("thrown"));
            }
            catch (InvalidDataException exception)
            {
                _log.Add($"{exception.Message} {loop.IsOnThread}");
            }

            using var source = new CancellationTokenSource();
            await source.CancelAsync();
            Task<int> cancelled = pool.Run(() => 1, source.Token);
            await cancelled.ContinueWith(static _ => { }, TaskContinuationOptions.ExecuteSynchronously);
            _log.Add($"{cancelled.IsCanceled}");
            await pool.DrainAsync();
            _log.Add($"{loop.IsOnThread}");
            pool.Close();
        }

        Task? used = null;
        new IvTask(_ => used = Use()).Register();
        loop.Run();
        Assert.That(used!.IsCompletedSuccessfully, Is.True, used.Exception?.ToString());
        Assert.That(_log, Is.EqualTo(["42 True", "True", "thrown True", "True", "True"]));
    });

    [Test]
    public void A_task_is_cancelled_while_it_waits_and_when_its_work_says_so() => RunLoop(loop =>
    {
        using var gate = new ManualResetEventSlim();
        using var source = new CancellationTokenSource();
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 });
        Task<bool> running = pool.Run(
            () =>
            {
                gate.Wait(CancellationToken.None);
                source.Token.ThrowIfCancellationRequested();
                return true;
            },
            source.Token);
        Task waiting = pool.Run(static () => Assert.Fail("runs"), source.Token);
        Wait.For(() => pool.QueuedWork == 1);
        source.Cancel();
        gate.Set();
        pool.Close();
        loop.Run();
        Assert.That(running.IsCanceled && waiting.IsCanceled, Is.True);
    });

    [Test]
    public void An_AsyncLocal_of_one_work_is_not_seen_by_the_next_nor_by_the_submitter() => RunLoop(loop =>
    {
        AsyncLocal<string> local = new() { Value = "submitter" };
        List<string?> seen = [];
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 });
        for (int i = 0; i < 2; i++)
        {
            pool.Submit(
                (number, _) =>
                {
                    seen.Add(local.Value);
                    local.Value = $"work {number}";
                },
                (_, _) => seen.Add(local.Value),
                i);
        }

        pool.Close();
        loop.Run();
        Assert.That(seen.Count(static value => value is null), Is.EqualTo(2));
        Assert.That(seen.Count(static value => value == "submitter"), Is.EqualTo(2), "completions run in the loop's own context");
    });

    [Test]
    public void A_pool_that_does_not_keep_the_loop_alive_lets_Run_return() => RunLoop(loop =>
    {
        using var gate = new ManualResetEventSlim();
        var pool = new IvWorkPool { KeepsLoopAlive = false };
        pool.Submit(static (gate, token) => gate.Wait(token), (_, _) => _log.Add("done"), gate);
        Assert.That(loop.Run(), Is.False);
        gate.Set();
        pool.KeepsLoopAlive = true;
        pool.Close();
        loop.Run();
        Assert.That(_log, Is.EqualTo(["done"]));
    });

    [Test]
    public void Nothing_of_a_finished_work_is_kept() => RunLoop(loop =>
    {
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 });
        WeakReference state = Submit(pool);
        Assert.That(loop.RunUntil(() => pool.UnfinishedWork == 0, LoopThread.Patience), Is.True);
        Wait.For(() => pool.IdleThreads == 1);
        Wait.For(() =>
        {
            GC.Collect();
            return !state.IsAlive;
        });
        pool.Close();
        loop.Run();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Submit(IvWorkPool pool)
        {
            object state = new();
            pool.Submit(static (_, _) => { }, static (_, _) => { }, state);
            return new WeakReference(state);
        }
    });

    private void RunLoop(Action<IvLoop> body) => LoopThread.Run(Options(), body);

    private IvLoopOptions Options() => new() { PollMethods = [IvPollMethod.All.Single(method => method.Name == backend)] };
}
