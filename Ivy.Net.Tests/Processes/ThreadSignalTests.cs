using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>Signals to a thread: S1, the scenario iv_signal_thread_test, and what becomes of the thread's mask.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.All))]
[NonParallelizable]
[Platform("Linux", Reason = "signalfd(2)")]
internal sealed class ThreadSignalTests(ConformanceBackend backend)
{
    private const int SigUsr1 = Native.SigUsr1;
    private const int SigUsr2 = Native.SigUsr2;

    [Test]
    public void A_signal_to_one_of_four_threads_is_that_threads()
    {
        const int threads = 4;
        const int rounds = 20;
        int[] ids = new int[threads];
        int[] calls = new int[threads];
        var running = new IvLoop[threads];
        using var listening = new CountdownEvent(threads);
        Action finish = LoopThread.Begin(threads, number => backend.Run(bench =>
        {
            using var signal = new IvSignal(SigUsr1, _ => Interlocked.Increment(ref calls[number])) { Scope = IvSignalScope.Thread };
            signal.Register();
            ids[number] = Native.ThreadId;
            running[number] = bench.Loop;
            listening.Signal();
            bench.Loop.Run();
        }));
        Assert.That(listening.Wait(Wait.Deadline));
        try
        {
            int[] expected = new int[threads];
            for (int round = 0; round < rounds; round++)
            {
                int target = round % 3; // the fourth never is
                Native.SendSignalTo(ids[target], SigUsr1);
                expected[target]++;
                Wait.For(() => Volatile.Read(ref calls[target]) == expected[target]);
                Assert.That(calls, Is.EqualTo(expected));
            }
        }
        finally
        {
            Array.ForEach(running, static loop => loop.Quit());
        }

        finish();
    }

    [Test]
    public void S1_What_listens_for_the_thread_beats_what_listens_for_the_process() => backend.Run(bench =>
    {
        using IvSignal process = Listen(SigUsr1, IvSignalScope.Process);
        using (IvSignal thread = Listen(SigUsr1))
        {
            Native.SendSignalTo(Native.ThreadId, SigUsr1);
            bench.Until(() => thread.Count == 1, "the thread's");
            Assert.That(process.Count, Is.Zero);
        }

        Native.SendSignalTo(Native.ThreadId, SigUsr1);
        bench.Until(() => process.Count == 1, "the process's, when nobody listens for the thread any more");
    });

    [Test]
    public void A_signal_to_the_process_is_never_the_threads_whichever_thread_the_kernel_gives_it_to() => backend.Run(bench =>
    {
        const int rounds = 200;
        using IvSignal process = Listen(SigUsr1, IvSignalScope.Process);
        using IvSignal thread = Listen(SigUsr1);
        for (int round = 1; round <= rounds; round++)
        {
            Native.SendSignal(SigUsr1);
            bench.Until(() => process.Count == round, "the process's");
        }

        Assert.That(thread.Count, Is.Zero);
    });

    [Test]
    public void What_the_thread_reads_and_was_sent_to_the_process_is_forwarded() => backend.Run(bench =>
    {
        using IvSignal process = Listen(SigUsr1, IvSignalScope.Process);
        using IvSignal thread = Listen(SigUsr1);
        Native.QueueSignalTo(Native.ThreadId, SigUsr1);
        bench.Turn(2);
        Assert.That((process.Count, thread.Count), Is.EqualTo((1L, 0L)));
    });

    [Test]
    public void A_signal_to_a_process_where_only_a_thread_listens_does_not_end_it() => backend.Run(bench =>
    {
        using IvSignal thread = Listen(SigUsr1);
        Assert.That(Native.SignalHandler(SigUsr1), Is.Not.EqualTo(Constants.SIG_DFL));
        Native.SendSignal(SigUsr1);
        Native.SendSignalTo(Native.ThreadId, SigUsr1);
        bench.Until(() => thread.Count == 1, "the thread's");
        SignalFence.Pass(bench.Loop);
    });

