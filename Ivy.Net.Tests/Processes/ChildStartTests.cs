using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>A child that the system does not let watch, one that is reaped by somebody else, and one that can't be reaped yet.</summary>
[NonParallelizable] // children, descriptors and faults are the process's
[Platform("Linux", Reason = "posix_spawn(3)")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class ChildStartTests
{
    private string _file = string.Empty;

    [SetUp]
    public void ChooseFile() => _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [TearDown]
    public void RemoveFile() => File.Delete(_file);

    [TestCase(SysCall.PidfdOpen, IvError.ENOSYS, IvError.ENOSYS)]
    [TestCase(SysCall.PidfdOpen, IvError.EPERM, IvError.EPERM)]
    [TestCase(SysCall.PidfdOpen, IvError.EMFILE, IvError.EMFILE)]
    [TestCase(SysCall.WaitId, IvError.EINVAL, IvError.ENOSYS)]
    [TestCase(SysCall.WaitId, IvError.EPERM, IvError.EPERM)]
    public void Where_children_can_not_be_watched_nothing_is_executed(SysCall call, IvError answer, IvError expected) => LoopThread.Run(loop =>
    {
        loop.Run(IvRunMode.NonBlocking);
        using var child = new IvProcess("touch", [_file]);
        using (var faults = new CountingFaults())
        {
            faults.FailAlways(call, answer);
            Assert.That(child.TryStart(), Is.EqualTo(expected));
            Assert.That(faults[SysCall.Spawn], Is.Zero);
        }

        Assert.That(File.Exists(_file), Is.False);
        child.Start();
        loop.Run();
        Assert.That(File.Exists(_file), Is.True);
    });

    [Test]
    public void A_child_that_has_been_reaped_before_it_could_be_opened_has_ended_nobody_knows_how() => LoopThread.Run(loop =>
    {
        List<string> told = [];
        using var child = new IvProcess("sh", ["-c", $"sleep 0.2; echo > {_file}"])
        {
            NewProcessGroup = true,
            HandlerExit = (child, status) => told.Add($"{status.Kind} {child.IsRegistered}"),
        };
        Reaped(SysCall.PidfdOpen, IvError.ESRCH, child.Start);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(told, Is.Empty, "not inside Start");
            Assert.That(child.IsRegistered, Is.True);
            Assert.That(child.Kill(9), Is.EqualTo(IvError.ESRCH));
            Assert.That(child.KillGroup(9), Is.EqualTo(IvError.ESRCH));
        }

        loop.Run();
        Assert.That(told, Is.EqualTo(["Unknown False"]));

        // In truth it runs, and must not have been killed by a number that might be a stranger's.
        Wait.For(() => File.Exists(_file));
        Sys.KillAndReap(child.ProcessId);
    });

    [Test]
    public void A_child_that_was_reaped_so_early_may_be_closed_or_disposed_at_once([Values] bool close) => LoopThread.Run(loop =>
    {
        var child = new IvProcess("true");
        Reaped(SysCall.PidfdOpen, IvError.ESRCH, child.Start);
        if (close)
        {
            child.Close();
            loop.Run();
            Assert.That(child.Status!.Value.Kind, Is.EqualTo(IvChildStatusKind.Unknown));
        }

        child.Dispose();
        Assert.That((child.IsRegistered, loop.Counters.Active), Is.EqualTo((false, 0)));
        Sys.KillAndReap(child.ProcessId);
    });

    [Test]
    public void A_child_that_is_no_child_any_more_when_it_is_looked_at_is_told_of_as_ever() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("sh", ["-c", "exit 6"]);
        Reaped(SysCall.WaitId, IvError.ECHILD, child.Start);
        loop.Run();
        Assert.That(child.Status!.Value.ExitCode, Is.EqualTo(6));
    });

    [Test]
    public void After_a_foreign_reap_neither_the_child_nor_what_has_its_group_s_number_is_signalled() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("sh", ["-c", "sleep 1000 & echo $!"]) { NewProcessGroup = true, StandardOutput = IvStdio.Pipe };
        child.Start();
        var reader = new Reader(child.Output);
        ReapAsAStranger(child.ProcessId);
        Assert.That(child.Kill(0), Is.EqualTo(IvError.ESRCH));
        Assert.That(child.KillGroup(9), Is.EqualTo(IvError.ESRCH));
        Assert.That(loop.RunUntil(() => reader.Text.EndsWith('\n'), LoopThread.Patience), Is.True);
        int member = int.Parse(reader.Text);
        Assert.That(ShellChild.StateOf(member), Is.Not.Null.And.Not.EqualTo('Z'), "a member of the group lives");
        Native.SendSignalToProcess(member, 9);
        loop.Run();
    });

    [Test]
    public void Kill_of_an_IvWait_says_ESRCH_after_a_foreign_reap() => LoopThread.Run(_ =>
    {
        using ShellChild child = ShellChild.Start("exit 0");
        using var wait = new IvWait(child.ProcessId, static (_, _) => { });
        wait.Register();
        Assert.That(wait.Kill(0), Is.EqualTo(IvError.None));
        Assert.That(child.Reap(), Is.True);
        Assert.That(wait.Kill(0), Is.EqualTo(IvError.ESRCH));
    });

    [Test]
    public void A_signal_that_this_system_does_not_have_is_EINVAL_and_0_only_asks([Values(-11, 65, int.MaxValue, int.MinValue)] int unknown) => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("cat") { StandardInput = IvStdio.Pipe, NewProcessGroup = true };
        child.Start();
        using ShellChild other = ShellChild.Start("sleep 1000");
        using var wait = new IvWait(other.ProcessId, static (_, _) => { }) { KeepsLoopAlive = false };
        wait.Register();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(child.Kill((PosixSignal)unknown), Is.EqualTo(IvError.EINVAL));
            Assert.That(child.KillGroup((PosixSignal)unknown), Is.EqualTo(IvError.EINVAL));
            Assert.That(wait.Kill((PosixSignal)unknown), Is.EqualTo(IvError.EINVAL));
            Assert.That(child.Kill((PosixSignal)0), Is.EqualTo(IvError.None));
            Assert.That(child.KillGroup((PosixSignal)0), Is.EqualTo(IvError.None));
            Assert.That(wait.Kill((PosixSignal)0), Is.EqualTo(IvError.None));
        }

        child.Input.Dispose();
        loop.Run();
        Assert.That(child.Status!.Value.IsSuccess, Is.True);
    });

    [Test]
    public void A_child_that_is_readable_and_can_not_be_reaped_is_looked_at_ten_times_a_second()
    {
        // As a traced one that its tracer has not looked at yet.
        var poller = new ScriptedPoller();
        using var test = new TestLoop(poller);
        using var child = new IvProcess("cat") { StandardInput = IvStdio.Pipe };
        child.Start();
        nint pidfd = nint.Parse(poller.Calls.Single(static call => call.StartsWith("add ", StringComparison.Ordinal)).Split(' ')[1]);
        poller.Ready((pidfd, IvBands.In));
        int looks = 0;
        using (var faults = new CountingFaults())
        {
            test.Timer(TimeSpan.FromMilliseconds(1050), _ => test.Loop.Quit());
            test.Loop.Run();
            looks = faults[SysCall.WaitId];
        }

        Assert.That(looks, Is.EqualTo(11), "at 0, and each 100 ms");
        Assert.That(poller.Waits, Is.LessThan(50));
        child.Input.Dispose();
        Wait.For(() => ShellChild.StateOf(child.ProcessId) == 'Z');
        test.Loop.Run();
        Assert.That(child.Status!.Value.IsSuccess, Is.True);
    }

    // The first use of a call is the question whether children can be watched at all, the second is about the child.
    private static void Reaped(SysCall call, IvError answer, Action start)
    {
        using var faults = new CountingFaults { Script = (seen, _, use) => seen == call && use == 2 ? answer : IvError.None };
        start();
        Assert.That(faults.Injected, Is.EqualTo(1));
    }

    private static void ReapAsAStranger(int process)
    {
        int pidfd = Sys.PidfdOpen(process);
        Assert.That(Sys.WaitId(pidfd, Constants.WEXITED, out _, out _), Is.EqualTo(1));
        Sys.Close(pidfd);
    }
}
