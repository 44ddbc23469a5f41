using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>What the kernel may refuse, and what becomes of it.</summary>
[Platform("Linux", Reason = "errors injected into system calls of Linux")]
[NonParallelizable]
internal sealed class RefusedCallTests
{
    private static readonly ConformanceBackend[] OfTheKernel = [.. ConformanceBackend.OfTheKernel];

    [Test]
    public void A_refused_change_is_told_to_Err_and_disarms_the_descriptor() => ConformanceBackend.Epoll.Run(bench =>
    {
        using var faults = new CountingFaults();
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"), onErr: fd => bench.Log.Add($"err {fd.Error}"));
        bench.Send(far);
        faults.FailOnce(SysCall.EpollCtl, IvError.ENOMEM, (int)near.Handle);
        fd.HandlerOut = bench.Say("out");
        bench.Turn();
        Assert.That(faults.Injected, Is.EqualTo(1));
        Assert.That(bench.Log[0], Is.EqualTo("err ENOMEM"));
        bench.Log.Clear();
        bench.Turn(3);
        Assert.That(bench.Log, Is.Empty, "disarmed until it is registered anew");
        bench.AssertSleeps("disarmed");
        fd.HandlerOut = null;
        fd.HandlerOut = bench.Say("out");
        bench.Turn();
        Assert.That(bench.Log, Is.Empty, "nor does a change arm it");

        fd.Unregister();
        fd.Register();
        Assert.That(fd.Error, Is.EqualTo(IvError.None));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in", "out"]));
    });

    [Test]
    [Provokes("IVF0026")]
    public void A_refused_change_without_Err_is_a_misuse_that_names_the_descriptor() => ConformanceBackend.Epoll.Run(bench =>
    {
        using var faults = new CountingFaults();
        (IvSocket near, IvSocket far) = bench.Pair();
        (IvSocket other, IvSocket farOther) = bench.Pair();
        IvFd fd = bench.Watch(near);
        fd.Name = "victim";
        bench.Watch(other, bench.Say("other"));
        bench.Send(farOther);
        bench.Send(far);
        faults.FailOnce(SysCall.EpollCtl, IvError.ENOMEM, (int)near.Handle);
        fd.HandlerIn = bench.Say("in");
        IvFatalInfo info = FatalScope.Expect(FatalCondition.ChangeRefused, () => bench.Turn());
        Assert.That(info.Message, Does.Contain($"IvFd {near.Handle}").And.Contain("victim").And.Contain("ENOMEM"));
        Assert.That(info.Subject, Is.SameAs(fd));
        bench.Turn(2);
        Assert.That(bench.Log, Has.Count.InRange(2, 3).And.All.EqualTo("other"), "the loop goes on, without the victim");
    });

    [TestCaseSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
    public void A_number_closed_while_registered_is_told_with_its_next_change(ConformanceBackend backend) => backend.Run(bench =>
    {
        (nint near, _) = bench.Numbers();
        IvFd fd = bench.Watch(near, bench.Say("in"), onErr: fd => bench.Log.Add($"err {fd.Error}"));
        bench.Turn();
        bench.Close(near);
        fd.HandlerOut = bench.Say("out");
        bench.Turn(3);
        Assert.That(bench.Log, Is.EqualTo(["err EBADF"]));
        bench.AssertSleeps("said once");
    });

    [TestCaseSource(nameof(OfTheKernel))]
    [Provokes("IVF0060")]
    public void A_wait_that_fails_is_the_end(ConformanceBackend backend) => backend.Run(bench =>
    {
        using var faults = new CountingFaults
        {
            Script = static (call, _, _) => call is SysCall.EpollWait or SysCall.EpollPwait2 or SysCall.Ppoll or SysCall.IoUringEnter ? IvError.EBADF : IvError.None,
        };
        bench.Watch(bench.Pair().Near);
        IvFatalInfo info = FatalScope.Expect(FatalCondition.PollFailed, () => bench.Loop.Run());
        Assert.That(info.Message, Does.Contain(backend.Name).And.Contain("EBADF"));
    });

    [TestCaseSource(nameof(OfTheKernel))]
    [Provokes("IVF0061")]
    public void A_wake_up_that_fails_is_the_end_on_the_thread_that_posts(ConformanceBackend backend) => backend.Run(bench =>
    {
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.Write, IvError.EBADF);
        bench.Watch(bench.Pair().Near);
        LoopThread.Elsewhere(() =>
        {
            IvFatalInfo info = FatalScope.Expect(FatalCondition.WakeFailed, () => bench.Loop.Post(static _ => { }, null));
            Assert.That(info.Message, Does.Contain(backend.Name));
        });
    });

