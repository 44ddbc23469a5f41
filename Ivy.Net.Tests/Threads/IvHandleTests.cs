using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>The scenario handle, and what a WaitHandle's kinds are to a loop: signals are taken once, and never lost.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.All))]
internal sealed class IvHandleTests(ConformanceBackend backend)
{
    [Test]
    public void An_auto_reset_event_that_another_thread_sets_calls_until_the_object_is_unregistered_in_its_handler() => backend.Run(bench =>
    {
        const int calls = 11;
        using var signal = new AutoResetEvent(initialState: false);
        using var seen = new AutoResetEvent(initialState: true);
        var handle = new IvHandle(signal, handle =>
        {
            if (handle.Count == calls)
            {
                handle.Unregister();
            }

            seen.Set();
        });
        handle.Register();
        Action finish = LoopThread.Begin(1, _ =>
        {
            for (int i = 0; i < calls; i++)
            {
                Assert.That(seen.WaitOne(Wait.Deadline));
                signal.Set();
            }
        });
        Assert.That(bench.Loop.Run(), Is.False, "nothing is left");
        finish();
        Assert.That(handle.Count, Is.EqualTo(calls));
    });

    [Test]
    public void What_was_signalled_before_Register_calls() => backend.Run(bench =>
    {
        using var signal = new AutoResetEvent(initialState: true);
        using IvHandle handle = Register(signal);
        bench.Until(() => handle.Count == 1, "the signal");
        Assert.That(signal.WaitOne(0), Is.False, "it has been taken");
    });

    [Test]
    public void A_manual_reset_event_calls_again_and_again_until_it_is_reset() => backend.Run(bench =>
    {
        using var signal = new ManualResetEvent(initialState: true);
        using var handle = new IvHandle(signal, handle =>
        {
            if (handle.Count == 3)
            {
                signal.Reset();
            }
        });
        handle.Register();
        bench.Until(() => handle.Count == 3, "three calls");
        AssertSilent(bench, handle);
        signal.Set();
        bench.Until(() => handle.Count == 4, "it goes on");
        signal.Reset();
    });

    [Test]
    public void Each_count_of_a_semaphore_is_one_call() => backend.Run(bench =>
    {
        const int count = 20;
        using var semaphore = new Semaphore(count, int.MaxValue);
        using IvHandle handle = Register(semaphore);
        bench.Until(() => handle.Count == count, "all counts");
        Assert.That(semaphore.WaitOne(0), Is.False);
        AssertSilent(bench, handle);
    });

    [Test]
    public void The_wait_handle_of_a_cancellation_token_calls() => backend.Run(bench =>
    {
        using var source = new CancellationTokenSource();
        using var handle = new IvHandle(source.Token.WaitHandle, static handle => handle.Unregister());
        handle.Register();
        LoopThread.Elsewhere(source.Cancel);
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(handle.Count, Is.EqualTo(1));
    });

    [Test]
    public void Without_a_handler_nothing_is_taken_and_a_later_handler_gets_it() => backend.Run(bench =>
    {
        using var signal = new AutoResetEvent(initialState: true);
        using var handle = new IvHandle(signal, handler: null);
        handle.Register();
        AssertSilent(bench, handle);
        Assert.That(signal.WaitOne(0), "left to others");
        signal.Set();
        handle.Handler = static handle => handle.Handler = null;
        bench.Until(() => handle.Count == 1, "the handler");
        signal.Set();
        AssertSilent(bench, handle);
        Assert.That(signal.WaitOne(0), "left to others again");
    });

    [Test]
    public void A_handler_that_is_set_to_null_and_back_loses_no_signal() => backend.Run(bench =>
    {
        const int rounds = 200;
        using var signal = new AutoResetEvent(initialState: false);
        using IvHandle handle = Register(signal);
        for (int round = 1; round <= rounds; round++)
        {
            // Taken, on its way, or still in the event when the handler goes: whichever the wait's thread makes of it.
            signal.Set();
            Spin(round);
            Action<IvHandle>? handler = handle.Handler;
            handle.Handler = null;
            bench.Turn();
            Assert.That(handle.Count, Is.EqualTo(round - 1));
            handle.Handler = handler;
            bench.Until(() => handle.Count == round, "the signal of this round");
        }

        AssertSilent(bench, handle);
    });