    [Test]
    public void Shared_ones_are_called_and_one_exclusive_one_which_hands_over_when_it_goes() => backend.Run(bench =>
    {
        using IvSignal shared = Listen(SigUsr1);
        IvSignal[] exclusive = [.. Enumerable.Range(0, 2).Select(_ => Listen(SigUsr1, IvSignalScope.Thread, isExclusive: true))];
        using var other = Listen(SigUsr2);
        other.Handler = _ => exclusive[0].Unregister();
        Native.SendSignalTo(Native.ThreadId, SigUsr1);
        bench.Turn(2);
        Assert.That((shared.Count, exclusive[0].Count, exclusive[1].Count), Is.EqualTo((1L, 1L, 0L)));

        // SIGUSR1 is read first, but the other's handler was posted first.
        shared.Handler = _ => exclusive[0].Unregister();
        Native.SendSignalTo(Native.ThreadId, SigUsr1);
        bench.Turn(3);
        Assert.That((shared.Count, exclusive[0].Count, exclusive[1].Count), Is.EqualTo((2L, 1L, 1L)));
        exclusive[1].Dispose();
    });

    [Test]
    public void Signals_while_the_handler_runs_are_one_more_call() => backend.Run(bench =>
    {
        using var signal = new IvSignal(SigUsr1, signal =>
        {
            if (signal.Count == 1)
            {
                Native.SendSignalTo(Native.ThreadId, SigUsr1);
            }
        })
        { Scope = IvSignalScope.Thread };
        signal.Register();
        Native.SendSignalTo(Native.ThreadId, SigUsr1);
        bench.Turn(5);
        Assert.That(signal.Count, Is.EqualTo(2));
    });

    [Test]
    public void All_signals_of_a_loop_share_one_descriptor_which_goes_with_the_last() => backend.Run(bench =>
    {
        static int Descriptors() => Directory.GetFiles("/proc/self/fd").Count(static link => new FileInfo(link).LinkTarget == "anon_inode:[signalfd]");
        int before = Descriptors();
        IvSignal[] signals = [Listen(SigUsr1), Listen(SigUsr2), Listen(SigUsr1), Listen(40)];
        Assert.That(Descriptors(), Is.EqualTo(before + 1));
        Array.ForEach(signals, static signal => signal.Dispose());
        Assert.That(Descriptors(), Is.EqualTo(before));
    });

    [Test]
    public void The_mask_is_put_back_but_for_what_others_had_blocked() => backend.Run(bench =>
    {
        SignalSet blocked = SignalSet.Of(SigUsr2);
        _ = Sys.SetSignalMask(Constants.SIG_BLOCK, blocked, out SignalSet before);
        IvSignal mine = Listen(SigUsr1);
        IvSignal theirs = Listen(SigUsr2);
        IvSignal again = Listen(SigUsr1);
        Assert.That(Native.BlockedSignals().Bits, Is.EqualTo((before | blocked | SignalSet.Of(SigUsr1)).Bits));
        mine.Dispose();
        Assert.That(Native.BlockedSignals().Contains(SigUsr1), "another object listens");
        again.Dispose();
        theirs.Dispose();
        Assert.That(Native.BlockedSignals().Bits, Is.EqualTo((before | blocked).Bits));
    });

    [Test]
    public void A_signal_that_is_pending_when_the_last_one_goes_does_not_end_the_process() => backend.Run(bench =>
    {
        using IvSignal other = Listen(SigUsr2);
        IvSignal signal = Listen(SigUsr1);
        Native.SendSignalTo(Native.ThreadId, SigUsr1);
        Native.SendSignalTo(Native.ThreadId, SigUsr2);
        signal.Dispose();
        bench.Turn();
        Assert.That((signal.Count, other.Count), Is.EqualTo((0L, 1L)), "what was for others is not lost");
        Assert.That(Native.SignalHandler(SigUsr1), Is.EqualTo(Constants.SIG_DFL));
    });

    [Test]
    public void A_signal_that_the_process_ignores_reaches_a_thread() => backend.Run(bench =>
    {
        Native.SetSignalHandler(SigUsr2, Constants.SIG_IGN);
        try
        {
            using IvSignal signal = Listen(SigUsr2);
            Native.SendSignalTo(Native.ThreadId, SigUsr2);
            bench.Turn(2);
            Assert.That(signal.Count, Is.EqualTo(1));
        }
        finally
        {
            Native.SetSignalHandler(SigUsr2, Constants.SIG_DFL);
        }
    });

    [Test]
    public void Signals_that_the_runtime_needs_for_the_process_are_refused([Values(17, 18, 20, 21, 22, 28)] int number) => backend.Run(_ =>
    {
        using var signal = new IvSignal(number, static _ => { }) { Scope = IvSignalScope.Thread };
        Assert.That(signal.TryRegister(), Is.EqualTo(IvError.EOPNOTSUPP));
        Assert.That(signal.Register, Throws.TypeOf<IvException>().With.Message.Contains("IvSignalScope.Process"));
    });

