using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Timers;

/// <summary>T1 to T3, B10: when timers fire, in which order, and what a handler may do to others.</summary>
internal sealed class IvTimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static string[] MethodsAndTheScript => [.. RealBackends.Names, "scripted"];

    [Test]
    public void T1_A_timer_fires_once_and_not_before_its_time_timer()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        IvTimestamp fired = default;
        test.Timer(0.1 * Second, timer => fired = test.Loop.Now);
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(fired - start, Is.EqualTo(0.1 * Second));
    }

    [Test]
    public void T1_A_timer_is_never_early_on_the_real_clock([ValueSource(typeof(RealBackends), nameof(RealBackends.Names))] string method)
    {
        IvPollMethod chosen = IvPollMethod.All.Single(known => known.Name == method);
        LoopThread.Run(new IvLoopOptions { PollMethods = [chosen] }, loop =>
        {
            for (int microseconds = 1; microseconds < 20_000; microseconds *= 3)
            {
                IvTimestamp due = IvTimestamp.System + TimeSpan.FromMicroseconds(microseconds);
                bool fired = false;
                var timer = new IvTimer(_ => fired = true);
                timer.StartAt(due);
                loop.Run();
                Assert.That(fired, Is.True);
                Assert.That(IvTimestamp.System, Is.GreaterThanOrEqualTo(due));
            }
        });
    }

    [Test]
    public void T1_A_wait_that_ends_a_nanosecond_early_fires_nothing()
    {
        using var test = new TestLoop();
        IvTimer timer = test.Timer(Second, "timer");
        test.Poller.At(timer.Expires.AddNanoseconds(-1), () => { });
        test.Loop.Run();
        Assert.That(test.Poller.Deadlines, Has.Count.EqualTo(2));
        Assert.That(test.Log, Is.EqualTo(["timer"]));
    }

    [Test]
    public void T1_A_timer_that_arms_itself_for_the_past_starves_neither_tasks_nor_descriptors_timer_fairness()
    {
        using var test = new TestLoop();
        bool isRegistered = false;
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Poller.Ready((5, IvBands.In));
        var timer = new IvTimer(timer =>
        {
            if (!isRegistered)
            {
                isRegistered = true;
                test.Task(_ => test.Task(_ =>
                {
                    test.Say("task");
                    timer.Stop();
                    fd.KeepsLoopAlive = false;
                }));
            }

            timer.StartAt(test.Loop.Now - Second);
        });
        timer.StartAt(test.Loop.Now - Second);
        test.Loop.Run();
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Does.Contain("task"));
        fd.Unregister();
    }

    [Test]
    public void T1_A_timer_armed_for_the_past_by_a_handler_fires_in_the_next_turn_after_tasks_and_a_look()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Poller.Ready((5, IvBands.In));
        test.Timer(TimeSpan.Zero, _ =>
        {
            test.Timer(TimeSpan.Zero, _ =>
            {
                test.Say("second");
                test.Loop.Quit();
            });
            test.Task("task");
        });
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["task", "fd", "second"]));
        fd.Unregister();
    }

    [Test]
    public void T1_A_task_of_the_first_turn_that_arms_a_timer_for_the_past_has_it_fired_promptly_timer_past()
    {
        using var test = new TestLoop();
        test.Task(_ =>
        {
            var timer = new IvTimer(_ => test.Say("timer")) { Expires = test.Loop.Now - Second };
            timer.Register();
        });
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["timer"]));
        Assert.That(test.Poller.Clock.Nanoseconds, Is.EqualTo(1_000_000_000), "no time has passed");
    }

    [Test]
    public void T1_A_timer_for_time_zero_that_arms_itself_fires_each_time_timer_zero([ValueSource(nameof(MethodsAndTheScript))] string method)
    {
        using var scripted = new ScriptedPoller();
        IvPollMethod chosen = IvPollMethod.All.Append(new IvPollMethod("scripted", () => scripted)).Single(known => known.Name == method);
        LoopThread.Run(new IvLoopOptions { PollMethods = [chosen] }, loop =>
        {
            int left = 100;
            var timer = new IvTimer(timer =>
            {
                if (--left > 0)
                {
                    timer.Expires = default;
                    timer.Register();
                }
            });
            timer.Expires = default;
            timer.Register();
            loop.Run();
            Assert.That(left, Is.Zero);
        });
    }

    [Test]
    public void T2_Of_two_timers_that_take_each_other_back_one_fires_timer_fairness_bug()
    {
        using var test = new TestLoop();
        IvTimer first = null!;
        IvTimer second = null!;
        first = new IvTimer(_ =>
        {
            test.Say("first");
            second.Unregister();
        });
        second = new IvTimer(_ =>
        {
            test.Say("second");
            first.Unregister();
        });
        IvTimestamp due = test.Loop.Now + Second;
        first.StartAt(due);
        second.StartAt(due);
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["first"]));
        Assert.That(test.Loop.Counters.Active, Is.Zero);
    }

    [Test]
    public void T2_A_timer_is_registered_until_its_handler_starts_and_not_inside_it()
    {
        using var test = new TestLoop();
        IvTimer second = null!;
        IvTimer first = test.Timer(Second, timer => test.Say($"{timer.IsRegistered} {second.IsRegistered} {test.Loop.Counters.Timers}"));
        second = test.Timer(Second, timer => test.Say($"{timer.IsRegistered} {first.IsRegistered} {test.Loop.Counters.Timers}"));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["False True 1", "False False 0"]));
    }

    [Test]
    public void T2_An_expired_timer_that_another_handler_starts_anew_fires_at_its_new_time_only()
    {
        using var test = new TestLoop();
        IvTimer second = null!;
        IvTimestamp start = test.Loop.Now;
        test.Timer(Second, _ => second.Start(5 * Second));
        second = test.Timer(Second, _ => test.Say($"{(test.Loop.Now - start).TotalSeconds}"));
        test.Timer(Second, "third");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["third", "6"]));
    }

    [Test]
    public void T2_An_expired_timer_that_is_stopped_and_registered_again_runs_once_in_the_next_turn()
    {
        using var test = new TestLoop();
        IvTimer second = null!;
        test.Timer(Second, _ =>
        {
            second.Stop();
            second.Register();
            test.Task("task");
        });
        second = test.Timer(Second, "second");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["task", "second"]));
    }

    [Test]
    public void T2_An_expired_timer_cannot_be_registered_a_second_time()
    {
        using var test = new TestLoop();
        IvTimer second = null!;
        test.Timer(Second, _ => FatalScope.Expect(FatalCondition.AlreadyRegistered, second.Register));
        second = test.Timer(Second, "second");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["second"]));
    }

    [Test]
    public void T2_A_timer_may_dispose_itself_and_others_in_its_handler()
    {
        using var test = new TestLoop();
        IvTimer second = null!;
        test.Timer(Second, timer =>
        {
            timer.Dispose();
            second.Dispose();
        });
        second = test.Timer(Second, "second");
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.Empty);
    }

    [Test]
    public void T3_Equal_deadlines_fire_in_the_order_of_registration()
    {
        using var test = new TestLoop();
        IvTimestamp due = test.Loop.Now + Second;
        List<int> order = [];
        for (int i = 0; i < 1000; i++)
        {
            int number = i;
            new IvTimer(_ => order.Add(number)).StartAt(due);
        }

        test.Loop.Run();
        Assert.That(order, Is.EqualTo(Enumerable.Range(0, 1000)));
    }

    [Test]
    public void T3_A_timer_moved_to_an_equal_deadline_counts_as_registered_now()
    {
        using var test = new TestLoop();
        IvTimestamp due = test.Loop.Now + Second;
        IvTimer first = test.Timer(0.5 * Second, "first");
        IvTimer second = test.Timer(2 * Second, "second");
        IvTimer third = test.Timer(Second, "third");
        IvTimer fourth = test.Timer(Second, "fourth");
        second.StartAt(due);
        first.StartAt(due);
        third.StartAt(due);
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["fourth", "second", "first", "third"]));
        Assert.That(fourth.IsRegistered, Is.False);
    }

    [Test]
    public void T3_A_slow_handler_makes_the_next_timer_no_later_than_it_was_slow()
    {
        // ivykis computes the wait from a stale clock: a handler of two seconds delays the next timer by two seconds.
        using var test = new TestLoop();
        IvTimer next = test.Timer(3 * Second, "next");
        test.Task(_ => test.Poller.Advance(2 * Second));
        test.Loop.Run();
        Assert.That(test.Poller.Clock, Is.EqualTo(next.Expires));
    }

    [Test]
    public void T3_A_timer_is_armed_anew_in_its_own_handler()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        int calls = 0;
        test.Timer(Second, timer =>
        {
            test.Say($"{(test.Loop.Now - start).TotalSeconds}");
            if (++calls < 3)
            {
                timer.Start(Second);
            }
        });
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["1", "2", "3"]));
    }

    [Test]
    public void Moving_later_touches_nothing_and_the_order_is_exact_all_the_same()
    {
        using var test = new TestLoop();
        IvTimer moved = test.Timer(Second, "moved");
        IvTimer fixed2 = test.Timer(2 * Second, "two");
        for (int i = 0; i < 1000; i++)
        {
            moved.Start(Second + TimeSpan.FromMilliseconds(2 * i));
        }

        Assert.That(test.Loop.NextDeadline, Is.EqualTo(fixed2.Expires));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["two", "moved"]));
        Assert.That(test.Poller.Waits, Is.EqualTo(2), "no wake-up for the deadline that was given up");
    }

    [Test]
    public void Moving_earlier_takes_effect_at_once()
    {
        using var test = new TestLoop();
        IvTimer moved = test.Timer(10 * Second, "moved");
        test.Timer(2 * Second, "two");
        moved.Start(Second);
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["moved", "two"]));
    }

    [Test]
    public void A_span_without_end_is_never_and_the_loop_sleeps_for_ever()
    {
        using var test = new TestLoop();
        IvTimer timer = test.Timer(TimeSpan.MaxValue, "never");
        Assert.That(timer.Expires, Is.EqualTo(IvTimestamp.MaxValue));
        test.Poller.At(test.Poller.Clock + TimeSpan.FromDays(100_000), test.Loop.Quit);
        test.Loop.Run();
        Assert.That(test.Log, Is.Empty);
        Assert.That(test.Poller.Deadlines, Is.All.EqualTo(IvTimestamp.MaxValue));
        timer.Stop();
    }

    [Test]
    public void A_clock_that_is_at_its_beginning_or_near_its_end_serves()
    {
        foreach (long start in (long[])[long.MinValue + 1, -1, 0, 1, long.MaxValue - 10_000_000_000])
        {
            using var test = new TestLoop(new ScriptedPoller { Clock = new IvTimestamp(start) });
            test.Timer(2 * Second, "two");
            test.Timer(Second, "one");
            test.Timer(TimeSpan.Zero, "zero");
            var periodic = new IvTimer(_ => test.Say("tick"));
            periodic.Start(0.5 * Second, Second);
            test.Loop.Run(2 * Second);
            Assert.That(test.Log, Is.EqualTo(["zero", "tick", "one", "tick", "two"]), $"{start}");
            periodic.Stop();
        }
    }

    [Test]
    public void The_earliest_and_the_latest_deadline_are_deadlines_like_others()
    {
        using var test = new TestLoop();
        var first = new IvTimer(_ => test.Say("always"));
        var last = new IvTimer(_ => test.Say("never"));
        last.StartAt(IvTimestamp.MaxValue);
        first.StartAt(IvTimestamp.MinValue);
        test.Timer(Second, "one");
        test.Loop.Run(2 * Second);
        Assert.That(test.Log, Is.EqualTo(["always", "one"]));
        last.Stop();
    }

    [Test]
    public void Bad_arguments_are_refused_and_change_nothing()
    {
        using var test = new TestLoop();
        IvTimer timer = test.Timer(Second, "timer");
        IvTimestamp expires = timer.Expires;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => timer.Start(TimeSpan.FromTicks(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => timer.Start(Second, TimeSpan.FromTicks(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => timer.StartAt(expires, TimeSpan.FromTicks(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => timer.Period = TimeSpan.FromTicks(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(timer.Expires, Is.EqualTo(expires));
            Assert.That(timer.Period, Is.EqualTo(TimeSpan.Zero));
        }

        timer.Stop();
    }

    [Test]
    public void A_handler_may_be_replaced_while_the_timer_runs()
    {
        using var test = new TestLoop();
        IvTimer timer = test.Timer(Second, "old");
        timer.Handler = _ => test.Say("new");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["new"]));
    }

    [Test]
    public void A_timer_started_between_two_Runs_counts_from_then()
    {
        using var test = new TestLoop();
        IvTimer keep = test.Timer(100 * Second, "keep");
        test.Loop.Run(Second);
        test.Poller.Advance(10 * Second);
        IvTimer timer = test.Timer(Second, "timer");
        Assert.That(timer.Expires, Is.EqualTo(test.Poller.Clock + Second));
        timer.Stop();
        keep.Stop();
    }
}