    [Test]
    public void An_object_that_is_unregistered_and_registered_anew_loses_no_signal_and_makes_none_up() => backend.Run(bench =>
    {
        const int rounds = 200;
        using var signal = new AutoResetEvent(initialState: false);
        using IvHandle handle = Register(signal);
        for (int round = 1; round <= rounds; round++)
        {
            signal.Set();
            Spin(round);
            handle.Unregister();
            handle.Register();
            bench.Until(() => handle.Count == round, "the signal of this round");
            Assert.That(handle.Count, Is.EqualTo(round));
        }

        AssertSilent(bench, handle);
    });

    [Test]
    public void Unregistered_it_takes_nothing_any_more() => backend.Run(bench =>
    {
        using var signal = new AutoResetEvent(initialState: false);
        for (int i = 0; i < 100; i++)
        {
            IvHandle handle = Register(signal);
            handle.Unregister();
            signal.Set();
            Assert.That(signal.WaitOne(0), "the signal is still there");
            handle.Register();
            handle.Dispose();
        }
    });

    [Test]
    public void A_manual_reset_event_that_is_reset_while_the_object_is_unregistered_does_not_call_later() => backend.Run(bench =>
    {
        using var signal = new ManualResetEvent(initialState: false);
        using IvHandle handle = Register(signal);
        for (int round = 0; round < 50; round++)
        {
            signal.Set();
            Spin(round);
            handle.Unregister();
            signal.Reset();
            handle.Register();
            bench.Turn(2);
            Assert.That(handle.Count, Is.Zero);
        }

        AssertSilent(bench, handle);
    });

    [Test]
    public void A_handler_may_dispose_its_object_and_register_it_anew() => backend.Run(bench =>
    {
        using var signal = new AutoResetEvent(initialState: true);
        using var handle = new IvHandle(signal, handle =>
        {
            handle.Unregister();
            handle.Register();
            handle.Handler = static handle => handle.Dispose();
        });
        handle.Register();
        bench.Until(() => handle.Count == 1, "the first handler");
        signal.Set();
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(handle.Count, Is.EqualTo(2));
    });

    [Test]
    public void Nothing_is_waited_for_while_the_handler_runs_whatever_it_does_with_its_object([Values] bool registersAnew) => backend.Run(bench =>
    {
        bool isLeft = false;
        using var signal = new AutoResetEvent(initialState: true);
        using var handle = new IvHandle(signal, handle =>
        {
            if (registersAnew)
            {
                handle.Unregister();
                handle.Register();
            }

            handle.Handler = static handle => handle.Unregister();
            signal.Set();
            LetTheRuntimeWait();
            isLeft = signal.WaitOne(0);
            signal.Set();
        });
        handle.Register();
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That((isLeft, handle.Count), Is.EqualTo((true, 2L)));
    });

    [Test]
    public void An_exception_of_a_handler_leaves_Run_and_the_wait_begins_anew() => backend.Run(bench =>
    {
        using var signal = new AutoResetEvent(initialState: true);
        using var handle = new IvHandle(signal, static handle =>
        {
            if (handle.Count == 1)
            {
                throw new InvalidOperationException("mine");
            }
        });
        handle.Register();
        Assert.That(() => bench.Until(() => false, "never"), Throws.InvalidOperationException.With.Message.EqualTo("mine"));
        signal.Set();
        bench.Until(() => handle.Count == 2, "the second call");
    });

    [Test]
    public void It_keeps_the_loop_alive_unless_it_is_told_not_to() => backend.Run(bench =>
    {
        using var signal = new AutoResetEvent(initialState: false);
        using var handle = new IvHandle(signal, static _ => { }) { KeepsLoopAlive = false };
        handle.Register();
        Assert.That(bench.Loop.Run(), Is.False);
        handle.KeepsLoopAlive = true;
        Assert.That(bench.Loop.Counters.Active, Is.EqualTo(1));
    });