    [Test]
    public void A_descriptor_that_is_refused_is_an_error_and_leaves_the_thread_as_it_was() => backend.Run(bench =>
    {
        SignalSet before = Native.BlockedSignals();
        using var signal = new IvSignal(SigUsr1, static _ => { }) { Scope = IvSignalScope.Thread };
        using (new ScriptedFaults(SysCall.SignalFd, IvError.EMFILE))
        {
            Assert.That(signal.TryRegister(), Is.EqualTo(IvError.EMFILE));
        }

        if (backend == ConformanceBackend.Epoll)
        {
            using var faults = new ScriptedFaults(SysCall.EpollCtl, IvError.ENOSPC);
            Assert.That(signal.Register, Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(IvError.ENOSPC));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Native.BlockedSignals().Bits, Is.EqualTo(before.Bits));
            Assert.That(Native.SignalHandler(SigUsr1), Is.EqualTo(Constants.SIG_DFL));
            Assert.That(bench.Loop.Counters.Signals, Is.Zero);
        }

        using IvSignal first = Listen(SigUsr2);
        using (new ScriptedFaults(SysCall.SignalFd, IvError.ENOMEM))
        {
            Assert.That(signal.TryRegister(), Is.EqualTo(IvError.ENOMEM), "the set of the descriptor that is there");
        }

        signal.Register();
        Native.SendSignalTo(Native.ThreadId, SigUsr1);
        Native.SendSignalTo(Native.ThreadId, SigUsr2);
        bench.Turn(2);
        Assert.That((signal.Count, first.Count), Is.EqualTo((1L, 1L)));
    });

    [Test]
    public void A_thread_that_the_library_starts_blocks_nothing() => backend.Run(bench =>
    {
        using IvSignal signal = Listen(SigUsr1);
        ulong inherited = 0;
        ulong clean = ulong.MaxValue;
        Assert.That(Native.BlockedSignals().Contains(SigUsr1));
        LoopThread.Elsewhere(() => inherited = Native.BlockedSignals().Bits);
        using var done = new ManualResetEventSlim();
        LibraryThread.Start(bench.Network, "clean", () =>
        {
            clean = Native.BlockedSignals().Bits;
            done.Set();
        });
        Assert.That(done.Wait(Wait.Deadline));
        Assert.That(clean, Is.Zero);
        Assert.That(inherited, Is.EqualTo(SignalSet.Of(SigUsr1).Bits), "as any other thread that is made here");
    });

    [Test]
    public void A_new_loop_of_the_thread_listens_anew()
    {
        for (int i = 0; i < 2; i++)
        {
            using var loop = new IvLoop();
            IvSignal signal = Listen(SigUsr1);
            Native.SendSignalTo(Native.ThreadId, SigUsr1);
            loop.Run(IvRunMode.NonBlocking);
            loop.Run(IvRunMode.NonBlocking);
            Assert.That(signal.Count, Is.EqualTo(1));
        }

        Assert.That(Native.BlockedSignals().Contains(SigUsr1), Is.False);
    }

    [Test]
    public void A_storm_of_signals_of_both_kinds_loses_none_at_the_end() => backend.Run(bench =>
    {
        const int enough = 100;
        bool isOver = false;
        using IvSignal process = Listen(SigUsr1, IvSignalScope.Process);
        using IvSignal thread = Listen(SigUsr1);
        int id = Native.ThreadId;
        Action finish = LoopThread.Begin(2, number =>
        {
            while (!Volatile.Read(ref isOver))
            {
                if (number == 0)
                {
                    Native.SendSignal(SigUsr1);
                }
                else
                {
                    Native.SendSignalTo(id, SigUsr1);
                }

                Thread.Yield();
            }
        });
        bench.Until(() => process.Count > enough && thread.Count > enough, "many of both");
        Volatile.Write(ref isOver, true);
        finish();
        (long processes, long threads) = (process.Count, thread.Count);
        Native.SendSignal(SigUsr1);
        Native.SendSignalTo(id, SigUsr1);
        bench.Until(() => process.Count > processes && thread.Count > threads, "the last ones");
        SignalFence.Pass(bench.Loop);
    });

    private static IvSignal Listen(int number, IvSignalScope scope = IvSignalScope.Thread, bool isExclusive = false)
    {
        var signal = new IvSignal(number, static _ => { }) { Scope = scope, IsExclusive = isExclusive };
        signal.Register();
        return signal;
    }
}
