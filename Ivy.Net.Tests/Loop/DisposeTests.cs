using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>B19: disposing a loop unregisters what is left, and says so.</summary>
internal sealed class DisposeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void B19_What_is_registered_is_unregistered_and_reported_and_the_first_one_by_name()
    {
        List<IvLeakReport> reports = [];
        using var test = new TestLoop(method => new IvLoopOptions { Name = "main", PollMethods = [method], LeakReport = reports.Add });
        IvFd fd = TestLoop.Fd(5);
        fd.Name = "accept";
        fd.Register();
        IvTimer timer = test.Timer(Second, "timer");
        var timeout = new IvTimeout(Second, _ => { });
        timeout.Start();
        IvTask task = test.Task("task");
        IvEvent item = test.Event(_ => { });
        test.Loop.Post(_ => { }, null);
        test.Loop.Post(_ => { }, 1);
        test.Loop.Dispose();

        IvObject[] objects = [fd, timer, timeout, task, item];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(reports, Has.Count.EqualTo(1));
            Assert.That(reports[0].Loop, Is.SameAs(test.Loop));
            Assert.That(reports[0].Objects, Is.EquivalentTo(objects));
            Assert.That(reports[0].DroppedPosts, Is.EqualTo(2));
            Assert.That(reports[0].ToString(), Does.EndWith("\"main\" was disposed with 5 objects registered, the first one IvFd 5 (\"accept\"), and 2 posts not run"));
            Assert.That(objects.Select(one => one.IsRegistered), Is.All.False);
            Assert.That(objects.Select(one => one.Loop), Is.All.Null);
            Assert.That(test.Poller.Calls, Does.Contain("remove 5"));
            Assert.That(test.Poller.IsDisposed, Is.True);
            Assert.That(test.Loop.Counters.Active, Is.Zero);
            Assert.That(IvLoop.Current, Is.Null);
        }
    }

    [Test]
    public void A_clean_loop_is_not_reported()
    {
        bool reported = false;
        using (var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], LeakReport = _ => reported = true }))
        {
            IvTimer timer = test.Timer(Second, "timer");
            timer.Stop();
            var timeout = new IvTimeout(Second, _ => { });
            timeout.Start();
            timeout.Stop();
            test.Loop.Post(_ => { }, null);
            test.Loop.Run();
        }

        Assert.That(reported, Is.False);
    }

    [Test]
    public void A_post_that_its_event_took_back_is_not_reported_as_lost()
    {
        bool reported = false;
        using (var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], LeakReport = _ => reported = true }))
        {
            IvEvent item = test.Event(_ => { });
            item.Post();
            item.Unregister();
        }

        Assert.That(reported, Is.False);
    }

    [Test]
    public void A_post_of_an_event_that_is_registered_still_is_reported_as_lost()
    {
        IvLeakReport? report = null;
        using (var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], LeakReport = r => report = r }))
        {
            test.Event(_ => { }).Post();
        }

        Assert.That(report!.DroppedPosts, Is.EqualTo(1));
    }

    [Test]
    public void What_a_Break_left_is_unregistered_and_reported_too()
    {
        IvLeakReport? report = null;
        using (var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], LeakReport = r => report = r }))
        {
            test.Loop.Post(static loop => loop.Break(), test.Loop);
            test.Loop.Post(static _ => Assert.Fail(), 1);
            test.Loop.Run();
            test.Timer(TimeSpan.Zero, _ => test.Loop.Break());
            test.Timer(TimeSpan.Zero, "expired");
        }

        Assert.That(report!.DroppedPosts, Is.EqualTo(1));
        Assert.That(report.Objects, Has.Count.EqualTo(2));
    }

    [Test]
    public void Expired_timers_that_have_not_run_are_unregistered()
    {
        IvTimer left;
        using (var test = new TestLoop())
        {
            test.Timer(TimeSpan.Zero, _ => test.Loop.Break());
            left = test.Timer(TimeSpan.Zero, "left");
            test.Loop.Run();
            Assert.That(left.IsRegistered, Is.True);
        }

        Assert.That(left.IsRegistered, Is.False);
        using var next = new TestLoop();
        left.Start(Second);
        next.Loop.Run();
        Assert.That(next.Poller.Waits, Is.EqualTo(1));
    }

    [Test]
    public void What_a_handler_left_half_way_can_move_to_another_loop()
    {
        IvTimer timer;
        IvTask task;
        IvTimeout timeout;
        IvEvent item;
        List<string> log = [];
        using (new TestLoop())
        {
            timer = new IvTimer(_ => log.Add("timer"));
            timer.Start(Second);
            task = new IvTask(_ => log.Add("task"));
            task.Register();
            timeout = new IvTimeout(Second, _ => log.Add("timeout"));
            timeout.Start();
            item = new IvEvent(_ => log.Add("event"));
            item.Register();
            item.Post();
        }

        using var test = new TestLoop();
        timer.Start(Second);
        task.Register();
        timeout.Start();
        item.Register();
        test.Loop.Run(10 * Second);
        Assert.That(log, Is.EqualTo(["task", "timer", "timeout"]), "the post belonged to the registration on the other loop");
        item.Unregister();
    }

    [Test]
    public void Dispose_is_idempotent_and_a_thread_may_have_a_loop_again()
    {
        using var first = new TestLoop();
        first.Loop.Dispose();
        first.Loop.Dispose();
        using var second = new TestLoop();
        first.Loop.Dispose();
        Assert.That(IvLoop.Current, Is.SameAs(second.Loop));
    }

    [Test]
    public void Dispose_again_on_another_thread_is_nothing()
    {
        using var test = new TestLoop();
        test.Loop.Dispose();
        LoopThread.Elsewhere(test.Loop.Dispose);
    }

    [Test]
    [Provokes("IVF0005")]
    public void A_disposed_loop_cannot_be_used()
    {
        using var test = new TestLoop();
        test.Loop.Dispose();
        FatalScope.Expect(FatalCondition.DisposedLoop, () => test.Loop.Run());
        FatalScope.Expect(FatalCondition.DisposedLoop, () => test.Loop.Run(IvRunMode.Once));
        FatalScope.Expect(FatalCondition.DisposedLoop, () => test.Loop.Run(Second));
        FatalScope.Expect(FatalCondition.DisposedLoop, () => test.Loop.RunUntil(() => true));
        FatalScope.Expect(FatalCondition.DisposedLoop, () => _ = test.Loop.NextDeadline);
        FatalScope.Expect(FatalCondition.DisposedLoop, () => _ = test.Loop.BackendHandle);
    }

    [Test]
    [Provokes("IVF0006")]
    public void A_handler_must_not_dispose_its_loop_and_nothing_has_changed_if_it_tries()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        test.Task(_ => FatalScope.Expect(FatalCondition.DisposeWhileRunning, test.Loop.Dispose));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(fd.IsRegistered, Is.True);
        Assert.That(IvLoop.Current, Is.SameAs(test.Loop));
        fd.Unregister();
    }

    [Test]
    public void Nothing_can_be_registered_after_it()
    {
        var test = new TestLoop();
        test.Dispose();
        FatalScope.Expect(FatalCondition.NoLoop, () => new IvTask(_ => { }).Register());
    }

    [Test]
    public void The_loop_tells_its_members_after_it_as_before()
    {
        var test = new TestLoop(method => new IvLoopOptions { Name = "gone", PollMethods = [method] });
        test.Task("task");
        test.Loop.Run();
        test.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Loop.Counters.Turns, Is.GreaterThan(0));
            Assert.That(test.Loop.PollMethod, Is.EqualTo("scripted"));
            Assert.That(test.Dump(), Does.Contain("state=disposed"));
            Assert.That(test.Loop.Post(_ => { }, null), Is.False);
            Assert.That(test.Loop.Post(_ => { }, 1), Is.False);
            Assert.That(test.Loop.Post(_ => { }, "text"), Is.False);
        }
    }

    [Test]
    public void The_objects_of_the_library_itself_are_not_reported()
    {
        IvLeakReport? report = null;
        using (var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], LeakReport = r => report = r }))
        {
            new IvTimeout(Second, _ => { }).Start();
            test.Loop.TimeProvider.CreateTimer(_ => { }, null, Second, Timeout.InfiniteTimeSpan);
        }

        Assert.That(report!.Objects.Select(one => one.GetType()), Is.EquivalentTo([typeof(IvTimeout), typeof(IvTimer)]));
    }

    [Test]
    public void An_object_whose_end_ends_another_is_no_trouble()
    {
        // An IvEventRaw has a descriptor of its own, which is not reported beside it.
        IvLeakReport? report = null;
        LoopThread.Run(new IvLoopOptions { LeakReport = r => report = r }, _ =>
        {
            var raw = new IvEventRaw(_ => { }) { Name = "raw" };
            raw.Register();
        });
        Assert.That(report!.Objects.Select(one => one.ToString()), Is.EqualTo(["IvEventRaw \"raw\""]));
    }

    [Test]
    [Platform("Linux", Reason = "counts descriptors in /proc")]
    public void The_pollers_own_descriptors_are_closed([ValueSource(typeof(RealBackends), nameof(RealBackends.Names))] string method)
    {
        IvPollMethod chosen = IvPollMethod.All.Single(known => known.Name == method);
        LoopThread.Elsewhere(() =>
        {
            string before = Kinds();
            for (int i = 0; i < 20; i++)
            {
                using var loop = new IvLoop(new IvLoopOptions { PollMethods = [chosen] });
                _ = loop.BackendHandle;
                var raw = new IvEventRaw(_ => { });
                raw.Register();
                raw.Dispose();
            }

            Assert.That(Kinds(), Is.EqualTo(before));
        });

        // By kind, as the runtime opens and closes files of its own at any time.
        static string Kinds() => string.Join(", ", Directory.GetFileSystemEntries("/proc/self/fd")
            .Select(entry => new FileInfo(entry).LinkTarget)
            .Where(target => target is not null && target.StartsWith("anon_inode:[event", StringComparison.Ordinal))
            .GroupBy(target => target).Select(kind => $"{kind.Key} {kind.Count()}").Order());
    }
}
