using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

internal sealed class CountersTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void They_count_turns_polls_events_posts_and_the_time_spent_waiting()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Poller.Advance(10 * Second));
        using IvEvent item = test.Event(_ => { });
        item.Post();
        item.Post();
        test.Loop.Post(_ => { }, null);
        test.Poller.Ready((5, IvBands.In));
        test.Timer(30 * Second, _ => test.Loop.Quit());
        test.Loop.Run();
        IvLoopCounters counters = test.Loop.Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.Turns, Is.EqualTo(3));
            Assert.That(counters.Polls, Is.EqualTo(2));
            Assert.That(counters.Events, Is.EqualTo(1));
            Assert.That(counters.Posts, Is.EqualTo(2), "two posts of one event are one");
            Assert.That(counters.Wakeups, Is.Zero);
            Assert.That(counters.WaitTime, Is.EqualTo(20 * Second), "ten of thirty seconds were work");
        }

        fd.Unregister();
    }

    [Test]
    public void A_wakeup_is_counted_for_each_sleep_that_another_thread_ended()
    {
        using var test = new TestLoop(new ScriptedPoller { SleepsForReal = true });
        for (int i = 1; i <= 3; i++)
        {
            Action wait = LoopThread.Begin(1, _ => test.Loop.Post(static loop => loop.Quit(), test.Loop));
            test.Loop.Run(IvRunMode.KeepAlive);
            wait();
            Assert.That(test.Loop.Counters.Wakeups, Is.EqualTo(test.Poller.Wakes).And.LessThanOrEqualTo(i));
        }
    }

    [Test]
    public void A_stale_readiness_is_counted_and_nothing_else()
    {
        using var test = new TestLoop();
        IvFd second = null!;
        IvFd first = test.RegisteredFd(5, _ => second.Unregister());
        second = test.RegisteredFd(6, _ => test.Say("6"));
        test.Poller.Ready((5, IvBands.In), (6, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Is.Empty);
            Assert.That(test.Loop.Counters.Stale, Is.EqualTo(1));
            Assert.That(test.Loop.Counters.Rebuilds, Is.Zero);
        }

        first.Unregister();
    }
}
