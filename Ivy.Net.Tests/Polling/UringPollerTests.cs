using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>What only io_uring has: a ladder of kernels, rings that fill up, polls that answer what nobody asked.</summary>
[NonParallelizable]
[Platform("Linux")]
internal sealed class UringPollerTests
{
    private const uint SetUpCall = 425;

    private readonly List<string> _warnings = [];

    [SetUp]
    public void Begin()
    {
        ConformanceBackend.Uring.RequireKernel();
        _warnings.Clear();
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void An_older_kernel_gets_fewer_flags_and_serves(int rungs)
    {
        using var faults = new CountingFaults { Script = (call, _, use) => call == SysCall.IoUringSetup && use <= rungs ? IvError.EINVAL : IvError.None };
        ConformanceBackend.Uring.Run(bench =>
        {
            Assert.That(faults.Injected, Is.EqualTo(rungs));
            (IvSocket near, IvSocket far) = bench.Pair();
            IvFd fd = bench.Watch(near, _ => bench.Log.Add(bench.Receive(near)));
            for (int i = 0; i < 3; i++)
            {
                bench.Send(far, "in");
                LoopThread.Elsewhere(() => bench.Loop.Post(_ => bench.Log.Add("post"), null));
                bench.Turn(2);
            }

            Assert.That(bench.Log, Is.EqualTo(["post", "in", "post", "in", "post", "in"]));
            fd.HandlerIn = null;
            fd.HandlerIn = bench.Say("unread");
            near.Dispose();
            Assert.That(far.Receive(new byte[1]).IsEnd, Is.True, "the peer sees the end at once");
            bench.AssertSleeps("nothing is left");
        });
    }

    [TestCase(IvError.ENOSYS, "needs Linux 5.11")]
    [TestCase(IvError.EPERM, "kernel.io_uring_disabled")]
    [TestCase(IvError.EINVAL, "needs Linux 5.11")]
    [TestCase(IvError.ENOMEM, "ulimit -l")]
    [TestCase(IvError.EMFILE, "ulimit -n")]
    [Category("B20")]
    public void Without_a_ring_the_next_method_serves_with_one_warning_and_a_forced_one_says_why_in_one_line(IvError error, string advice)
    {
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.IoUringSetup, error);
        LoopThread.Run(Options(IvPollMethod.Uring, IvPollMethod.Epoll), loop => Assert.That(loop.PollMethod, Is.EqualTo("epoll")));
        Assert.That(_warnings, Has.Count.EqualTo(1));
        Assert.That(_warnings[0], Does.Contain("epoll").And.Contain("io_uring: io_uring_setup").And.Contain(advice).And.Not.Contain("\n"));
        IvException? refused = Assert.Throws<IvException>(() => new IvLoop(Options(IvPollMethod.Uring)).Dispose());
        Assert.That(refused!.Message, Does.Contain(advice).And.Not.Contain("\n"));
        Assert.That(refused.Error, Is.EqualTo(IvError.PollMethodUnavailable));
        Assert.That(IvLoop.Current, Is.Null);
        Assert.That(_warnings, Has.Count.EqualTo(1));
    }

    [TestCase(IvError.EPERM)]
    [TestCase(IvError.ENOSYS)]
    [Category("B20")]
    public void In_a_sandbox_that_forbids_it_epoll_serves(IvError error) => LoopThread.Elsewhere(() =>
    {
        Native.Forbid(SetUpCall, error);
        using (var loop = new IvLoop(Options(IvPollMethod.Uring, IvPollMethod.Epoll)))
        {
            Assert.That(loop.PollMethod, Is.EqualTo("epoll"));
        }

        Assert.That(_warnings, Has.Count.EqualTo(1));
        IvException? refused = Assert.Throws<IvException>(() => new IvLoop(Options(IvPollMethod.Uring)).Dispose());
        Assert.That(refused!.Message, Does.Contain($"{error} (").And.Contain("seccomp").And.Not.Contain("\n"));
    });

