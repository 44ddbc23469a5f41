using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>Waiting for a child: what is told, in which order, and who is left alone (rows W1 and W2).</summary>
[TestFixtureSource(nameof(Backends))]
[NonParallelizable] // children and descriptors are the process's
[Platform("Linux", Reason = "pidfd_open(2)")]
internal sealed class IvWaitTests(ConformanceBackend backend)
{
    private const int SigStop = 19;
    private const int SigCont = 18;

    public static IEnumerable<ConformanceBackend> Backends => ConformanceBackend.OfTheKernel;

    [Test]
    public void The_exit_code_and_what_was_used_are_told() => Run("exit 3", (bench, child) =>
    {
        IvChildStatus told = default;
        IvWait wait = Watch(bench, child, (_, status) => told = status);
        bench.Until(() => told.HasEnded, "ended");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(told.Kind, Is.EqualTo(IvChildStatusKind.Exited));
            Assert.That(told.ExitCode, Is.EqualTo(3));
            Assert.That(told.Usage!.Value.MaxResidentBytes, Is.GreaterThan(100_000));
            Assert.That(told.Usage.Value.MinorFaults, Is.Positive);
            Assert.That(child.State, Is.Null, "reaped");
            Assert.That(wait.IsRegistered, Is.True);
        }
    });

    [Test]
    public void Stop_continue_and_end_are_told_in_order_whoever_sends_them() => Run("sleep 1000", (bench, child) =>
    {
        // test.mt/iv_wait_test: another thread signals, each step once the last one was told.
        using var told = new SemaphoreSlim(0);
        IvWait wait = Watch(bench, child, TellsStops.Yes, (wait, status) =>
        {
            bench.Log.Add(status.ToString());
            told.Release();
            if (status.HasEnded)
            {
                wait.Unregister();
            }
        });
        Action join = LoopThread.Begin(1, _ =>
        {
            foreach (int signal in (ReadOnlySpan<int>)[SigStop, SigCont, Constants.SIGTERM])
            {
                Assert.That(wait.Kill(signal), Is.EqualTo(IvError.None));
                Assert.That(told.Wait(LoopThread.Patience), Is.True);
            }
        });
        bench.Loop.Run();
        join();
        Assert.That(bench.Log, Is.EqualTo(["stopped by SIGSTOP", "continued", "killed by SIGTERM"]));
    });

    [Test]
    public void A_stop_that_the_loop_was_too_busy_to_see_is_told_before_the_end() => Run("sleep 1000", (bench, child) =>
    {
        Watch(bench, child, TellsStops.Yes, (_, status) => bench.Log.Add(status.Kind.ToString()));
        StopAndContinue(child);
        child.Signal(Constants.SIGKILL);
        child.WaitForState('Z');
        bench.Until(() => bench.Log.Contains("Signaled"), "ended");
        Assert.That(bench.Log, Is.EqualTo(["Stopped", "Continued", "Signaled"]));
    });

    [Test]
    public void Without_being_asked_for_stops_only_the_end_is_told() => Run("sleep 1000", (bench, child) =>
    {
        Watch(bench, child, (_, status) => bench.Log.Add(status.ToString()));
        child.Signal(SigStop);
        child.WaitForState('T');
        bench.Turn(3);
        child.Signal(Constants.SIGKILL);
        bench.Until(() => bench.Log.Count > 0, "ended");
        Assert.That(bench.Log, Is.EqualTo(["killed by SIGKILL"]));
    });

    [Test]
    public void A_child_that_has_ended_before_is_told_of() => Run("exit 7", (bench, child) =>
    {
        child.WaitForState('Z');
        Watch(bench, child, (_, status) => bench.Log.Add(status.ToString()));
        Assert.That(bench.Log, Is.Empty, "not inside Register");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["exited with 7"]));
    });

    [Test]
    public void A_child_that_was_stopped_before_is_told_of() => Run("sleep 1000", (bench, child) =>
    {
        child.Signal(SigStop);
        child.WaitForState('T');
        Watch(bench, child, TellsStops.Yes, (_, status) => bench.Log.Add(status.Kind.ToString()));
        Assert.That(bench.Log, Is.Empty, "not inside Register");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["Stopped"]));
    });

    [Test]
    public void After_the_end_Kill_says_ESRCH_before_the_user_is_told_and_the_object_stays() => Run("exit 0", (bench, child) =>
    {
        IvError inHandler = IvError.None;
        var wait = new IvWait(child.ProcessId, (wait, _) => inHandler = wait.Kill(0));
        Assert.That(wait.Kill(0), Is.EqualTo(IvError.ESRCH), "not registered");
        bench.Own(wait).Register();
        bench.Until(() => inHandler != IvError.None, "ended");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(inHandler, Is.EqualTo(IvError.ESRCH));
            Assert.That(wait.Kill(Constants.SIGKILL), Is.EqualTo(IvError.ESRCH));
            LoopThread.Elsewhere(() => Assert.That(wait.Kill(Constants.SIGKILL), Is.EqualTo(IvError.ESRCH)));
            Assert.That(wait.IsRegistered, Is.True);
            Assert.That(bench.Loop.Counters.Active, Is.EqualTo(1), "keeps the loop alive");
            Assert.That(bench.Loop.Counters.Waits, Is.EqualTo(1));
        }

        bench.AssertSleeps("a pidfd of the dead is readable for ever");
        wait.Unregister();
        bench.Loop.Run();
        Assert.That(wait.Kill(0), Is.EqualTo(IvError.ESRCH));
    });

    [Test]
    public void The_end_of_an_unregistered_child_is_harmless_and_its_status_is_left_alone() => Run("sleep 1000", (bench, child) =>
    {
        using ShellChild stranger = ShellChild.Start("exit 5");
        Watch(bench, child, TellsStops.Yes, (_, status) => bench.Log.Add(status.ToString()));
        stranger.WaitForState('Z');
        child.Signal(SigStop);
        bench.Until(() => bench.Log.Count == 1, "stopped");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(bench.Log, Is.EqualTo(["stopped by SIGSTOP"]));
            Assert.That(stranger.State, Is.EqualTo('Z'));
            Assert.That(stranger.Reap(), Is.True);
        }
    });

    [Test]
    public void A_status_that_was_taken_elsewhere_is_unknown() => Run("exit 9", (bench, child) =>
    {
        // As on a kernel that does not remember it.
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.PidfdGetInfo, IvError.ENOTTY);
        Watch(bench, child, (_, status) => bench.Log.Add($"{status.Kind} {status.ShellExitCode} {status.Usage is null} {status}"));
        Assert.That(child.Reap(), Is.True);
        bench.Until(() => bench.Log.Count > 0, "ended");
        Assert.That(bench.Log, Is.EqualTo(["Unknown 127 True ended, nobody knows how"]));
    });

    [Test]
    public void A_status_that_was_taken_elsewhere_is_told_where_the_kernel_remembers_it() => Run("exit 9", (bench, child) =>
    {
        IvChildStatus? told = null;
        Watch(bench, child, (_, status) => told = status);
        Assert.That(child.Reap(), Is.True);
        bench.Until(() => told is not null, "ended");
        if (told!.Value.Kind == IvChildStatusKind.Unknown)
        {
            Assert.Ignore("Linux remembers it since 6.15");
        }

        Assert.That(told.Value.ExitCode, Is.EqualTo(9));
    });

    [Test]
    public void A_handler_that_throws_loses_nothing() => Run("sleep 1000", (bench, child) =>
    {
        Watch(bench, child, TellsStops.Yes, (_, status) =>
        {
            bench.Log.Add(status.Kind.ToString());
            throw new InvalidOperationException(status.Kind.ToString());
        });
        StopAndContinue(child);
        child.Signal(Constants.SIGTERM);
        child.WaitForState('Z');
        foreach (string next in (ReadOnlySpan<string>)["Stopped", "Continued", "Signaled"])
        {
            Assert.That(() => bench.Until(() => false, next), Throws.InvalidOperationException.With.Message.EqualTo(next));
        }

        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["Stopped", "Continued", "Signaled"]));
    });

    [Test]
    public void A_handler_may_dispose_its_object_and_nothing_more_comes() => Run("sleep 1000", (bench, child) =>
    {
        Watch(bench, child, TellsStops.Yes, (wait, status) =>
        {
            bench.Log.Add(status.Kind.ToString());
            wait.Dispose();
        });
        StopAndContinue(child);
        child.Signal(Constants.SIGKILL);
        child.WaitForState('Z');
        bench.Loop.Run();
        Assert.That(bench.Log, Is.EqualTo(["Stopped"]));
        Assert.That(child.Reap(), Is.True, "the child is its parent's again");
    });

    [Test]
    public void An_unregistered_object_is_told_nothing_and_may_be_registered_again() => Run("exit 4", (bench, child) =>
    {
        IvWait wait = Watch(bench, child, (_, status) => bench.Log.Add(status.ToString()));
        wait.Unregister();
        child.WaitForState('Z');
        bench.Turn();
        Assert.That(bench.Log, Is.Empty);
        wait.Register();
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["exited with 4"]));
    });

    [Test]
    public void Many_ends_of_one_batch_are_each_told() => backend.Run(bench =>
    {
        const int count = 20;
        List<ShellChild> children = [.. Enumerable.Range(0, count).Select(static code => ShellChild.Start($"exit {code}"))];
        foreach (ShellChild child in children)
        {
            child.WaitForState('Z');
            Watch(bench, child, (wait, status) =>
            {
                bench.Log.Add($"{status.ExitCode}");
                wait.Unregister();
            });
        }

        bench.Loop.Run();
        Assert.That(bench.Log, Is.EquivalentTo(Enumerable.Range(0, count).Select(static code => $"{code}")));
        children.ForEach(static child => child.Dispose());
    });

    [Test]
    public void The_dump_has_one_line_for_it() => Run("exit 2", (bench, child) =>
    {
        Watch(bench, child, TellsStops.Yes, static (_, _) => { }).Name = "backup";
        Assert.That(Dump(bench), Does.Match($@"^  fd +[0-9]+  child +- +IN +pid={child.ProcessId}  ""backup""$"));
        bench.Until(() => child.State is null, "reaped");
        Assert.That(Dump(bench), Does.Match($@"^  fd +[0-9]+  child +- +- +pid={child.ProcessId} exited with 2  ""backup""$"));
    });

    [Test]
    public void A_loop_that_is_disposed_reports_the_object_and_leaves_the_child() => Run("sleep 1000", (bench, child) =>
    {
        var wait = new IvWait(child.ProcessId, static (_, _) => { }) { TellsStops = true };
        wait.Register();
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        bench.Loop.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(bench.Leaks.Single().Objects, Is.EqualTo([wait]));
            Assert.That(wait.IsRegistered, Is.False);
            Assert.That(child.State, Is.Not.EqualTo('Z').And.Not.Null);
            Assert.That(Native.OpenDescriptors().GetValueOrDefault("anon_inode:[pidfd]"), Is.LessThanOrEqualTo(before.GetValueOrDefault("anon_inode:[pidfd]")));
        }
    });

    private static IvWait Watch(Bench bench, ShellChild child, Action<IvWait, IvChildStatus> handler) => Watch(bench, child, TellsStops.No, handler);

    private static IvWait Watch(Bench bench, ShellChild child, TellsStops stops, Action<IvWait, IvChildStatus> handler)
    {
        IvWait wait = bench.Own(new IvWait(child.ProcessId, handler) { TellsStops = stops == TellsStops.Yes });
        wait.Register();
        return wait;
    }

    // The loop does not look meanwhile: SIGCHLD is handled on a thread of the pool, which takes what the kernel has.
    private static void StopAndContinue(ShellChild child)
    {
        child.Signal(SigStop);
        child.WaitForState('T');
        Wait.For(() => !child.HasStopToTell);
        child.Signal(SigCont);
        Wait.For(() => !child.HasStopToTell);
    }

    private static string Dump(Bench bench)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        bench.Loop.Dump(writer);
        return writer.ToString().Split('\n').Single(static line => line.Contains("child", StringComparison.Ordinal));
    }

    private void Run(string line, Action<Bench, ShellChild> body) => backend.Run(bench =>
    {
        using ShellChild child = ShellChild.Start(line);
        body(bench, child);
    });

    private enum TellsStops
    {
        No,
        Yes,
    }
}
