using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Timers;

/// <summary>Periodic timers keep their rhythm, and make no burst of what they missed.</summary>
internal sealed class PeriodicTimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Deadlines_keep_the_rhythm_however_late_the_calls_are()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        var timer = new IvTimer(_ => test.Say($"{(test.Loop.Now - start).TotalSeconds}"));
        timer.Start(0.5 * Second, Second);
        test.Timer(1.4 * Second, _ => test.Poller.Advance(0.3 * Second));
        test.Timer(3.4 * Second, _ => test.Poller.Advance(0.9 * Second));
        test.Loop.Run(5 * Second);
        Assert.That(test.Log, Is.EqualTo(["0.5", "1.7", "2.5", "4.3", "4.5"]));
        Assert.That(timer.Overruns, Is.Zero);
        timer.Stop();
    }

    [Test]
    public void A_stall_of_a_minute_makes_one_call_and_counts_the_rest()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        var timer = new IvTimer(_ => test.Say($"{(test.Loop.Now - start).TotalSeconds}"));
        timer.Start(Second, Second);
        test.Loop.Run(2 * Second);
        test.Poller.Advance(60.25 * Second);
        test.Loop.Run(2 * Second);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Is.EqualTo(["1", "2", "62.25", "63", "64"]));
            Assert.That(timer.Overruns, Is.EqualTo(59));
        }

        timer.Start(Second, Second);
        Assert.That(timer.Overruns, Is.Zero, "counted since it was started");
        timer.Stop();
    }

    [Test]
    public void A_periodic_timer_stays_registered_in_its_handler_and_may_stop_there()
    {
        using var test = new TestLoop();
        int calls = 0;
        var timer = new IvTimer(timer =>
        {
            Assert.That(timer.IsRegistered, Is.True);
            if (++calls == 3)
            {
                timer.Stop();
                Assert.That(timer.IsRegistered, Is.False);
            }
        });
        timer.Start(TimeSpan.Zero, Second);
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(calls, Is.EqualTo(3));
    }

    [Test]
    public void Start_in_the_handler_begins_a_new_rhythm()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        var timer = new IvTimer(timer =>
        {
            test.Say($"{(test.Loop.Now - start).TotalSeconds}");
            if (test.Log.Count == 2)
            {
                timer.Start(0.25 * Second, 3 * Second);
            }
        });
        timer.Start(Second, Second);
        test.Loop.Run(9 * Second);
        Assert.That(test.Log, Is.EqualTo(["1", "2", "2.25", "5.25", "8.25"]));
        timer.Stop();
    }

    [Test]
    public void Start_for_once_ends_the_rhythm()
    {
        using var test = new TestLoop();
        var timer = new IvTimer(_ => test.Say("call"));
        timer.Start(Second, Second);
        timer.Start(Second);
        Assert.That(timer.Period, Is.EqualTo(TimeSpan.Zero));
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_period_that_is_changed_counts_from_the_next_call_on()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        var timer = new IvTimer(_ => test.Say($"{(test.Loop.Now - start).TotalSeconds}"));
        timer.Start(Second, Second);
        timer.Period = 2 * Second;
        test.Loop.Run(4 * Second);
        Assert.That(test.Log, Is.EqualTo(["1", "3"]));
        timer.Period = TimeSpan.Zero;
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["1", "3", "5"]));
    }

    [Test]
    public void The_form_of_ivykis_takes_a_period_too()
    {
        using var test = new TestLoop();
        var timer = new IvTimer(_ => test.Say("call")) { Period = Second, Expires = test.Loop.Now + Second };
        timer.Register();
        test.Loop.Run(3 * Second);
        Assert.That(test.Log, Has.Count.EqualTo(3));
        timer.Unregister();
    }

    [Test]
    public void A_period_shorter_than_a_turn_makes_one_call_a_turn()
    {
        using var test = new TestLoop();
        var timer = new IvTimer(_ =>
        {
            test.Say("call");
            test.Poller.Advance(Second);
        });
        timer.Start(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1));
        test.Loop.Run(3 * Second);
        Assert.That(test.Log, Has.Count.InRange(3, 4));
        Assert.That(timer.Overruns, Is.GreaterThan(10_000_000));
        timer.Stop();
    }

    [Test]
    public void Two_periodic_timers_of_one_rhythm_keep_their_order()
    {
        using var test = new TestLoop();
        var first = new IvTimer(_ => test.Say("first"));
        var second = new IvTimer(_ => test.Say("second"));
        first.Start(Second, Second);
        second.Start(Second, Second);
        test.Loop.Run(3 * Second);
        Assert.That(test.Log, Is.EqualTo(["first", "second", "first", "second", "first", "second"]));
        first.Stop();
        second.Stop();
    }

    [Test]
    public void A_deadline_far_in_the_past_and_a_period_without_end_overflow_nothing()
    {
        using var test = new TestLoop(new ScriptedPoller { Clock = new IvTimestamp(long.MaxValue / 2) });
        var timer = new IvTimer(_ => test.Say("call"));
        timer.StartAt(IvTimestamp.MinValue, TimeSpan.FromTicks(1));
        test.Loop.Run(IvRunMode.NonBlocking);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Has.Count.EqualTo(1));
            Assert.That(timer.Expires, Is.GreaterThan(test.Poller.Clock));
            Assert.That(timer.Expires - test.Poller.Clock, Is.LessThanOrEqualTo(TimeSpan.FromTicks(1)));
            Assert.That(timer.Overruns, Is.GreaterThan(long.MaxValue / 100));
        }

        timer.StartAt(test.Poller.Clock, TimeSpan.MaxValue);
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Has.Count.EqualTo(2));
        Assert.That(timer.Expires, Is.EqualTo(IvTimestamp.MaxValue));
        timer.Stop();
    }

    [Test]
    public void An_expired_periodic_timer_that_another_handler_stops_does_not_run()
    {
        using var test = new TestLoop();
        var second = new IvTimer(_ => test.Say("second"));
        test.Timer(Second, _ => second.Stop());
        second.Start(Second, Second);
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.Empty);
    }
}