    [Test]
    public void Two_hundred_of_them_share_the_runtimes_few_threads() => backend.Run(bench =>
    {
        const int count = 200;
        int calls = 0;
        AutoResetEvent[] signals = [.. Enumerable.Range(0, count).Select(static _ => new AutoResetEvent(initialState: false))];
        IvHandle[] handles = [.. signals.Select(signal => new IvHandle(signal, _ => calls++))];
        int before = CountThreads();
        Array.ForEach(handles, static handle => handle.Register());
        Array.ForEach(signals, static signal => signal.Set());
        bench.Until(() => calls == count, "all of them");
        int made = CountThreads() - before;
        Assert.That(handles.Select(static handle => handle.Count), Is.All.EqualTo(1));
        Assert.That(made, Is.LessThan(count / 4), "the runtime's wait threads, each for 63, and what the pool started meanwhile");
        Array.ForEach(handles, static handle => handle.Dispose());
        Array.ForEach(signals, static signal => signal.Dispose());
    });

    [Test]
    public void Loops_that_wait_for_one_event_share_its_signals()
    {
        const int loops = 3;
        const int signals = 300;
        int calls = 0;
        using var signal = new AutoResetEvent(initialState: false);
        using var registered = new CountdownEvent(loops);
        var running = new IvLoop[loops];
        Action finish = LoopThread.Begin(loops, number => backend.Run(bench =>
        {
            using var handle = new IvHandle(signal, _ => Interlocked.Increment(ref calls));
            handle.Register();
            running[number] = bench.Loop;
            registered.Signal();
            bench.Loop.Run();
        }));
        Assert.That(registered.Wait(Wait.Deadline));
        for (int i = 1; i <= signals; i++)
        {
            signal.Set();
            Wait.For(() => Volatile.Read(ref calls) == i);
        }

        Array.ForEach(running, static loop => loop.Quit());
        finish();
        Assert.That(calls, Is.EqualTo(signals));
    }

