using Ivy.Net.Edge;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Edge;

/// <summary>An EdgeLoop on a thread without a loop, and what only a kernel has.</summary>
[NonParallelizable] // counts descriptors and system calls
internal sealed class EdgeOwnLoopTests
{
    private static IEnumerable<EdgeBackend> Kernels => EdgeBackend.Kernels;

    [Test]
    [Category("evio-E1")]
    [Category("evio-E4")]
    public void Without_a_loop_it_makes_one_and_takes_it_along()
    {
        IvPollMethod method = IvPollMethod.All[^1];
        LoopThread.Elsewhere(() =>
        {
            using (var edge = new EdgeLoop<int, Silent>(new EdgeLoopOptions { Loop = new IvLoopOptions { PollMethods = [method] } }))
            {
                Assert.That(IvLoop.Current, Is.SameAs(edge.IvLoop));
                Assert.That(edge.IvLoop.PollMethod, Is.EqualTo(method.Name));
                FatalScope.Expect(FatalCondition.SecondLoop, static () => _ = new EdgeLoop<int, Silent>(new EdgeLoopOptions { Loop = new IvLoopOptions() }));
                using var guest = new EdgeLoop<int, Silent>();
                Assert.That(guest.IvLoop, Is.SameAs(edge.IvLoop));
            }

            Assert.That(IvLoop.Current, Is.Null);
        });
    }

    [Test]
    [Category("evio-E4")]
    public void Disposed_by_a_callback_it_takes_its_loop_along_when_that_has_come_to_its_end()
    {
        LoopThread.Elsewhere(static () =>
        {
            var edge = new EdgeLoop<Action, Acting>();
            edge.CreateTimer(edge.Dispose).Start(TimeSpan.Zero);
            Assert.That(edge.Review(Timeout.InfiniteTimeSpan), Is.EqualTo(1));
            Assert.That(IvLoop.Current, Is.Null);

            edge = new EdgeLoop<Action, Acting>();
            edge.CreateTimer(edge.Dispose).Start(TimeSpan.Zero);
            edge.CreateTimer(static () => { }).Start(TimeSpan.FromHours(1));
            edge.IvLoop.Run();
            edge.Dispose();
            Assert.That(IvLoop.Current, Is.Null);
        });
    }

    [Test]
    [Category("evio-E4")]
    public void It_gives_all_its_descriptors_back()
    {
        int before = Descriptors.CountSockets() + Descriptors.CountAnonymous();
        LoopThread.Elsewhere(static () =>
        {
            for (int i = 0; i < 10; i++)
            {
                using var edge = new EdgeLoop<int, Silent>();
                (IvSocket near, IvSocket far) = IvSocket.CreatePair();
                using (far)
                {
                    edge.Arm(near, IvBands.In | IvBands.Out, 0);
                    edge.Review(TimeSpan.Zero);
                    edge.CloseAll();
                }
            }
        });
        Assert.That(Descriptors.CountSockets() + Descriptors.CountAnonymous(), Is.EqualTo(before));
    }

    [TestCaseSource(nameof(Kernels))]
    [Platform("Linux", Reason = "EINTR, which Windows does not have")]
    [Category("evio-E8")]
    public void A_signal_does_not_end_a_wait(object of)
    {
        var backend = (EdgeBackend)of;
        backend.Run(test =>
        {
            using var faults = new CountingFaults();
            faults.Script = static (call, _, use) => use <= 3 && IsWait(call) ? IvError.EINTR : IvError.None;
            test.MakeTimer("t").Start(TimeSpan.FromMilliseconds(10));
            Assert.That(test.Edge.Review(EdgeBench.Patience), Is.EqualTo(1));
            Assert.That(faults.Injected, Is.Positive);
        });
    }

    [TestCaseSource(nameof(Kernels))]
    [Category("evio-E19")]
    public void A_number_that_is_closed_past_the_library_makes_no_data_and_no_end(object of) => ((EdgeBackend)of).Run(test =>
    {
        (nint near, nint far) = test.Bench.Numbers();
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In);
        test.Bench.Write(far);
        test.Bench.Close(near);
        test.Settle();
        Assert.That(test.Calls, Is.AnyOf("", "a EBADF", OperatingSystem.IsWindows() ? "a data" : ""), "poll(2) finds out, and says so; AFD has answered before the close");
        bool isWatched = test.Edge.Find(near) is not null;
        Assert.That(fd.Disarm(), Is.EqualTo(isWatched));
    });

    [TestCaseSource(nameof(Kernels))]
    [Category("evio-E20")]
    public void A_number_that_poll_found_closed_is_not_closed_again(object of) => ((EdgeBackend)of).Run(test =>
    {
        (nint near, _) = test.Bench.Numbers();
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In);
        test.Bench.Close(near);
        test.Settle();
        if (test.Log.Count == 0)
        {
            Assert.Ignore("this kernel says nothing of a closed number");
        }

        IvSocket stranger = test.Bench.Pair().Near;
        Assert.That(stranger.Handle, Is.EqualTo(near), "the lowest free number");
        fd.Close();
        Assert.That(stranger.TakeError(), Is.EqualTo(IvError.None), "open still");
    });

    private static bool IsWait(SysCall call) => call is SysCall.EpollPwait2 or SysCall.EpollWait or SysCall.Ppoll or SysCall.IoUringEnter;

    private readonly struct Silent : IEdgeCallbacks<int>
    {
        public static void OnData(EdgeFd<int> fd)
        {
        }

        public static void OnReady(EdgeFd<int> fd)
        {
        }

        public static void OnError(EdgeFd<int> fd, IvError error)
        {
        }

        public static void OnClose(EdgeFd<int> fd, EdgeCloseReason reason)
        {
        }
    }

    private readonly struct Acting : IEdgeCallbacks<Action>
    {
        public static void OnData(EdgeFd<Action> fd) => fd.State();

        public static void OnReady(EdgeFd<Action> fd) => fd.State();

        public static void OnError(EdgeFd<Action> fd, IvError error) => fd.State();

        public static void OnClose(EdgeFd<Action> fd, EdgeCloseReason reason) => fd.State();

        public static void OnTimer(EdgeTimer<Action> timer) => timer.State();
    }
}
