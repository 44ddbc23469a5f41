using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>What can't be waited for, and what must not be.</summary>
[NonParallelizable] // children, descriptors and faults are the process's
[Platform("Linux", Reason = "pidfd_open(2)")]
internal sealed class IvWaitRefusalTests
{
    [Test]
    public void A_process_that_is_gone_is_ESRCH() => LoopThread.Run(_ =>
    {
        ShellChild child = ShellChild.Start("exit 0");
        child.Dispose();
        AssertRefused(child.ProcessId, IvError.ESRCH, "There is no process");
    });

    [Test]
    public void A_process_that_is_no_child_is_ECHILD() => LoopThread.Run(_ =>
        AssertRefused(Environment.ProcessId, IvError.ECHILD, "is not a child of this process"));

    [Test]
    public void A_number_that_is_none_is_a_bad_argument()
    {
        Assert.That(() => new IvWait(0, static (_, _) => { }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new IvWait(-1, static (_, _) => { }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new IvWait(1, null!), Throws.ArgumentNullException);
    }

    [TestCase(SysCall.PidfdOpen, IvError.ENOSYS, IvError.ENOSYS, "since 5.4")]
    [TestCase(SysCall.WaitId, IvError.EINVAL, IvError.ENOSYS, "since 5.4")]
    [TestCase(SysCall.PidfdOpen, IvError.EPERM, IvError.EPERM, "seccomp")]
    [TestCase(SysCall.PidfdOpen, IvError.EMFILE, IvError.EMFILE, "ulimit -n")]
    [TestCase(SysCall.EpollCtl, IvError.ENOSPC, IvError.ENOSPC, "max_user_watches")]
    public void A_system_that_can_not_watch_says_so_and_nothing_is_left(SysCall call, IvError answer, IvError expected, string advice) => LoopThread.Run(loop =>
    {
        using ShellChild child = ShellChild.Start("sleep 1000");
        loop.Run(IvRunMode.NonBlocking);
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        using (new ScriptedFaults(call, answer, times: 1))
        {
            AssertRefused(child.ProcessId, expected, advice);
        }

        using (var faults = new ScriptedFaults(call, answer, times: 1))
        {
            using var twin = new IvWait(child.ProcessId, static (_, _) => { });
            Assert.That(twin.TryRegister(), Is.EqualTo(expected));
            Assert.That(faults.Count, Is.EqualTo(1));
        }

        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
        using var wait = new IvWait(child.ProcessId, static (_, _) => { });
        wait.Register();
        Assert.That(wait.IsRegistered, Is.True);
    });

    [Test]
    [Provokes("IVF0110")]
    public void Two_objects_that_wait_for_one_child_are_a_misuse() => LoopThread.Run(loop =>
    {
        using ShellChild child = ShellChild.Start("exit 0");
        int told = 0;
        using var first = new IvWait(child.ProcessId, (_, _) => told++);
        using var second = new IvWait(child.ProcessId, static (_, _) => { }) { Name = "second" };
        first.Register();
        IvFatalInfo info = FatalScope.Expect(FatalCondition.ChildWatchedTwice, second.Register);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(info.Subject, Is.SameAs(second));
            Assert.That(info.Message, Does.Contain("\"second\""));
            Assert.That(second.IsRegistered, Is.False);
        }

        FatalScope.Expect(FatalCondition.ChildWatchedTwice, () => second.TryRegister());
        Assert.That(loop.RunUntil(() => told == 1, LoopThread.Patience), Is.True);
        Assert.That(second.TryRegister(), Is.EqualTo(IvError.ESRCH), "the number is free");
    });

    [Test]
    public void After_the_first_has_let_go_another_may_wait() => LoopThread.Run(loop =>
    {
        using ShellChild child = ShellChild.Start("exit 6");
        int code = -1;
        var first = new IvWait(child.ProcessId, static (_, _) => { });
        first.Register();
        first.Unregister();
        using var second = new IvWait(child.ProcessId, (_, status) => code = status.ExitCode);
        second.Register();
        Assert.That(loop.RunUntil(() => code >= 0, LoopThread.Patience), Is.True);
        Assert.That(code, Is.EqualTo(6));
    });

    [Test]
    public void The_rules_of_all_objects_hold() => LoopThread.Run(_ =>
    {
        using ShellChild child = ShellChild.Start("sleep 1000");
        var wait = new IvWait(child.ProcessId, static (_, _) => { });
        FatalScope.Expect(FatalCondition.NotRegistered, wait.Unregister);
        wait.Register();
        FatalScope.Expect(FatalCondition.AlreadyRegistered, wait.Register);
        LoopThread.Elsewhere(() =>
        {
            FatalScope.Expect(FatalCondition.WrongThread, wait.Unregister);
            FatalScope.Expect(FatalCondition.WrongThread, wait.Dispose);
            FatalScope.Expect(FatalCondition.WrongThread, () => wait.Handler = static (_, _) => { });
            Assert.That(wait.Kill(0), Is.EqualTo(IvError.None), "any thread");
        });
        Assert.That(wait.Kill(1000), Is.EqualTo(IvError.EINVAL));
        wait.Dispose();
        wait.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, wait.Register);
        Assert.That(wait.Kill(0), Is.EqualTo(IvError.ESRCH));
    });

    [Test]
    public void A_simulation_has_no_children() => LoopThread.Run(new IvLoopOptions { Network = new SimulatedNetwork(1) }, _ =>
    {
        using var wait = new IvWait(Environment.ProcessId, static (_, _) => { });
        Assert.That(wait.TryRegister(), Is.EqualTo(IvError.EOPNOTSUPP));
        Assert.That(wait.Register, Throws.InstanceOf<IvException>().With.Message.Contains("simulated"));
        using var process = new IvProcess("true");
        Assert.That(process.TryStart(), Is.EqualTo(IvError.EOPNOTSUPP));
        Assert.That(process.Start, Throws.InstanceOf<IvException>().With.Message.Contains("simulated"));
    });

    private static void AssertRefused(int process, IvError error, string advice)
    {
        using var wait = new IvWait(process, static (_, _) => { }) { Name = "refused" };
        IvException? thrown = Assert.Throws<IvException>(wait.Register);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(thrown!.Error, Is.EqualTo(error));
            Assert.That(thrown.Operation, Is.EqualTo("wait"));
            Assert.That(thrown.Message, Does.StartWith($"IvWait {process} (\"refused\"): wait: {error}").And.Contain(advice));
            Assert.That(wait.IsRegistered, Is.False);
        }
    }
}