    [Test]
    public void A_warning_that_throws_leaves_no_loop()
    {
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.IoUringSetup, IvError.EPERM);
        var options = new IvLoopOptions { PollMethods = [IvPollMethod.Uring, IvPollMethod.Epoll], Warning = _ => throw new FormatException() };
        Assert.That(() => new IvLoop(options), Throws.TypeOf<FormatException>());
        Assert.That(IvLoop.Current, Is.Null);
    }

    [Test]
    public void Memory_that_is_locked_for_a_moment_only_is_waited_for()
    {
        using var faults = new CountingFaults { Script = (call, _, use) => call == SysCall.IoUringSetup && use <= 3 ? IvError.ENOMEM : IvError.None };
        LoopThread.Run(Options(IvPollMethod.Uring), loop => Assert.That(loop.PollMethod, Is.EqualTo("io_uring")));
        Assert.That(faults.Injected, Is.EqualTo(3));
        Assert.That(_warnings, Is.Empty);
    }

    [TestCase(SysCall.IoUringSetup)]
    [TestCase(SysCall.Mmap)]
    [TestCase(SysCall.EventFd)]
    public void A_ring_that_could_not_be_made_leaves_nothing(SysCall call)
    {
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        for (int use = 1; use <= 2; use++)
        {
            int chosen = use;
            using var faults = new CountingFaults { Script = (seen, _, number) => seen == call && number >= chosen ? IvError.ENOMEM : IvError.None };
            try
            {
                new UringPoller().Dispose();
            }
            catch (IvException refused)
            {
                Assert.That(refused.Error, Is.EqualTo(IvError.ENOMEM));
            }
        }

        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
    }

    [Test]
    public void It_may_be_made_on_another_thread_than_it_is_used_on()
    {
        UringPoller? made = null;
        LoopThread.Elsewhere(() => made = new UringPoller());
        LoopThread.Run(Options(new IvPollMethod("made", () => made!)), loop =>
        {
            bool fired = false;
            new IvTimer(_ => fired = true).Start(TimeSpan.FromMilliseconds(1));
            loop.Run();
            Assert.That(fired, Is.True);
        });
    }

    [Test]
    public void Rings_that_are_far_too_small_lose_nothing_and_starve_nobody([Values(2u, 8u)] uint entries) =>
        LoopThread.Run(Options(new IvPollMethod("small", () => new UringPoller(entries, entries))), loop =>
        {
            const int crowd = 300;
            int[] calls = new int[crowd];
            var pairs = new List<(IvSocket Near, IvSocket Far)>();
            for (int i = 0; i < crowd; i++)
            {
                int number = i;
                (IvSocket near, IvSocket far) = IvSocket.CreatePair();
                pairs.Add((near, far));
                new IvFd(near) { HandlerIn = _ => calls[number]++ }.Register();
            }

            loop.Run(IvRunMode.NonBlocking);
            Assert.That(calls, Has.All.Zero);
            pairs.ForEach(pair => pair.Far.Send(new byte[1]));
            for (int i = 0; i < 6; i++)
            {
                loop.Run(IvRunMode.NonBlocking);
            }

            Assert.That(calls, Has.All.GreaterThanOrEqualTo(2), "300 of them in batches of 256");
            bool posted = false;
            LoopThread.Elsewhere(() => loop.Post(_ => posted = true, null));
            loop.Run(IvRunMode.NonBlocking);
            Assert.That(posted, Is.True);
            foreach ((IvSocket near, IvSocket far) in pairs)
            {
                near.Dispose();
                far.Dispose();
            }

            Assert.That(loop.Counters.Fds, Is.Zero);
        });

    [Test]
    public void Answers_that_all_come_at_once_and_do_not_fit_are_all_reported() =>
        LoopThread.Run(Options(new IvPollMethod("small", () => new UringPoller(8, 8))), loop =>
        {
            // Armed first, and made ready then: the kernel has more answers than its ring has room for.
            const int crowd = 200;
            int seen = 0;
            var pairs = new List<(IvSocket Near, IvSocket Far)>();
            for (int i = 0; i < crowd; i++)
            {
                (IvSocket near, IvSocket far) = IvSocket.CreatePair();
                pairs.Add((near, far));
                new IvFd(near)
                {
                    HandlerIn = fd =>
                    {
                        seen++;
                        fd.Socket!.Receive(new byte[10]);
                        fd.Socket.Dispose();
                    },
                }.Register();
            }

            loop.Run(IvRunMode.NonBlocking);
            pairs.ForEach(pair => pair.Far.Send(new byte[1]));
            loop.Run();
            Assert.That(seen, Is.EqualTo(crowd));
            pairs.ForEach(pair => pair.Far.Dispose());
        });

    [Test]
    public void A_half_closed_peer_whom_nobody_asked_about_costs_nothing_and_hides_nothing() => ConformanceBackend.Uring.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        byte[] block = new byte[65536];
        while (near.Send(block).IsOk)
        {
        }

        far.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        IvFd fd = bench.Watch(near, onOut: bench.Say("out"));
        bench.Turn(2);
        bench.AssertSleeps("its buffer is full, and that the peer has closed its side is no news to it");
        Assert.That(bench.Log, Is.Empty);
        while (far.Receive(block).IsOk)
        {
        }

        for (int i = 1; i <= 3; i++)
        {
            bench.Loop.Run(IvRunMode.Once);
            Assert.That(bench.Log, Has.Count.EqualTo(i), "writable, turn after turn");
        }

        fd.HandlerHangup = fd =>
        {
            bench.Log.Add("hangup");
            fd.HandlerHangup = null;
        };
        fd.HandlerOut = null;
        bench.Turn(2);
        Assert.That(bench.Log[3..], Is.EqualTo(["hangup"]));
        fd.HandlerIn = _ => bench.Log.Add(bench.Receive(near));
        bench.Turn();
        Assert.That(bench.Log[^1], Is.EqualTo("end of stream"));
    });

    [TestCase(IvError.EAGAIN)]
    [TestCase(IvError.EBUSY)]
    public void A_kernel_that_has_no_room_at_the_moment_is_asked_again(IvError error) => ConformanceBackend.Uring.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Watch(near, _ => bench.Log.Add(bench.Receive(near)));
        bench.Turn();
        bench.Send(far);
        using var faults = new CountingFaults { Script = (call, _, use) => call == SysCall.IoUringEnter && use <= 3 ? error : IvError.None };
        bench.Loop.Run(IvRunMode.Once);
        bench.Turn(5);
        Assert.That(faults.Injected, Is.EqualTo(3));
        Assert.That(bench.Log, Is.EqualTo(["x"]));
        faults.Clear();
        near.Dispose();
        Assert.That(faults.Injected, Is.EqualTo(3), "the end of a registration goes through, whatever it takes");
    });

    [Test]
    [Provokes("IVF0060")]
    public void A_kernel_that_never_has_room_is_the_end_of_a_registrations_end() => ConformanceBackend.Uring.Run(bench =>
    {
        (IvSocket near, _) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        bench.Turn();
        using (var faults = new CountingFaults())
        {
            faults.FailAlways(SysCall.IoUringEnter, IvError.EAGAIN);
            FatalScope.Expect(FatalCondition.PollFailed, fd.Unregister);
        }
    });

    [Test]
    public void Twenty_thousand_waits_and_ends_leave_no_poll_behind() => ConformanceBackend.Uring.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        for (int i = 0; i < 20_000; i++)
        {
            var fd = new IvFd(near) { HandlerIn = bench.Say("in") };
            fd.Register();
            bench.Turn();
            fd.Unregister();
        }

        near.Dispose();
        Assert.That(far.Receive(new byte[1]).IsEnd, Is.True);
        Assert.That(bench.Loop.Counters.Events, Is.Zero);
        bench.AssertSleeps("nothing is left in the ring");
    });

    private IvLoopOptions Options(params IvPollMethod[] methods) => new() { PollMethods = methods, Warning = _warnings.Add };
}
