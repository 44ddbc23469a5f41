using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>L1, L2: what a turn runs, in which order, and when Run returns.</summary>
internal sealed class TurnOrderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void L1_A_turn_runs_timers_then_tasks_then_waits_then_posts_then_descriptors()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        using IvEvent item = test.Event(_ => test.Say("event"));
        test.Timer(TimeSpan.Zero, "timer");
        test.Task("task");
        test.Loop.Post(static log => log.Add("post"), test.Log);
        item.Post();
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["timer", "task", "post", "event", "fd"]));
        fd.Unregister();
    }

    [Test]
    public void L1_The_first_turn_begins_with_timers_and_tasks_before_any_look_at_the_descriptors()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        test.Timer(TimeSpan.Zero, _ => test.Say($"timer after {test.Poller.Waits} waits"));
        test.Task(_ => test.Say($"task after {test.Poller.Waits} waits"));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["timer after 0 waits", "task after 0 waits"]));
        fd.Unregister();
    }

    [Test]
    public void L1_A_task_of_a_timer_runs_in_the_same_turn_and_one_of_a_descriptor_in_the_next_without_sleeping_between()
    {
        using var test = new TestLoop();
        IvFd fd = null!;
        fd = test.RegisteredFd(5, _ =>
        {
            test.Say("fd");
            fd.Unregister();
            test.Task("task of fd");
        });
        test.Timer(TimeSpan.Zero, _ => test.Task(_ => test.Say($"task of timer after {test.Poller.Waits} waits")));
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Is.EqualTo(["task of timer after 0 waits", "fd", "task of fd"]));
            Assert.That(test.Poller.Waits, Is.EqualTo(1));
        }
    }

    [Test]
    public void L1_Descriptors_are_called_in_the_order_of_the_batch()
    {
        using var test = new TestLoop();
        IvFd[] fds = [.. Enumerable.Range(10, 5).Select(n => test.RegisteredFd(n, fd => test.Say($"{fd.Handle}")))];
        test.Poller.Ready((12, IvBands.In), (10, IvBands.In), (14, IvBands.In), (11, IvBands.In), (13, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["12", "10", "14", "11", "13"]));
        Array.ForEach(fds, fd => fd.Dispose());
    }

    [Test]
    public void L2_An_empty_loop_returns_at_once_and_never_waits()
    {
        using var test = new TestLoop();
        bool left = test.Loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(left, Is.False);
            Assert.That(test.Poller.Waits, Is.Zero);
            Assert.That(test.Loop.Counters.Turns, Is.EqualTo(1));
        }
    }

    [Test]
    public void L2_A_timer_or_task_that_removes_the_last_object_ends_the_loop_without_a_wait()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        test.Timer(TimeSpan.Zero, _ => test.Task(_ => fd.Unregister()));
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Poller.Waits, Is.Zero);
    }

    [Test]
    public void L2_A_descriptor_without_handlers_keeps_the_loop_alive_and_costs_no_turns_null()
    {
        // ivykis' test `null`: it blocks for ever and uses no processor.
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(0);
        test.Poller.At(test.Poller.Clock + TimeSpan.FromDays(365), test.Loop.Quit);
        bool left = test.Loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(left, Is.True);
            Assert.That(test.Poller.Waits, Is.EqualTo(1));
            Assert.That(test.Poller.Deadlines, Is.EqualTo([IvTimestamp.MaxValue]));
        }

        fd.Unregister();
    }

    [Test]
    public void L2_Run_waits_until_the_earliest_timer_and_no_longer()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        test.Timer(3 * Second, "three");
        test.Timer(Second, "one");
        test.Loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Is.EqualTo(["one", "three"]));
            Assert.That(test.Poller.Deadlines, Is.EqualTo([start + Second, start + (3 * Second)]));
        }
    }

    [Test]
    public void L2_A_pending_task_makes_the_wait_a_look()
    {
        using var test = new TestLoop();
        int rounds = 0;
        test.Task(task =>
        {
            if (++rounds < 3)
            {
                task.Register();
            }
        });
        test.Timer(Second, "timer");
        test.Loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rounds, Is.EqualTo(3));
            Assert.That(test.Poller.Deadlines.Take(2), Is.All.EqualTo(IvTimestamp.MinValue));
        }
    }

    [Test]
    public void No_clock_is_read_where_no_timer_can_be_due()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => { });
        int before = test.Poller.ClockReads;
        for (int i = 0; i < 100; i++)
        {
            test.Poller.Ready((5, IvBands.In));
            test.Loop.Run(IvRunMode.NonBlocking);
        }

        Assert.That(test.Poller.ClockReads, Is.EqualTo(before));
        fd.Unregister();
    }

    [Test]
    public void Now_is_the_same_for_all_handlers_of_a_turn_until_it_is_invalidated()
    {
        using var test = new TestLoop();
        List<IvTimestamp> seen = [];
        for (int i = 0; i < 3; i++)
        {
            test.Task(_ =>
            {
                seen.Add(test.Loop.Now);
                test.Poller.Advance(Second);
            });
        }

        test.Task(_ =>
        {
            test.Loop.InvalidateNow();
            seen.Add(test.Loop.Now);
        });
        IvTimestamp start = test.Poller.Clock;
        test.Loop.Run();
        Assert.That(seen, Is.EqualTo([start, start, start, start + (3 * Second)]));
    }

    [Test]
    public void Now_between_two_Runs_is_the_clock()
    {
        using var test = new TestLoop();
        IvTimestamp before = test.Loop.Now;
        test.Poller.Advance(Second);
        Assert.That(test.Loop.Now, Is.EqualTo(before + Second));
    }

    [Test]
    public void A_loop_can_be_run_again_and_again_with_what_is_still_registered()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ =>
        {
            test.Say("fd");
            test.Loop.Quit();
        });
        for (int i = 0; i < 3; i++)
        {
            test.Poller.Ready((5, IvBands.In));
            Assert.That(test.Loop.Run(), Is.True);
        }

        Assert.That(test.Log, Has.Count.EqualTo(3));
        fd.Unregister();
        Assert.That(test.Loop.Run(), Is.False);
    }

    [Test]
    public void A_wait_that_returns_early_with_nothing_ends_no_Run_and_fires_no_timer_early()
    {
        // EINTR: the wait is over, nothing has happened.
        using var test = new TestLoop();
        IvTimestamp due = test.Loop.Now + Second;
        test.Timer(Second, _ => Assert.That(test.Loop.Now, Is.GreaterThanOrEqualTo(due)));
        for (int i = 0; i < 10; i++)
        {
            test.Poller.ReadyRaw();
        }

        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Poller.Deadlines, Is.All.EqualTo(due));
    }
}