    [Test]
    public void A_loop_that_is_disposed_waits_for_nothing_any_more()
    {
        using var signal = new AutoResetEvent(initialState: false);
        IvLeakReport? leaks = null;
        IvHandle? handle = null;
        LoopThread.Run(new IvLoopOptions { LeakReport = report => leaks = report }, _ => handle = Register(signal));
        signal.Set();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(leaks!.Objects, Is.EqualTo([handle]));
            Assert.That(handle!.IsRegistered, Is.False);
            Assert.That(signal.WaitOne(0));
        }
    }

    [Test]
    public void A_disposed_WaitHandle_is_an_error_of_Register() => backend.Run(bench =>
    {
        var signal = new AutoResetEvent(initialState: false);
        using var handle = new IvHandle(signal, static _ => { }) { Name = "gone" };
        signal.Dispose();
        Assert.That(handle.TryRegister(), Is.EqualTo(IvError.Disposed));
        Assert.That(handle.Register, Throws.TypeOf<IvException>().With.Message.StartsWith("IvHandle (AutoResetEvent, \"gone\"): register: Disposed"));
        Assert.That((bench.Loop.Counters.Handles, bench.Loop.Counters.Active), Is.EqualTo((0, 0)));
    });

    [Test]
    [Provokes("IVF0130")]
    public void A_WaitHandle_that_its_handler_disposes_is_misuse_and_the_loop_goes_on() => backend.Run(bench =>
    {
        var signal = new AutoResetEvent(initialState: true);
        using var handle = new IvHandle(signal, _ => signal.Dispose());
        handle.Register();
        FatalScope.Expect(FatalCondition.WaitHandleDisposed, () => bench.Until(() => false, "never"));
        Assert.That((handle.Count, handle.IsRegistered), Is.EqualTo((1L, false)));
        Assert.That(bench.Loop.Run(), Is.False);
    });

    [Test]
    [Provokes("IVF0130")]
    public void A_WaitHandle_that_is_disposed_when_a_handler_is_set_is_misuse() => backend.Run(_ =>
    {
        var signal = new AutoResetEvent(initialState: false);
        using var handle = new IvHandle(signal, handler: null);
        handle.Register();
        signal.Dispose();
        FatalScope.Expect(FatalCondition.WaitHandleDisposed, () => handle.Handler = static _ => { });
        Assert.That(handle.IsRegistered, Is.False);
    });

    [Test]
    public void A_WaitHandle_may_be_disposed_in_the_handler_once_the_object_is_unregistered() => backend.Run(bench =>
    {
        var signal = new AutoResetEvent(initialState: true);
        using var handle = new IvHandle(signal, handle =>
        {
            handle.Dispose();
            signal.Dispose();
        });
        handle.Register();
        Assert.That(bench.Loop.Run(), Is.False);
    });

    [Test]
    public void A_Mutex_and_null_are_refused()
    {
        using var mutex = new Mutex();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new IvHandle(mutex, static _ => { }), Throws.ArgumentException.With.Message.Contains("thread of the pool").Or.Message.Contains("one of the pool"));
            Assert.That(() => new IvHandle(null!, static _ => { }), Throws.ArgumentNullException);
        }
    }

    [Test]
    public void A_simulated_network_takes_no_calls_from_outside() =>
        LoopThread.Run(new IvLoopOptions { Network = new SimulatedNetwork(1) }, _ =>
        {
            using var signal = new AutoResetEvent(initialState: true);
            using var handle = new IvHandle(signal, static _ => { });
            Assert.That(handle.TryRegister(), Is.EqualTo(IvError.EOPNOTSUPP));
            Assert.That(handle.Register, Throws.TypeOf<IvException>().With.Message.Contains("simulated"));
            Assert.That(signal.WaitOne(0), "nothing was taken");
        });

    [Test]
    public void Misuse_is_fatal_and_changes_nothing() => backend.Run(bench =>
    {
        using var signal = new AutoResetEvent(initialState: false);
        var handle = new IvHandle(signal, static _ => { });
        FatalScope.Expect(FatalCondition.NotRegistered, handle.Unregister);
        LoopThread.Elsewhere(() => FatalScope.Expect(FatalCondition.NoLoop, handle.Register));
        handle.Register();
        FatalScope.Expect(FatalCondition.AlreadyRegistered, handle.Register);
        LoopThread.Elsewhere(() =>
        {
            FatalScope.Expect(FatalCondition.WrongThread, handle.Unregister);
            FatalScope.Expect(FatalCondition.WrongThread, handle.Dispose);
            FatalScope.Expect(FatalCondition.WrongThread, () => handle.Handler = null);
        });
        signal.Set();
        bench.Until(() => handle.Count == 1, "it works still");
        handle.Dispose();
        handle.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, handle.Register);
        Assert.That((bench.Loop.Counters.Handles, bench.Loop.Counters.Active), Is.EqualTo((0, 0)));
    });

    [Test]
    public void The_dump_has_a_line_for_each() => backend.Run(bench =>
    {
        using var signal = new AutoResetEvent(initialState: false);
        using var waiting = new IvHandle(signal, static _ => { }) { Name = "ready" };
        using var parked = new IvHandle(signal, handler: null);
        waiting.Register();
        parked.Register();
        using var writer = new StringWriter { NewLine = "\n" };
        bench.Loop.Dump(writer);
        Assert.That(writer.ToString(), Does.Contain("  handle    AutoResetEvent count=0  \"ready\"\n").And.Contain("  handle    AutoResetEvent count=0 parked\n"));
        Assert.That(bench.Loop.Counters.Handles, Is.EqualTo(2));
        Assert.That(parked.ToString(), Is.EqualTo("IvHandle (AutoResetEvent)"));
    });

    private static IvHandle Register(WaitHandle waitHandle)
    {
        var handle = new IvHandle(waitHandle, static _ => { });
        handle.Register();
        return handle;
    }

    // Another wait of the same runtime thread, gone and back: what it had on its way for this one has arrived.
    private static void AssertSilent(Bench bench, IvHandle handle)
    {
        long before = handle.Count;
        using var fence = new AutoResetEvent(initialState: true);
        using IvHandle last = Register(fence);
        bench.Until(() => last.Count == 1, "the fence");
        bench.Turn(2);
        Assert.That(handle.Count, Is.EqualTo(before));
    }

    // Another wait of the runtime has ended: one that began before has looked at its event.
    private static void LetTheRuntimeWait()
    {
        using var fence = new AutoResetEvent(initialState: true);
        using var passed = new ManualResetEventSlim();
        ThreadPool.UnsafeRegisterWaitForSingleObject(fence, (_, _) => passed.Set(), null, Wait.Deadline, executeOnlyOnce: true);
        Assert.That(passed.Wait(Wait.Deadline));
    }

    // Different moments for the wait's thread to be in.
    private static void Spin(int round) => Thread.SpinWait(round % 10 * 300);

    private static int CountThreads() => OperatingSystem.IsLinux() ? Directory.GetDirectories("/proc/self/task").Length : System.Diagnostics.Process.GetCurrentProcess().Threads.Count;
}
