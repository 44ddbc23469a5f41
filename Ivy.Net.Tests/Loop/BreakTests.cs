using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>Break returns after the handler that calls it; what was left runs first in the next Run, and nothing twice.</summary>
internal sealed class BreakTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Break_in_a_timer_leaves_the_other_expired_timers_for_the_next_Run_in_order()
    {
        using var test = new TestLoop();
        test.Timer(TimeSpan.Zero, Breaking(test, "a"));
        test.Timer(TimeSpan.Zero, "b");
        test.Timer(TimeSpan.Zero, "c");
        test.Task("task");
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Log, Is.EqualTo(["a"]));
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MinValue));
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["a", "b", "c", "task"]));
    }

    [Test]
    public void Timers_that_expire_meanwhile_run_after_those_that_a_Break_left()
    {
        using var test = new TestLoop();
        test.Timer(TimeSpan.Zero, Breaking(test, "a"));
        test.Timer(TimeSpan.Zero, "b");
        test.Timer(Second, "later");
        test.Loop.Run();
        test.Poller.Advance(Second);
        test.Timer(TimeSpan.Zero, "new");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["a", "b", "later", "new"]));
    }

    [Test]
    public void Break_in_a_task_leaves_the_rest_of_the_round_which_the_next_Run_finishes_first()
    {
        using var test = new TestLoop();
        var late = new IvTask(_ => test.Say("registered between"));
        test.Task(task =>
        {
            test.Say("a");
            task.Handler = _ => test.Say("a again");
            task.Register();
            test.Loop.Break();
        });
        test.Task("b");
        test.Loop.Run();
        late.Register();
        test.Timer(TimeSpan.Zero, "timer");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["a", "timer", "b", "a again", "registered between"]));
    }

    [Test]
    public void Break_in_a_descriptors_handler_leaves_the_rest_of_the_batch()
    {
        using var test = new TestLoop();
        IvFd a = test.RegisteredFd(5, _ =>
        {
            test.Say("5");
            test.Loop.Break();
        });
        IvFd b = test.RegisteredFd(6, _ => test.Say("6"));
        IvFd c = test.RegisteredFd(7, _ => test.Say("7"));
        test.Poller.Ready((5, IvBands.In), (6, IvBands.In), (7, IvBands.In));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["5"]));
        c.Unregister();
        test.Task("task");
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["5", "6", "task"]), "first the batch, without those that were unregistered meanwhile");
        a.Unregister();
        b.Unregister();
    }

    [Test]
    public void Break_between_the_bands_of_a_descriptor_skips_the_later_bands()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ =>
        {
            test.Say("in");
            test.Loop.Break();
        });
        fd.HandlerOut = _ => test.Say("out");
        test.Poller.Ready((5, IvBands.In | IvBands.Out));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["in"]));
        fd.Unregister();
    }

    [Test]
    public void Break_in_a_post_leaves_the_other_posts_and_the_descriptors_of_the_batch()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        using IvEvent item = test.Event(_ => test.Say("event"));
        test.Loop.Post(
            static test =>
            {
                test.Say("post");
                test.Loop.Break();
            },
            test);
        item.Post();
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["post"]));
        test.Loop.Post(static test => test.Say("later post"), test);
        test.Task("task");
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["post", "event", "fd", "task", "later post"]));
        fd.Unregister();
    }

    [Test]
    public void Break_in_an_event_leaves_the_rest()
    {
        using var test = new TestLoop();
        using IvEvent a = test.Event(_ =>
        {
            test.Say("a");
            test.Loop.Break();
        });
        using IvEvent b = test.Event(_ => test.Say("b"));
        a.Post();
        b.Post();
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["a"]));
        a.Unregister();
        b.Unregister();
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["a"]), "unregistering drops what is pending, also between two Runs");
    }

    [Test]
    public void Break_in_a_timeout_leaves_those_behind_it_in_its_queue()
    {
        using var test = new TestLoop();
        IvTimeout[] timeouts = [.. Enumerable.Range(0, 3).Select(i => new IvTimeout(Second, _ =>
        {
            test.Say($"{i}");
            test.Loop.Break();
        }))];
        Array.ForEach(timeouts, timeout => timeout.Start());
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Log, Is.EqualTo(["0"]));
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["0", "1", "2"]));
    }

    [TestCase(IvRunMode.Once)]
    [TestCase(IvRunMode.NonBlocking)]
    public void What_a_Break_left_runs_first_in_every_mode(IvRunMode mode)
    {
        using var test = new TestLoop();
        test.Loop.Post(static loop => loop.Break(), test.Loop);
        test.Loop.Post(static test => test.Say("left"), test);
        test.Loop.Run();
        test.Task("task");
        test.Loop.Run(mode);
        Assert.That(test.Log, Is.EqualTo(["left", "task"]));
    }

    [Test]
    public void What_a_Break_left_counts_as_something_left()
    {
        using var test = new TestLoop();
        test.Loop.Post(static loop => loop.Break(), test.Loop);
        test.Loop.Post(static test => test.Say("left"), test);
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Loop.Run(), Is.False);
    }

    [Test]
    public void A_task_unregistered_between_two_Runs_does_not_run()
    {
        using var test = new TestLoop();
        test.Task(Breaking<IvTask>(test, "a"));
        IvTask left = test.Task("b");
        test.Loop.Run();
        left.Unregister();
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["a"]));
    }

    [Test]
    public void A_periodic_timer_that_breaks_each_time_leaves_no_trace_in_memory()
    {
        using var test = new TestLoop();
        test.Poller.Records = false;
        var timer = new IvTimer(_ => test.Loop.Break());
        timer.Start(Second, Second);
        for (int i = 0; i < 1000; i++)
        {
            test.Loop.Run();
        }

        Assert.That(test.Loop.Timers.ExpiredCapacity, Is.LessThanOrEqualTo(16));
        timer.Stop();
    }

    [Test]
    public void Timers_that_always_leave_some_behind_leave_no_trace_in_memory()
    {
        using var test = new TestLoop();
        test.Poller.Records = false;
        IvTimer[] timers = [.. Enumerable.Range(0, 3).Select(_ => new IvTimer(_ => test.Loop.Break()))];
        Array.ForEach(timers, timer => timer.Start(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1)));
        for (int i = 0; i < 1000; i++)
        {
            test.Poller.Advance(Second);
            test.Loop.Run();
        }

        Assert.That(test.Loop.Timers.ExpiredCapacity, Is.LessThanOrEqualTo(16));
        Array.ForEach(timers, timer => timer.Stop());
    }

    [Test]
    [Provokes("IVF0007")]
    public void Break_outside_of_Run_is_a_misuse()
    {
        using var test = new TestLoop();
        FatalScope.Expect(FatalCondition.BreakOutsideRun, test.Loop.Break);
    }

    [Test]
    public void Break_has_no_effect_on_the_Run_after_the_next()
    {
        using var test = new TestLoop();
        test.Task(Breaking<IvTask>(test, "a"));
        test.Loop.Run();
        test.Timer(Second, "b");
        test.Timer(2 * Second, "c");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["a", "b", "c"]));
    }

    private static Action<IvTimer> Breaking(TestLoop test, string what) => Breaking<IvTimer>(test, what);

    private static Action<T> Breaking<T>(TestLoop test, string what) => _ =>
    {
        test.Say(what);
        test.Loop.Break();
    };
}
