using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>A loop that goes on looking before it sleeps.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.Names))]
internal sealed class SpinTests(string method)
{
    private IvLoopOptions Spinning => Options(IvLoopOptions.MaxSpinMicroseconds);

    [Test]
    public void Posts_find_it_awake_and_wake_nobody() => LoopThread.Run(Spinning, loop =>
    {
        using var keeper = new IvTimer(static _ => { });
        keeper.Start(LoopThread.Patience);
        int received = 0;
        Action<object?> receive = state =>
        {
            if (++received == 1000)
            {
                ((IvLoop)state!).Quit();
            }
        };
        loop.Post(static _ => { }, state: null);
        Action wait = LoopThread.Begin(1, _ =>
        {
            for (int i = 1; i <= 1000; i++)
            {
                loop.Post(receive, loop);
                Wait.For(() => Volatile.Read(ref received) == i);
            }
        });
        loop.Run();
        wait();
        Assert.That(received, Is.EqualTo(1000));
        Assert.That(loop.Counters.Wakeups, Is.LessThanOrEqualTo(1), "the first one may come before Run");
    });

    [Test]
    public void Descriptors_and_timers_are_seen_meanwhile() => LoopThread.Run(Spinning, loop =>
    {
        using var raw = new IvEventRaw(static raw => ((IvLoop)raw.State!).Quit()) { State = loop };
        raw.Register();
        using var timer = new IvTimer(_ => raw.Post());
        timer.Start(TimeSpan.FromMilliseconds(2));
        loop.Run();
        Assert.That(timer.IsRegistered, Is.False);
    });

    [Test]
    public void It_sleeps_in_the_end_and_is_woken() => LoopThread.Run(Options(1), loop =>
    {
        using var keeper = new IvTimer(static _ => { });
        keeper.Start(LoopThread.Patience);
        Action wait = LoopThread.Begin(1, _ =>
        {
            for (long sleeps = 0; sleeps < 10; sleeps++)
            {
                Wait.For(() => loop.Counters.Wakeups == sleeps && loop.IsAsleep);
                loop.Post(static _ => { }, state: null);
                Wait.For(() => loop.Counters.Wakeups > sleeps);
            }

            loop.Quit();
        });
        loop.Run();
        wait();
        Assert.That(loop.Counters.Wakeups, Is.GreaterThanOrEqualTo(10));
    });

    [Test]
    public void Quit_of_another_thread_ends_a_spin_at_once() => LoopThread.Run(Spinning, loop =>
    {
        using var keeper = new IvTimer(static _ => { });
        keeper.Start(LoopThread.Patience);
        Action wait = LoopThread.Begin(1, _ =>
        {
            Wait.For(() => loop.Counters.Polls > 0);
            loop.Quit();
        });
        Assert.That(loop.Run(), Is.True, "the timer is left");
        wait();
    });

    [TestCase(-1)]
    [TestCase(IvLoopOptions.MaxSpinMicroseconds + 1)]
    public void A_time_that_makes_no_sense_is_refused(int microseconds) =>
        Assert.That(() => new IvLoopOptions { SpinMicroseconds = microseconds }, Throws.InstanceOf<ArgumentOutOfRangeException>());

    private IvLoopOptions Options(int spin) =>
        new() { PollMethods = [IvPollMethod.All.First(known => known.Name == method)], SpinMicroseconds = spin };
}
