using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>What the kernel refuses to the backends themselves, injected under the system calls.</summary>
[NonParallelizable]
[Platform("Linux", Reason = "epoll_wait(2) and ppoll(2)")]
internal sealed class PollerFailureTests
{
    [TearDown]
    public void Heal() => SysFaults.Current = null;

    [Test]
    [Provokes("IVF0060")]
    public void A_wait_that_fails_is_an_internal_failure_with_the_error([Values("epoll", "poll", "io_uring")] string method)
    {
        using var loop = new IvLoop(Only(method));
        SysFaults.Current = new Refusing(IvError.EBADF, SysCall.EpollWait, SysCall.EpollPwait2, SysCall.Ppoll, SysCall.IoUringEnter);
        IvFatalInfo info = FatalScope.Expect(FatalCondition.PollFailed, () => loop.Run(TimeSpan.FromSeconds(1)));
        SysFaults.Current = null;
        Assert.That(info.Message, Does.Contain("EBADF"));
        loop.Run(TimeSpan.Zero);
    }

    [Test]
    [Provokes("IVF0061")]
    public void A_wakeup_that_fails_is_an_internal_failure([Values("epoll", "poll", "io_uring")] string method)
    {
        using var loop = new IvLoop(Only(method));
        SysFaults.Current = new Refusing(IvError.EBADF, SysCall.Write);
        LoopThread.Elsewhere(() => FatalScope.Expect(FatalCondition.WakeFailed, () => loop.Post(_ => { }, null)));
    }

    [Test]
    public void An_interrupted_wait_is_nothing_and_no_timer_is_early_B13([Values("epoll", "poll", "io_uring")] string method)
    {
        using var loop = new IvLoop(Only(method));
        var faults = new Refusing(IvError.EINTR, SysCall.EpollWait, SysCall.EpollPwait2, SysCall.Ppoll, SysCall.IoUringEnter) { Times = 50 };
        SysFaults.Current = faults;
        IvTimestamp due = IvTimestamp.System + TimeSpan.FromMilliseconds(5);
        IvTimestamp fired = default;
        new IvTimer(_ => fired = IvTimestamp.System).StartAt(due);
        loop.Run();
        Assert.That(fired, Is.GreaterThanOrEqualTo(due));
        Assert.That(faults.Times, Is.Zero);
    }

    [TestCase(IvError.ENOSYS)]
    [TestCase(IvError.EPERM)]
    public void Without_epoll_pwait2_milliseconds_serve_and_no_timer_is_early_B1(IvError error)
    {
        using var loop = new IvLoop(Only("epoll"));
        SysFaults.Current = new Refusing(error, SysCall.EpollPwait2);
        for (int microseconds = 100; microseconds < 5000; microseconds *= 2)
        {
            IvTimestamp due = IvTimestamp.System + TimeSpan.FromMicroseconds(microseconds);
            new IvTimer(_ => { }).StartAt(due);
            loop.Run();
            Assert.That(IvTimestamp.System, Is.GreaterThanOrEqualTo(due));
        }

        Assert.That(loop.Counters.Polls, Is.LessThan(50), "rounded up, it does not spin");
    }

    [TestCase(SysCall.EpollCreate)]
    [TestCase(SysCall.EventFd)]
    [TestCase(SysCall.EpollCtl)]
    public void An_epoll_that_cannot_be_made_falls_back_to_poll_where_that_is_allowed(SysCall call)
    {
        SysFaults.Current = new Refusing(IvError.EMFILE, call) { Times = 1 };
        using var loop = new IvLoop(new IvLoopOptions { PollMethods = [IvPollMethod.Epoll, IvPollMethod.Poll] });
        Assert.That(loop.PollMethod, Is.EqualTo("poll"));
    }

    [TestCase(SysCall.EpollCreate)]
    [TestCase(SysCall.EventFd)]
    [TestCase(SysCall.EpollCtl)]
    public void A_loop_that_cannot_be_made_leaves_no_descriptor_and_names_the_error(SysCall call)
    {
        int before = Descriptors();
        SysFaults.Current = new Refusing(IvError.EMFILE, call);
        IvException? refused = Assert.Throws<IvException>(() => new IvLoop(Only("epoll")).Dispose());
        SysFaults.Current = null;
        Assert.That(refused!.Message, Does.Contain("EMFILE (24)"));
        Assert.That(Descriptors(), Is.EqualTo(before));
        Assert.That(IvLoop.Current, Is.Null);
    }

    [Test]
    public void A_raw_event_without_a_descriptor_left_is_an_exception()
    {
        using var test = new TestLoop();
        SysFaults.Current = new Refusing(IvError.EMFILE, SysCall.EventFd);
        IvException? refused = Assert.Throws<IvException>(() => new IvEventRaw(_ => { }).Dispose());
        Assert.That(refused!.Error, Is.EqualTo(IvError.EMFILE));
        Assert.That(test.Loop.Counters.Active, Is.Zero);
    }

    private static IvLoopOptions Only(string method) => new() { PollMethods = [IvPollMethod.All.Single(known => known.Name == method)] };

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd")
        .Count(entry => new FileInfo(entry).LinkTarget?.StartsWith("anon_inode:[event", StringComparison.Ordinal) == true);

    // On the thread of the test only: the runtime's other threads don't call these, other loops might.
    private sealed class Refusing(IvError error, params SysCall[] calls) : SysFaults
    {
        public int Times { get; set; } = int.MaxValue;

        public override int Fail(SysCall call, int fd)
        {
            if (Times == 0 || !calls.Contains(call))
            {
                return 0;
            }

            Times--;
            return -(int)error;
        }
    }
}
