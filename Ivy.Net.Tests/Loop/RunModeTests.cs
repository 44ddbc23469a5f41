using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>Default, Once, NonBlocking, KeepAlive, Run for a time, RunUntil.</summary>
internal sealed class RunModeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void NonBlocking_makes_one_turn_and_never_waits()
    {
        using var test = new TestLoop();
        test.Timer(Second, "timer");
        Assert.That(test.Loop.Run(IvRunMode.NonBlocking), Is.True);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Is.Empty);
            Assert.That(test.Poller.Deadlines, Is.EqualTo([IvTimestamp.MinValue]));
            Assert.That(test.Loop.Counters.Turns, Is.EqualTo(1));
        }
    }

    [Test]
    public void Once_waits_when_nothing_ran_and_runs_what_expired_meanwhile_before_it_returns()
    {
        using var test = new TestLoop();
        test.Timer(Second, timer =>
        {
            test.Say("timer");
            test.Task("task");
        });
        Assert.That(test.Loop.Run(IvRunMode.Once), Is.False);
        Assert.That(test.Log, Is.EqualTo(["timer", "task"]));
        Assert.That(test.Poller.Waits, Is.EqualTo(1));
    }

    [Test]
    public void Once_does_not_wait_when_a_timer_or_a_task_ran_before_the_wait()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        test.Task("task");
        test.Loop.Run(IvRunMode.Once);
        test.Timer(TimeSpan.Zero, "timer");
        test.Loop.Run(IvRunMode.Once);
        Assert.That(test.Log, Is.EqualTo(["task", "timer"]));
        Assert.That(test.Poller.Deadlines, Is.EqualTo([IvTimestamp.MinValue, IvTimestamp.MinValue]));
        fd.Unregister();
    }

    [Test]
    public void Once_looks_at_the_descriptors_though_a_task_ran()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Poller.Ready((5, IvBands.In));
        test.Task("task");
        test.Loop.Run(IvRunMode.Once);
        Assert.That(test.Log, Is.EqualTo(["task", "fd"]));
        fd.Unregister();
    }

    [Test]
    public void Once_blocks_at_most_once_even_if_the_wait_brought_nothing()
    {
        using var test = new TestLoop();
        test.Timer(Second, "timer");
        test.Poller.ReadyRaw();
        test.Loop.Run(IvRunMode.Once);
        Assert.That(test.Log, Is.Empty);
        Assert.That(test.Poller.Waits, Is.EqualTo(1));
    }

    [TestCase(IvRunMode.Once)]
    [TestCase(IvRunMode.Default)]
    public void An_empty_loop_does_not_wait_in(IvRunMode mode)
    {
        using var test = new TestLoop();
        Assert.That(test.Loop.Run(mode), Is.False);
        Assert.That(test.Poller.Waits, Is.Zero);
    }

    [Test]
    public void NonBlocking_looks_at_the_descriptors_though_nothing_keeps_the_loop_alive()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        fd.KeepsLoopAlive = false;
        test.Poller.Ready((5, IvBands.In));
        Assert.That(test.Loop.Run(IvRunMode.NonBlocking), Is.False);
        Assert.That(test.Log, Is.EqualTo(["fd"]));
        fd.Unregister();
    }

    [Test]
    public void KeepAlive_goes_on_while_nothing_is_registered()
    {
        using var test = new TestLoop();
        int posts = 0;
        for (int i = 1; i <= 3; i++)
        {
            test.Poller.At(test.Poller.Clock + (i * Second), () => test.Loop.Post(_ => posts++, null));
        }

        test.Poller.At(test.Poller.Clock + (4 * Second), test.Loop.Quit);
        Assert.That(test.Loop.Run(IvRunMode.KeepAlive), Is.False);
        Assert.That(posts, Is.EqualTo(3));
    }

    [Test]
    public void Default_runs_what_was_posted_before_it_though_nothing_is_registered()
    {
        using var test = new TestLoop();
        test.Loop.Post(
            static test =>
            {
                test.Say("first");
                test.Loop.Post(static test => test.Say("second"), test);
            },
            test);
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["first", "second"]));
    }

    [Test]
    public void Run_for_a_time_ends_when_it_is_up_whatever_is_registered()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Poller.Clock;
        var tick = new IvTimer(_ => test.Say("tick"));
        tick.Start(Second, Second);
        Assert.That(test.Loop.Run(3.5 * Second), Is.True);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Has.Count.EqualTo(3));
            Assert.That(test.Poller.Clock - start, Is.EqualTo(3.5 * Second));
        }

        tick.Stop();
        Assert.That(test.Loop.Run(Second), Is.False);
        Assert.That(test.Poller.Clock - start, Is.EqualTo(4.5 * Second), "also while nothing is registered");
    }

    [Test]
    public void Run_for_a_time_runs_a_timer_that_is_due_at_its_end()
    {
        using var test = new TestLoop();
        test.Timer(Second, "timer");
        test.Loop.Run(Second);
        Assert.That(test.Log, Is.EqualTo(["timer"]));
    }

    [Test]
    public void Run_for_no_time_makes_one_turn_that_does_not_wait()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Poller.Clock;
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Poller.Ready((5, IvBands.In));
        test.Timer(TimeSpan.Zero, "timer");
        test.Timer(Second, "later");
        test.Loop.Run(TimeSpan.Zero);
        Assert.That(test.Log, Is.EqualTo(["timer", "fd"]));
        Assert.That(test.Poller.Waits, Is.EqualTo(1));
        Assert.That(test.Poller.Clock, Is.EqualTo(start));
        fd.Unregister();
    }

    [Test]
    public void Run_for_a_time_ends_though_a_descriptor_is_ready_all_the_time()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ =>
        {
            test.Poller.Advance(TimeSpan.FromMilliseconds(100));
            test.Poller.Ready((5, IvBands.In));
            test.Say("fd");
        });
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(Second);
        Assert.That(test.Log, Has.Count.EqualTo(10));
        fd.Unregister();
    }

    [Test]
    public void Run_for_ever_is_a_time_too()
    {
        using var test = new TestLoop();
        test.Poller.At(test.Poller.Clock + TimeSpan.FromDays(400), test.Loop.Quit);
        test.Loop.Run(TimeSpan.MaxValue);
        Assert.That(test.Poller.Deadlines, Is.EqualTo([IvTimestamp.MaxValue]));
    }

    [Test]
    public void Bad_arguments_are_refused_before_anything_runs()
    {
        using var test = new TestLoop();
        test.Task("task");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => test.Loop.Run(TimeSpan.FromTicks(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => test.Loop.Run((IvRunMode)4), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => test.Loop.Run((IvRunMode)(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => test.Loop.RunUntil(null!), Throws.TypeOf<ArgumentNullException>());
            Assert.That(() => test.Loop.RunUntil(() => false, TimeSpan.FromTicks(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(test.Log, Is.Empty);
        }
    }

    [Test]
    public void RunUntil_runs_nothing_if_the_condition_holds_already()
    {
        using var test = new TestLoop();
        test.Task("task");
        Assert.That(test.Loop.RunUntil(() => true), Is.True);
        Assert.That(test.Log, Is.Empty);
    }

    [Test]
    public void RunUntil_ends_before_the_wait_that_follows_the_handler_which_made_the_condition_true()
    {
        using var test = new TestLoop();
        bool done = false;
        IvFd fd = test.RegisteredFd(5);
        test.Timer(Second, _ => done = true);
        Assert.That(test.Loop.RunUntil(() => done), Is.True);
        Assert.That(test.Poller.Waits, Is.EqualTo(1));
        fd.Unregister();
    }

    [Test]
    public void RunUntil_gives_up_at_its_timeout()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Poller.Clock;
        IvFd fd = test.RegisteredFd(5);
        Assert.That(test.Loop.RunUntil(() => false, 5 * Second), Is.False);
        Assert.That(test.Poller.Clock - start, Is.EqualTo(5 * Second));
        fd.Unregister();
    }

    [Test]
    public void RunUntil_gives_up_when_nothing_is_left_that_could_make_it_true()
    {
        using var test = new TestLoop();
        Assert.That(test.Loop.RunUntil(() => false), Is.False);
    }

    [Test]
    public void RunUntil_sees_what_the_last_handlers_did()
    {
        using var test = new TestLoop();
        bool done = false;
        test.Task(_ =>
        {
            done = true;
            test.Loop.Quit();
        });
        Assert.That(test.Loop.RunUntil(() => done), Is.True);
    }

    [Test]
    public void What_the_condition_of_RunUntil_throws_leaves_it_also_with_a_hook_for_handlers()
    {
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], UnhandledException = _ => Assert.Fail("not a handler") });
        IvFd fd = test.RegisteredFd(5);
        int asked = 0;
        Assert.That(() => test.Loop.RunUntil(() => ++asked == 1 ? false : throw new FormatException()), Throws.TypeOf<FormatException>());
        fd.Unregister();
    }
}
