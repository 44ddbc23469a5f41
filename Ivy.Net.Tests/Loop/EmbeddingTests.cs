using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>A loop inside another one: NextDeadline, BackendHandle, and changes that must reach the kernel before the other one waits.</summary>
internal sealed class EmbeddingTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void NextDeadline_is_never_without_timers_and_the_earliest_of_them_otherwise()
    {
        using var test = new TestLoop();
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MaxValue));
        IvTimer late = test.Timer(3 * Second, "late");
        IvTimer early = test.Timer(2 * Second, "early");
        var timeout = new IvTimeout(Second, _ => { });
        timeout.Start();
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(timeout.Expires));
        timeout.Stop();
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(early.Expires));
        early.Stop();
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(late.Expires));
        late.Stop();
    }

    [Test]
    public void NextDeadline_is_now_while_tasks_or_posts_wait()
    {
        using var test = new TestLoop();
        IvTask task = test.Task("task");
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MinValue));
        task.Unregister();
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MaxValue));
        test.Loop.Post(_ => { }, null);
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MinValue));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MaxValue));
    }

    [Test]
    public void Once_BackendHandle_was_asked_for_changes_are_handed_over_without_a_wait()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        fd.HandlerIn = _ => { };
        Assert.That(test.Loop.BackendHandle, Is.EqualTo((nint)4711));
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 None", "change 5 None -> In", "flush"]));
        fd.HandlerOut = _ => { };
        _ = test.Loop.NextDeadline;
        _ = test.Loop.NextDeadline;
        test.Poller.Calls.Clear();
        test.Task(_ => fd.HandlerOut = null);
        fd.HandlerIn = null;
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Is.EqualTo(["change 5 In, Out -> None", "wait always"]));
        fd.Unregister();
    }

    [Test]
    public void What_the_last_batch_of_a_Run_changed_is_handed_over_before_Run_returns()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, fd => fd.HandlerIn = null);
        _ = test.Loop.BackendHandle;
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls.TakeLast(2), Is.EqualTo(["change 5 In -> None", "flush"]));
        fd.Unregister();
    }

    [Test]
    public void A_loop_that_is_not_embedded_hands_changes_over_with_the_next_wait_only()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, fd => fd.HandlerIn = null);
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 In", "wait always"]));
        fd.Unregister();
    }

    [Test]
    public void What_a_turn_reported_is_handed_over_again_though_nothing_has_changed()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => { });
        _ = test.Loop.BackendHandle;
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 In", "wait always", "flush"]), "a poller may disarm what it reports");
        _ = test.Loop.NextDeadline;
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 In", "wait always", "flush", "wait always"]), "once");
        fd.Unregister();
    }

    [Test]
    [Platform("Linux", Reason = "epoll(7) and io_uring(7)")]
    public void The_handle_is_readable_while_something_is_and_not_longer([Values("epoll", "io_uring")] string method) =>
        LoopThread.Run(new IvLoopOptions { PollMethods = [IvPollMethod.All.Single(known => known.Name == method)] }, loop =>
        {
            (IvSocket near, IvSocket far) = IvSocket.CreatePair();
            int seen = 0;
            bool drains = false;
            using var before = new IvFd(near)
            {
                HandlerIn = fd =>
                {
                    seen++;
                    if (drains)
                    {
                        fd.Socket!.Receive(new byte[10]);
                    }
                },
            };
            nint handle = loop.BackendHandle;
            Assert.That(IsReadable(handle), Is.False, "nothing is registered");
            before.Register();
            Assert.That(IsReadable(handle), Is.False, "nothing has come");
            far.Send(new byte[1]);
            for (int i = 1; i <= 3; i++)
            {
                Assert.That(IsReadable(handle), Is.True, "a byte is there, and stays there");
                loop.Run(IvRunMode.NonBlocking);
                Assert.That(seen, Is.EqualTo(i));
            }

            drains = true;
            loop.Run(IvRunMode.NonBlocking);
            loop.Run(IvRunMode.NonBlocking);
            Assert.That(IsReadable(handle), Is.False, "drained");
            before.HandlerIn = null;
            before.HandlerOut = fd => fd.HandlerOut = null;
            _ = loop.NextDeadline;
            Assert.That(IsReadable(handle), Is.True, "a change has been handed over");
            loop.Run(IvRunMode.NonBlocking);
            loop.Run(IvRunMode.NonBlocking);
            Assert.That(IsReadable(handle), Is.False);
            before.HandlerIn = fd => seen++;
            _ = loop.NextDeadline;
            before.HandlerIn = null;
            _ = loop.NextDeadline;
            far.Send(new byte[1]);
            loop.Run(IvRunMode.NonBlocking);
            loop.Run(IvRunMode.NonBlocking);
            Assert.That(IsReadable(handle), Is.False, "nobody wants it, and the outer loop is not woken for it again");
            Assert.That(seen, Is.EqualTo(4));
            far.Dispose();
            near.Dispose();
        });

    [Test]
    [Platform("Linux", Reason = "epoll(7) and io_uring(7)")]
    public void A_loop_runs_inside_a_loop_of_another_thread([Values("epoll", "io_uring")] string method)
    {
        // One thread has one loop, so the outer one is poll(2) itself: an IvFd of another thread's loop.
        using var ready = new ManualResetEventSlim();
        using var done = new ManualResetEventSlim();
        nint handle = -1;
        IvLoop inner = null!;
        Action wait = LoopThread.Begin(1, _ => LoopThread.Run(new IvLoopOptions { PollMethods = [IvPollMethod.All.Single(known => known.Name == method)] }, loop =>
        {
            inner = loop;
            handle = loop.BackendHandle;
            Assert.That(loop.NextDeadline, Is.EqualTo(IvTimestamp.MaxValue));
            ready.Set();
            Assert.That(done.Wait(LoopThread.Patience), Is.True);
            int posts = 0;
            loop.Post(_ => posts++, null);
            loop.Run(IvRunMode.NonBlocking);
            Assert.That(posts, Is.EqualTo(1));
        }));
        Assert.That(ready.Wait(LoopThread.Patience), Is.True);
        LoopThread.Run(outer =>
        {
            bool seen = false;
            using var fd = new IvFd(handle)
            {
                SetsNonBlocking = false,
                HandlerIn = fd =>
                {
                    seen = true;
                    fd.Unregister();
                },
            };
            fd.Register();
            inner.Post(_ => { }, null);
            outer.RunUntil(() => seen, LoopThread.Patience);
            Assert.That(seen, Is.True, "a post makes the handle readable");
        });
        done.Set();
        wait();
    }

    private static bool IsReadable(nint handle)
    {
        using var poller = new PollPoller();
        Assert.That(poller.Add(handle, IvBands.In, 1), Is.EqualTo(IvError.None));
        return poller.Wait([], IvTimestamp.MinValue, new IvReady[1]) == 1;
    }
}
