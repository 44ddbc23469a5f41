using System.Collections.Concurrent;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>The threads of a pool: how many, their hooks, and what happens when they can't start.</summary>
[NonParallelizable] // faults are the process's
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.Names))]
internal sealed class IvWorkPoolThreadTests(string backend)
{
    [Test]
    [Platform("Linux", Reason = "reads /proc")]
    public void Threads_have_the_pool_s_name_and_a_loop_on_its_network() => RunLoop(loop =>
    {
        ConcurrentQueue<string> seen = [];
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1, Name = "hash" });
        pool.Submit(
            (_, _) =>
            {
                seen.Enqueue(Thread.CurrentThread.Name!);
                seen.Enqueue(File.ReadAllText($"/proc/self/task/{LibraryThread.GetNumber()}/comm").TrimEnd());
                seen.Enqueue(IvLoop.Current!.Name!);
                seen.Enqueue((IvLoop.Current.Network == loop.Network).ToString());
            },
            static (_, result) => result.ThrowIfFailed(),
            0);
        pool.Close();
        loop.Run();
        Assert.That(seen, Is.EqualTo(["hash 1", "hash 1", "hash 1", "True"]));
    });

    [Test]
    public void Loops_of_threads_have_all_other_options_that_they_are_given()
    {
        var given = new IvLoopOptions
        {
            PollMethods = [IvPollMethod.Poll],
            ExcludedPollMethods = ["x"],
            BatchSize = 3,
            PostPoolSize = 4,
            SpinMicroseconds = 7,
            PoolProvider = new Microsoft.Extensions.ObjectPool.DefaultObjectPoolProvider(),
            UnhandledException = static _ => { },
            LeakReport = static _ => { },
            SlowCallback = TimeSpan.FromSeconds(5),
            SlowCallbackReport = static _ => { },
            Warning = static _ => { },
        };
        IvLoopOptions made = given.For("name", IvNetwork.System);
        var plain = new IvLoopOptions();
        foreach (System.Reflection.PropertyInfo property in typeof(IvLoopOptions).GetProperties())
        {
            if (property.Name is not (nameof(IvLoopOptions.Name) or nameof(IvLoopOptions.Network)))
            {
                Assert.That(property.GetValue(given), Is.Not.EqualTo(property.GetValue(plain)), $"{property.Name}: give it in this test");
                Assert.That(property.GetValue(made), Is.EqualTo(property.GetValue(given)), property.Name);
            }
        }

        Assert.That((made.Name, made.Network), Is.EqualTo(("name", IvNetwork.System)));
    }

    [Test]
    public void Hooks_run_on_each_thread_before_its_first_work_and_after_its_last() => RunLoop(loop =>
    {
        const int count = 3;
        ConcurrentQueue<string> seen = [];
        using var gate = new Gate(count);
        var pool = new IvWorkPool(new IvWorkPoolOptions
        {
            MaxThreads = count,
            ThreadStart = _ => seen.Enqueue($"{Thread.CurrentThread.Name} starts"),
            ThreadStop = _ => seen.Enqueue($"{Thread.CurrentThread.Name} stops"),
        });
        for (int i = 0; i < count; i++)
        {
            pool.Submit(
                (gate, _) =>
                {
                    seen.Enqueue($"{Thread.CurrentThread.Name} works");
                    gate.SignalAndWait();
                },
                static (_, result) => result.ThrowIfFailed(),
                gate);
        }

        pool.Close();
        loop.Run();
        for (int i = 1; i <= count; i++)
        {
            string name = $"ivy work {i} ";
            Assert.That(seen.Where(line => line.StartsWith(name, StringComparison.Ordinal)), Is.EqualTo([name + "starts", name + "works", name + "stops"]));
        }
    });

    [Test]
    public void Submitting_in_ThreadStop_does_not_deadlock_and_is_done() => RunLoop(loop =>
    {
        int done = 0;
        int stops = 0;
        var pool = new IvWorkPool(new IvWorkPoolOptions
        {
            MaxThreads = 1,
            IdleTime = TimeSpan.FromMilliseconds(1),
            ThreadStop = pool =>
            {
                if (Interlocked.Increment(ref stops) == 1)
                {
                    pool.SubmitContinuation(static (_, _) => { }, (_, _) => done++, 0);
                }
            },
        });
        pool.Submit(static (_, _) => { }, (_, _) => done++, 0);
        Assert.That(loop.RunUntil(() => done == 2, LoopThread.Patience), Is.True);
        pool.Close();
        loop.Run();
        Assert.That(stops, Is.EqualTo(2));
    });

    [Test]
    public void Submitting_in_ThreadStop_of_a_closed_pool_is_refused() => RunLoop(loop =>
    {
        IvError error = IvError.None;
        var pool = new IvWorkPool(new IvWorkPoolOptions { ThreadStop = pool => error = pool.TrySubmitContinuation(static (_, _) => { }, null, 0) });
        pool.Submit(static (_, _) => { }, null, 0);
        pool.Close();
        loop.Run();
        Assert.That(error, Is.EqualTo(IvError.Disposed));
    });

    [Test]
    public void A_ThreadStart_that_throws_fails_the_work_and_the_next_work_tries_again() => RunLoop(loop =>
    {
        List<string> log = [];
        int starts = 0;
        var pool = new IvWorkPool(new IvWorkPoolOptions
        {
            ThreadStart = _ =>
            {
                if (Interlocked.Increment(ref starts) == 1)
                {
                    throw new InvalidDataException("no licence");
                }
            },
        })
        {
            HandlerError = (_, exception) => log.Add($"told: {exception.Message}"),
        };
        pool.Submit(static (_, _) => { }, (_, result) => log.Add($"first: {result.Exception?.Message}"), 0);
        Assert.That(loop.RunUntil(() => log.Count == 2, LoopThread.Patience), Is.True);
        Assert.That(log, Is.EquivalentTo(["told: no licence", "first: no licence"]));
        Assert.That(pool.FailedStarts, Is.EqualTo(1));
        pool.Submit(static (_, _) => { }, (_, result) => log.Add($"second: {result.IsOk}"), 0);
        pool.Close();
        loop.Run();
        Assert.That(log[^1], Is.EqualTo("second: True"));
    });

    [Test]
    public void A_ThreadStop_that_throws_is_told_or_leaves_Run() => RunLoop(loop =>
    {
        List<string> log = [];
        var options = new IvWorkPoolOptions { Name = "p", ThreadStop = static _ => throw new InvalidDataException("bad stop") };
        var told = new IvWorkPool(options) { HandlerError = (_, exception) => log.Add(exception.Message) };
        told.Submit(static (_, _) => { }, null, 0);
        told.Close();
        loop.Run();
        Assert.That(log, Is.EqualTo(["bad stop"]));

        var mute = new IvWorkPool(options);
        mute.Submit(static (_, _) => { }, null, 0);
        mute.Close();
        IvFatalInfo info = FatalScope.Expect(FatalCondition.LostException, () => loop.Run());
        Assert.That(info.Message, Does.Contain("IvWorkPool \"p\": a thread of it has thrown System.IO.InvalidDataException (bad stop)"));
        loop.Run();
        Assert.That(mute.IsRegistered, Is.False);
    });

    [Test]
    public void A_handler_that_work_has_registered_and_that_throws_is_told_and_its_thread_goes_on() => RunLoop(loop =>
    {
        List<string> log = [];
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 }) { HandlerError = (_, exception) => log.Add(exception.Message) };
        pool.Submit(
            static (_, _) =>
            {
                new IvTask(static _ => throw new InvalidDataException("a task of the work")).Register();
                IvLoop.Current!.Quit();
            },
            null,
            0);
        Assert.That(loop.RunUntil(() => log.Count == 1, LoopThread.Patience), Is.True);
        string? name = null;
        pool.Submit((_, _) => name = Thread.CurrentThread.Name, (_, result) => log.Add($"{result.IsOk} on {name}"), 0);
        pool.Close();
        loop.Run();
        Assert.That(log, Is.EqualTo(["a task of the work", "True on ivy work 1"]));
    });

    [Test]
    [Platform("Linux", Reason = "errors injected into system calls of Linux")]
    public void No_room_for_the_first_thread_is_an_error_at_Submit_and_nothing_is_left() => RunLoop(loop =>
    {
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 2, Name = "hash" });
        using (new ScriptedFaults(SysCall.PthreadCreate, IvError.EAGAIN, times: 3))
        {
            IvException? refused = Assert.Throws<IvException>(() => pool.Submit(static (_, _) => { }, static (_, _) => Assert.Fail(), 0));
            Assert.That(refused!.Error, Is.EqualTo(IvError.ENOMEM));
            Assert.That(refused.Message, Does.StartWith("IvWorkPool \"hash\": start a thread: ENOMEM"));
            Assert.That(pool.TrySubmit(static (_, _) => { }, static (_, _) => Assert.Fail(), 0), Is.EqualTo(IvError.ENOMEM));
            Assert.That(() => _ = pool.Run(static () => 1), Throws.TypeOf<IvException>());
        }

        Assert.That((pool.FailedStarts, pool.Threads, pool.QueuedWork, pool.UnfinishedWork), Is.EqualTo((3, 0, 0, 0)));
        bool done = false;
        pool.Submit(static (_, _) => { }, (_, result) => done = result.IsOk, 0);
        pool.Close();
        loop.Run();
        Assert.That(done, Is.True, "later there is room");
    });

    [Test]
    [Platform("Linux", Reason = "errors injected into system calls of Linux")]
    public void A_drain_that_waits_for_a_continuation_which_finds_no_thread_ends_all_the_same() => RunLoop(loop =>
    {
        using var starting = new ManualResetEventSlim();
        using var drains = new ManualResetEventSlim();
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1 }) { HandlerError = static (_, _) => { } };
        IvError error = IvError.None;
        using (new RefusedWhen(() =>
        {
            starting.Set();
            drains.Wait(CancellationToken.None);
        }))
        {
            Action wait = LoopThread.Begin(1, _ => error = pool.TrySubmitContinuation(static (_, _) => { }, static (_, _) => Assert.Fail(), 0));
            starting.Wait(CancellationToken.None);
            bool isDrained = false;
            pool.Drain(_ => isDrained = true);
            drains.Set();
            Assert.That(loop.RunUntil(() => isDrained, LoopThread.Patience));
            wait();
        }

        Assert.That(error, Is.EqualTo(IvError.ENOMEM));
        pool.Dispose();
    });

    [Test]
    [Platform("Linux", Reason = "errors injected into system calls of Linux")]
    public void No_room_for_a_further_thread_is_counted_and_told_and_the_others_do_the_work() => RunLoop(loop =>
    {
        using var gate = new ManualResetEventSlim();
        int told = 0;
        int done = 0;
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 4 }) { HandlerError = (_, _) => told++ };
        pool.Submit(static (gate, token) => gate.Wait(token), (_, _) => done++, gate);
        using (new ScriptedFaults(SysCall.PthreadCreate, IvError.EAGAIN, times: 2))
        {
            pool.Submit(static (_, _) => { }, (_, _) => done++, 0);
            Assert.That(pool.TrySubmit(static (_, _) => { }, (_, _) => done++, 0), Is.EqualTo(IvError.None));
        }

        gate.Set();
        pool.Close();
        loop.Run();
        Assert.That((done, told, pool.FailedStarts), Is.EqualTo((3, 2, 2)));
    });

    [Test]
    [Platform("Linux", Reason = "errors injected into system calls of Linux")]
    public void A_continuation_that_finds_no_room_and_no_thread_is_refused_too() => RunLoop(loop =>
    {
        var pool = new IvWorkPool();
        LoopThread.Elsewhere(() =>
        {
            using var faults = new ScriptedFaults(SysCall.PthreadCreate, IvError.EAGAIN, times: 2);
            Assert.That(pool.TrySubmitContinuation(static (_, _) => { }, null, 0), Is.EqualTo(IvError.ENOMEM));
            Assert.That(() => pool.SubmitContinuation(static (_, _) => { }, null, 0), Throws.TypeOf<IvException>());
        });
        pool.Close();
        loop.Run();
    });

    [Test]
    [Platform("Linux", Reason = "errors injected into system calls of Linux")]
    public void EMFILE_in_the_start_of_the_only_thread_reaches_all_that_waits_and_nothing_hangs() => RunLoop(loop =>
    {
        List<IvWorkResult> results = [];
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 1, LoopOptions = new IvLoopOptions { PollMethods = [IvPollMethod.Epoll] } });
        using (var faults = new RefusedOnOthers(SysCall.EpollCreate, IvError.EMFILE))
        {
            for (int i = 0; i < 3; i++)
            {
                pool.Submit(static (_, _) => { }, (_, result) => results.Add(result), 0);
            }

            Assert.That(loop.RunUntil(() => results.Count == 3 && pool.Threads == 0, LoopThread.Patience), Is.True);
            Assert.That(faults.Count, Is.InRange(1, 3));
            Assert.That(pool.FailedStarts, Is.EqualTo(faults.Count));
        }

        Assert.That(results.Select(static result => result.Exception), Is.All.TypeOf<IvException>().With.Message.Contains("EMFILE"));
        pool.Submit(static (_, _) => { }, (_, result) => results.Add(result), 0);
        pool.Close();
        loop.Run();
        Assert.That(results[^1].IsOk, Is.True);
    });

    [Test]
    [Platform("Linux", Reason = "errors injected into system calls of Linux")]
    public void EMFILE_in_the_start_of_a_further_thread_leaves_the_work_to_the_others() => RunLoop(loop =>
    {
        using var gate = new ManualResetEventSlim();
        int done = 0;
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 2, LoopOptions = new IvLoopOptions { PollMethods = [IvPollMethod.Epoll] } });
        bool began = false;
        pool.Submit(
            (gate, token) =>
            {
                Volatile.Write(ref began, true);
                gate.Wait(token);
            },
            (_, result) => done += result.IsOk ? 1 : 0,
            gate);
        Wait.For(() => Volatile.Read(ref began));
        using (new RefusedOnOthers(SysCall.EpollCreate, IvError.EMFILE))
        {
            pool.Submit(static (_, _) => { }, (_, result) => done += result.IsOk ? 1 : 0, 0);
            Wait.For(() => pool.FailedStarts == 1);
        }

        gate.Set();
        pool.Close();
        loop.Run();
        Assert.That(done, Is.EqualTo(2));
    });

    [Test]
    public void Continuations_of_workers_start_threads_though_the_loop_does_not_run() => RunLoop(loop =>
    {
        const int count = 4;
        using var gate = new Gate(count);
        using var done = new CountdownEvent(count);
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = count });
        pool.Submit(
            (gate, token) =>
            {
                for (int i = 1; i < count; i++)
                {
                    pool.SubmitContinuation(Meet, completion: null, gate, token);
                }

                Meet(gate, token);
            },
            completion: null,
            gate);
        Assert.That(done.Wait(LoopThread.Patience), Is.True);
        pool.Close();
        loop.Run();

        void Meet(Gate meeting, CancellationToken token)
        {
            meeting.SignalAndWait();
            done.Signal();
        }
    });

    [Test]
    public void Continuations_of_any_thread_come_home() => RunLoop(loop =>
    {
        const int threads = 4;
        const int each = 2000;
        int done = 0;
        bool wrong = false;
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 3, IdleTime = TimeSpan.FromMilliseconds(1) });
        Action join = LoopThread.Begin(threads, _ =>
        {
            for (int i = 0; i < each; i++)
            {
                pool.SubmitContinuation(
                    static (_, _) => { },
                    (_, result) =>
                    {
                        wrong |= !loop.IsOnThread || !result.IsOk;
                        done++;
                    },
                    i);
            }
        });
        Assert.That(loop.RunUntil(() => done == threads * each, LoopThread.Patience), Is.True);
        join();
        Assert.That(wrong, Is.False);
        pool.Close();
        loop.Run();
    });

    /// <summary>Refuses a call to every thread but the test's own.</summary>
    private void RunLoop(Action<IvLoop> body) => LoopThread.Run(Options(), body);

    private IvLoopOptions Options() => new() { PollMethods = [IvPollMethod.All.Single(method => method.Name == backend)] };

    private sealed class RefusedOnOthers : SysFaults, IDisposable
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private readonly SysCall _call;
        private readonly IvError _error;
        private int _count;

        public RefusedOnOthers(SysCall call, IvError error)
        {
            _call = call;
            _error = error;
            Current = this;
        }

        public int Count => Volatile.Read(ref _count);

        public void Dispose() => Current = null;

        public override int Fail(SysCall call, int fd)
        {
            if (call != _call || Environment.CurrentManagedThreadId == _thread)
            {
                return 0;
            }

            Interlocked.Increment(ref _count);
            return -(int)_error;
        }
    }

    // No thread starts, and something happens before the caller hears of it.
    private sealed class RefusedWhen : SysFaults, IDisposable
    {
        private readonly Action _before;

        public RefusedWhen(Action before)
        {
            _before = before;
            Current = this;
        }

        public void Dispose() => Current = null;

        public override int Fail(SysCall call, int fd)
        {
            if (call != SysCall.PthreadCreate)
            {
                return 0;
            }

            _before();
            return -(int)IvError.EAGAIN;
        }
    }
}
