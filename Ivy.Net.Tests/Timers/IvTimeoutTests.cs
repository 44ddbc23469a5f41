using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Timers;

/// <summary>Timeouts of one duration share a queue and a timer: order, restart, and what happens inside the queue.</summary>
internal sealed class IvTimeoutTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Timeouts_fire_in_the_order_in_which_they_were_started_and_not_early()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        for (int i = 0; i < 5; i++)
        {
            int number = i;
            test.Timer(i * 0.1 * Second, _ => Start(test, Second, _ => test.Say($"{number} at {(test.Loop.Now - start).TotalSeconds}")));
        }

        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["0 at 1", "1 at 1.1", "2 at 1.2", "3 at 1.3", "4 at 1.4"]));
    }

    [Test]
    public void A_restart_puts_it_at_the_end()
    {
        using var test = new TestLoop();
        IvTimeout first = Start(test, Second, "first");
        Start(test, Second, "second");
        Start(test, Second, "third");
        first.Start();
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["second", "third", "first"]));
    }

    [Test]
    public void A_timeout_that_is_restarted_all_the_time_never_fires_and_costs_one_wakeup_a_duration()
    {
        using var test = new TestLoop();
        IvTimeout idle = Start(test, 10 * Second, "idle");
        var traffic = new IvTimer(_ => idle.Start());
        traffic.Start(Second, Second);
        test.Loop.Run(100 * Second);
        Assert.That(test.Log, Is.Empty);
        Assert.That(test.Poller.Waits, Is.LessThanOrEqualTo(100 + 11));
        traffic.Stop();
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["idle"]));
    }

    [Test]
    public void A_stopped_timeout_does_not_fire_and_leaves_the_others()
    {
        using var test = new TestLoop();
        IvTimeout[] timeouts = [.. Enumerable.Range(0, 5).Select(i => Start(test, Second, $"{i}"))];
        timeouts[0].Stop();
        timeouts[2].Stop();
        timeouts[4].Stop();
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["1", "3"]));
        Assert.That(timeouts[0].IsRegistered, Is.False);
    }

    [Test]
    public void When_the_last_is_stopped_its_queue_wakes_nobody()
    {
        using var test = new TestLoop();
        Start(test, Second, "timeout").Stop();
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MaxValue));
        Assert.That(test.Loop.Timers.IsEmpty, Is.True);
        Assert.That(test.Loop.Run(), Is.False);
    }

    [Test]
    public void A_handler_may_stop_and_restart_others_of_its_queue_and_itself()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        IvTimeout second = null!;
        IvTimeout third = null!;
        bool again = false;
        Start(test, Second, self =>
        {
            test.Say($"first at {(test.Loop.Now - start).TotalSeconds}");
            if (!again)
            {
                again = true;
                second.Stop();
                third.Start();
                self.Start();
            }
        });
        second = Start(test, Second, "second");
        third = Start(test, Second, _ => test.Say($"third at {(test.Loop.Now - start).TotalSeconds}"));
        Start(test, Second, _ => test.Say($"fourth at {(test.Loop.Now - start).TotalSeconds}"));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["first at 1", "fourth at 1", "third at 2", "first at 2"]));
    }

    [Test]
    public void A_timeout_is_unregistered_inside_its_handler()
    {
        using var test = new TestLoop();
        Start(test, Second, self => test.Say($"{self.IsRegistered} {test.Loop.Counters.Timeouts} {test.Loop.Counters.Active}"));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["False 0 0"]));
    }

    [Test]
    public void Many_durations_live_side_by_side()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now;
        for (int i = 100; i > 0; i--)
        {
            int seconds = i;
            Start(test, seconds * Second, _ => test.Say($"{seconds}"));
        }

        Assert.That(test.Loop.NextDeadline, Is.EqualTo(start + Second));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(Enumerable.Range(1, 100).Select(i => $"{i}")));
    }

    [Test]
    public void A_duration_that_is_changed_while_stopped_puts_it_in_another_queue()
    {
        using var test = new TestLoop();
        IvTimeout timeout = Start(test, Second, "changed");
        timeout.Stop();
        timeout.Duration = 3 * Second;
        timeout.Start();
        Start(test, 2 * Second, "two");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["two", "changed"]));
    }

    [Test]
    public void Stopped_and_started_at_once_it_is_in_its_queue_once()
    {
        using var test = new TestLoop();
        IvTimeout timeout = Start(test, Second, "timeout");
        for (int i = 0; i < 10; i++)
        {
            timeout.Stop();
            timeout.Start();
            timeout.Start();
        }

        Assert.That(test.Loop.Counters.Timeouts, Is.EqualTo(1));
        Assert.That(test.Loop.Timeouts.Count, Is.EqualTo(1));
        test.Loop.Run();
        Assert.That(test.Log, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_duration_without_end_is_never()
    {
        using var test = new TestLoop();
        IvTimeout timeout = Start(test, TimeSpan.MaxValue, "never");
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MaxValue));
        Assert.That(timeout.Expires, Is.EqualTo(IvTimestamp.MaxValue));
        timeout.Stop();
    }

    [Test]
    public void A_handler_that_starts_a_new_one_of_its_duration_arms_the_queue_again()
    {
        using var test = new TestLoop();
        Start(test, Second, _ => Start(test, Second, _ => Start(test, Second, "third")));
        IvTimestamp start = test.Loop.Now;
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Poller.Clock - start, Is.EqualTo(3 * Second));
        Assert.That(test.Log, Is.EqualTo(["third"]));
    }

    private static IvTimeout Start(TestLoop test, TimeSpan duration, string what) => Start(test, duration, _ => test.Say(what));

    private static IvTimeout Start(TestLoop test, TimeSpan duration, Action<IvTimeout> handler)
    {
        _ = test;
        var timeout = new IvTimeout(duration, handler);
        timeout.Start();
        return timeout;
    }
}
