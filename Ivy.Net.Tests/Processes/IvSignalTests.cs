using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>Rows S1 and S2, and the scenarios iv_signal_test and iv_signal_child_test: signals that are sent to the process.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.All))]
[NonParallelizable] // signals are the whole process's
[Platform("Linux", Reason = "kill(2)")]
[SupportedOSPlatform("linux")]
internal sealed class IvSignalTests(ConformanceBackend backend)
{
    private const int SigUsr1 = Native.SigUsr1;
    private const int SigKill = 9;
    private const int SigStop = 19;
    private const int FirstRealTime = 35;
    private const int LastRealTime = 64;

    [Test]
    public void A_signal_that_was_sent_before_Run_is_delivered_once_on_the_loops_thread() => backend.Run(bench =>
    {
        int calls = 0;
        int thread = 0;
        var signal = new IvSignal(SigUsr1, signal =>
        {
            calls++;
            thread = Environment.CurrentManagedThreadId;
            signal.Unregister();
        });
        signal.Register();
        Native.SendSignal(SigUsr1);
        Assert.That(bench.Loop.Run(), Is.False, "nothing is left");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(calls, Is.EqualTo(1));
            Assert.That(signal.Count, Is.EqualTo(1));
            Assert.That(thread, Is.EqualTo(Environment.CurrentManagedThreadId));
        }
    });

    [Test]
    public void S1_A_signal_while_the_handler_runs_is_one_more_call() => backend.Run(bench =>
    {
        using var signal = new IvSignal(SigUsr1, signal =>
        {
            if (signal.Count == 1)
            {
                Native.SendSignal(SigUsr1);
            }
        });
        signal.Register();
        Native.SendSignal(SigUsr1);
        bench.Until(() => signal.Count == 2, "the second call");
    });

    [Test]
    public void Signals_before_the_handler_runs_are_one_call() => backend.Run(bench =>
    {
        using IvSignal signal = Listen(SigUsr1);
        using IvSignal exclusive = Listen(SigUsr1, isExclusive: true);
        for (int i = 0; i < 10; i++)
        {
            ProcessSignal.Of(SigUsr1).Audience.Notify();
        }

        bench.Turn(3);
        Assert.That((signal.Count, exclusive.Count), Is.EqualTo((1L, 1L)));
    });

    [Test]
    public void A_signal_wakes_a_loop_that_sleeps() => backend.Run(bench =>
    {
        using IvSignal signal = Listen(SigUsr1);
        bench.Timer(TimeSpan.Zero, _ =>
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => SendWhenAsleep(bench.Loop), null);
        });
        bench.Until(() => signal.Count == 1, "the signal");
    });

    [Test]
    public void Any_number_of_loops_hear_of_a_signal_and_one_exclusive_object_of_all_of_them_does_besides([Values(1, 4)] int loops)
    {
        const int rounds = 50;
        using var listening = new CountdownEvent(loops);
        var running = new IvLoop[loops];
        int[] shared = new int[loops];
        int exclusive = 0;
        Action finish = LoopThread.Begin(loops, number => backend.Run(bench =>
        {
            using var every = new IvSignal(SigUsr1, _ => Interlocked.Increment(ref shared[number]));
            using var one = new IvSignal(SigUsr1, _ => Interlocked.Increment(ref exclusive)) { IsExclusive = true };
            every.Register();
            one.Register();
            running[number] = bench.Loop;
            listening.Signal();
            bench.Loop.Run();
        }));
        Assert.That(listening.Wait(Wait.Deadline));
        for (int round = 1; round <= rounds; round++)
        {
            Native.SendSignal(SigUsr1);
            Wait.For(() => shared.All(count => Volatile.Read(ref count) >= round) && Volatile.Read(ref exclusive) >= round);
            Assert.That(exclusive, Is.EqualTo(round));
            Assert.That(shared, Is.All.EqualTo(round));
        }

        Array.ForEach(running, static loop => loop.Quit());
        finish();
    }

    [Test]
    public void Real_time_signals_are_free_from_the_second_on([Values(FirstRealTime, LastRealTime)] int number) => backend.Run(bench =>
    {
        using IvSignal signal = Listen(number);
        Native.SendSignal(number);
        bench.Until(() => signal.Count == 1, "the signal");
    });

    [Test]
    public void Names_of_dotnet_and_numbers_mean_the_same([Values] PosixSignal signal) => backend.Run(bench =>
    {
        using var named = new IvSignal(signal, _ => { });
        using var numbered = new IvSignal(named.Number, _ => { });
        using var cast = new IvSignal((PosixSignal)named.Number, _ => { });
        foreach (IvSignal one in (IvSignal[])[named, numbered, cast])
        {
            one.Register();
        }

        Native.SendSignal(named.Number);
        bench.Until(() => named.Count == 1 && numbered.Count == 1 && cast.Count == 1, "all three");
        Assert.That(IvSignal.NameOf(named.Number), Is.EqualTo(signal.ToString()));
    });

    [Test]
    public void A_handler_may_unregister_and_register_dispose_and_replace_anything() => backend.Run(bench =>
    {
        IvSignal? victim = null;
        using var signal = new IvSignal(SigUsr1, signal =>
        {
            victim!.Dispose();
            signal.Unregister();
            signal.Register();
            signal.Handler = static signal => signal.Dispose();
        });
        signal.Register();
        using (victim = Listen(SigUsr1))
        {
            ProcessSignal.Of(SigUsr1).Audience.Notify();
            bench.Turn(2);
            Assert.That((signal.Count, victim.Count), Is.EqualTo((1L, 0L)));
        }

        Native.SendSignal(SigUsr1);
        bench.Until(() => !signal.IsRegistered, "the second handler");
    });

    [Test]
    public void An_exception_of_a_handler_leaves_Run_and_the_object_goes_on_listening() => backend.Run(bench =>
    {
        using var signal = new IvSignal(SigUsr1, signal =>
        {
            if (signal.Count == 1)
            {
                throw new InvalidOperationException("mine");
            }
        });
        signal.Register();
        ProcessSignal.Of(SigUsr1).Audience.Notify();
        Assert.That(() => bench.Turn(), Throws.InvalidOperationException.With.Message.EqualTo("mine"));
        ProcessSignal.Of(SigUsr1).Audience.Notify();
        bench.Turn();
        Assert.That(signal.Count, Is.EqualTo(2));
    });

    [Test]
    public void An_object_that_does_not_keep_the_loop_alive_lets_Run_return() => backend.Run(bench =>
    {
        using var signal = new IvSignal(PosixSignal.SIGTERM, static signal => signal.Loop!.Quit()) { KeepsLoopAlive = false };
        signal.Register();
        Assert.That(bench.Loop.Run(), Is.False);
    });

    [Test]
    public void S2_SIGCHLD_is_heard_of_and_System_Diagnostics_Process_sees_its_children_end() => backend.Run(bench =>
    {
        using IvSignal shared = Listen(PosixSignal.SIGCHLD);
        using IvSignal exclusive = Listen(PosixSignal.SIGCHLD, isExclusive: true);

        // All that has to do with children at once: none takes anything from another.
        List<string> told = [];
        using ShellChild watched = ShellChild.Start("sleep 1000");
        using var wait = new IvWait(watched.ProcessId, (_, status) => told.Add($"wait {status}")) { TellsStops = true };
        wait.Register();
        using var child = new IvProcess("sh", ["-c", "exit 5"]) { HandlerExit = (_, status) => told.Add($"process {status}") };
        child.Start();
        using var process = Process.Start("/bin/sh", ["-c", "exit 7"]);
        bench.Until(() => shared.Count > 0 && exclusive.Count > 0 && told.Contains("process exited with 5"), "SIGCHLD");
        Assert.That(process.WaitForExit(Wait.Deadline));
        Assert.That(process.ExitCode, Is.EqualTo(7));

        (long sharedBefore, long exclusiveBefore) = (shared.Count, exclusive.Count);
        watched.Signal(SigStop);
        bench.Until(() => shared.Count > sharedBefore && exclusive.Count > exclusiveBefore && told.Contains("wait stopped by SIGSTOP"), "stopped");
        (sharedBefore, exclusiveBefore) = (shared.Count, exclusive.Count);
        watched.Signal(SigKill);
        bench.Until(() => shared.Count > sharedBefore && exclusive.Count > exclusiveBefore && told.Contains("wait killed by SIGKILL"), "killed");
        Assert.That(told, Is.EqualTo(["process exited with 5", "wait stopped by SIGSTOP", "wait killed by SIGKILL"]));
    });

    [Test]
    public void A_signal_to_a_child_that_has_only_just_been_started_is_not_the_parents() => backend.Run(bench =>
    {
        using IvSignal terminated = Listen(PosixSignal.SIGTERM);
        for (int i = 0; i < 20; i++)
        {
            using var child = Process.Start("/bin/sleep", ["3600"]);
            Native.SendSignalToProcess(child.Id, terminated.Number);
            Assert.That(child.WaitForExit(Wait.Deadline));
            bench.Turn();
        }

        Assert.That(terminated.Count, Is.Zero);
    });

    [Test]
    public void A_signal_handler_that_sends_its_own_signal_goes_on_for_as_long_as_it_likes() => backend.Run(bench =>
    {
        const int rounds = 2000;
        using var signal = new IvSignal(SigUsr1, signal =>
        {
            if (signal.Count < rounds)
            {
                Native.SendSignal(SigUsr1);
            }
            else
            {
                signal.Unregister();
            }
        });
        signal.Register();
        Native.SendSignal(SigUsr1);
        bench.Loop.Run();
        Assert.That(signal.Count, Is.EqualTo(rounds));
    });

    private static IvSignal Listen(PosixSignal number, bool isExclusive = false)
    {
        var signal = new IvSignal(number, static _ => { }) { IsExclusive = isExclusive };
        signal.Register();
        return signal;
    }

    private static IvSignal Listen(int number, bool isExclusive = false) => Listen((PosixSignal)number, isExclusive);

    private static void SendWhenAsleep(IvLoop loop)
    {
        // A post to a loop that sleeps counts as a wakeup; then it has slept, and goes to sleep again.
        long before = loop.Counters.Wakeups;
        Wait.For(() => loop.Post(static _ => { }, null) && loop.Counters.Wakeups > before);
        Native.SendSignal(SigUsr1);
    }
}