    [TestCaseSource(nameof(OfTheKernel))]
    public void A_full_counter_of_wake_ups_is_no_failure(ConformanceBackend backend) => backend.Run(bench =>
    {
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.Write, IvError.EAGAIN);
        LoopThread.Elsewhere(() => Assert.That(bench.Loop.Post(static bench => bench.Log.Add("posted"), bench), Is.True));
        bench.Loop.Run();
        Assert.That(bench.Log, Is.EqualTo(["posted"]));
    });

    [Test]
    [Category("B7")]
    public void A_rebuild_that_finds_no_descriptor_is_tried_again() => ConformanceBackend.Epoll.Run(bench =>
    {
        bench.ExpectsWarnings = true;
        (IvSocket other, IvSocket farOther) = bench.Pair();
        bench.Watch(other, fd => bench.Log.Add(bench.Receive(fd.Socket!)));
        (nint near, nint far) = bench.Numbers();
        bench.Duplicate(near);
        IvFd fd = bench.Watch(near, bench.Say("ghost"));
        bench.Close(near);
        fd.Unregister();
        bench.Write(far);
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.EpollCreate, IvError.EMFILE);
        bench.Turn(10);
        Assert.That(faults.Injected, Is.Positive);
        Assert.That(bench.Loop.Counters.Rebuilds, Is.Zero, "none has been made");
        Assert.That(bench.Warnings, Is.Empty);
        bench.Send(farOther, "still served");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["still served"]));
        faults.Script = null;
        bench.Turn(5);
        Assert.That(bench.Loop.Counters.Rebuilds, Is.EqualTo(1));
        Assert.That(bench.Warnings, Has.Count.EqualTo(1));
        bench.AssertSleeps("the ghost is gone");
    });

    [TestCase(IvError.ENOSYS)]
    [TestCase(IvError.EPERM)]
    [Category("B10")]
    public void Without_epoll_pwait2_timers_go_by_milliseconds_and_are_never_early(IvError refusal)
    {
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.EpollPwait2, refusal);
        ConformanceBackend.Epoll.Run(bench =>
        {
            for (int i = 1; i <= 5; i++)
            {
                IvTimestamp due = default;
                IvTimestamp fired = default;
                var timer = new IvTimer(_ => fired = IvTimestamp.System);
                timer.Start(TimeSpan.FromMicroseconds(i * 1370));
                due = timer.Expires;
                int before = faults.Waits;
                bench.Loop.Run();
                Assert.That(fired, Is.GreaterThanOrEqualTo(due));
                Assert.That(faults.Waits - before, Is.LessThanOrEqualTo(3), "rounded up: no spinning through the last millisecond");
            }

            Assert.That(faults[SysCall.EpollPwait2], Is.EqualTo(1), "refused once, not asked again");
        });
    }

    [TestCase(IvError.EMFILE)]
    [TestCase(IvError.EPERM)]
    [TestCase(IvError.ENOSYS)]
    [Category("B20")]
    public void Without_epoll_the_next_best_method_is_taken_unless_epoll_is_forced(IvError refusal)
    {
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.EpollCreate, refusal);
        LoopThread.Run(loop => Assert.That(loop.PollMethod, Is.EqualTo("poll")));
        LoopThread.Elsewhere(() =>
        {
            IvException? thrown = Assert.Throws<IvException>(() => new IvLoop(new IvLoopOptions { PollMethods = [IvPollMethod.Epoll] }));
            Assert.That(thrown!.Error, Is.EqualTo(IvError.PollMethodUnavailable));
            Assert.That(thrown.Message, Does.Contain("epoll").And.Contain(refusal.ToString()).And.Not.Contain("\n"));
            Assert.That(IvLoop.Current, Is.Null, "a loop that was not made is nobody's");
        });
    }

    [TestCase(SysCall.EpollCreate)]
    [TestCase(SysCall.EventFd)]
    [TestCase(SysCall.EpollCtl)]
    [Category("B20")]
    public void A_loop_that_could_not_be_made_leaves_no_descriptor_open(SysCall call)
    {
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        using var faults = new CountingFaults();
        faults.FailAlways(call, IvError.ENOMEM);
        foreach (ConformanceBackend backend in OfTheKernel)
        {
            LoopThread.Elsewhere(() =>
            {
                try
                {
                    new IvLoop(backend.Options(new Bench(backend))).Dispose();
                }
                catch (IvException)
                {
                    Assert.That(IvLoop.Current, Is.Null);
                }
            });
        }

        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
    }

    [TestCaseSource(nameof(OfTheKernel))]
    [Category("F5")]
    public void A_refused_registration_changes_nothing(ConformanceBackend backend) => backend.Run(bench =>
    {
        (int read, int write) = Native.Pipe();
        bench.OwnNumber(read);
        bench.OwnNumber(write);
        var fd = new IvFd(read) { HandlerIn = bench.Say("in") };
        using (var faults = new CountingFaults())
        {
            foreach (SysCall call in (SysCall[])[SysCall.Fcntl, SysCall.Statx, SysCall.EpollCtl])
            {
                faults.Clear();
                faults.FailOnce(call, IvError.ENOMEM);
                IvError error = fd.TryRegister();
                if (faults.Injected == 0)
                {
                    fd.Unregister();
                    continue; // a call that this backend does not make
                }

                Assert.That(error, Is.EqualTo(IvError.ENOMEM), $"{call}");
                Assert.That(fd.IsRegistered, Is.False);
                Assert.That(bench.Loop.Counters.Active, Is.Zero);
                Assert.That(Native.IsBlocking(read), Is.True, $"{call}: what was changed is put back");
            }
        }

        fd.Register();
        Native.Write(write, 1);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in"]));
        fd.Dispose();
    });
}
