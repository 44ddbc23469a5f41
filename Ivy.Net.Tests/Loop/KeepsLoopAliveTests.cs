using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>B16: what keeps a loop alive, kind by kind, and what only accompanies it.</summary>
internal sealed class KeepsLoopAliveTests
{
    private static readonly Dictionary<string, Func<(IvObject Item, Action Register, Action Unregister)>> Kinds = new()
    {
        ["fd"] = static () => Of(TestLoop.Fd(5), static fd => fd.Register(), static fd => fd.Unregister()),
        ["timer"] = static () => Of(new IvTimer(_ => { }), static timer => timer.Start(TimeSpan.FromDays(1)), static timer => timer.Unregister()),
        ["periodic timer"] = static () => Of(new IvTimer(_ => { }), static timer => timer.Start(TimeSpan.FromDays(1), TimeSpan.FromDays(1)), static timer => timer.Unregister()),
        ["timeout"] = static () => Of(new IvTimeout(TimeSpan.FromDays(1), _ => { }), static timeout => timeout.Start(), static timeout => timeout.Stop()),
        ["task"] = static () => Of(new IvTask(_ => { }), static task => task.Register(), static task => task.Unregister()),
        ["event"] = static () => Of(new IvEvent(_ => { }), static item => item.Register(), static item => item.Unregister()),
        ["raw event"] = static () => Of(new IvEventRaw(_ => { }), static raw => raw.Register(), static raw => raw.Unregister()),
    };

    [TestCaseSource(nameof(KindNames))]
    public void Every_kind_counts_while_it_is_registered(string kind)
    {
        using var test = new TestLoop(Scripted);
        (IvObject item, Action register, Action unregister) = Kinds[kind]();
        Assert.That(test.Loop.Counters.Active, Is.Zero);
        register();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Loop.Counters.Active, Is.EqualTo(1));
            Assert.That(Registered(test.Loop.Counters), Is.EqualTo(1));
            Assert.That(item.Loop, Is.SameAs(test.Loop));
        }

        unregister();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Loop.Counters.Active, Is.Zero);
            Assert.That(Registered(test.Loop.Counters), Is.Zero);
            Assert.That(item.Loop, Is.Null);
            Assert.That(test.Loop.Run(), Is.False);
        }

        item.Dispose();
    }

    [TestCaseSource(nameof(KindNames))]
    public void Every_kind_can_be_switched_while_it_is_registered(string kind)
    {
        using var test = new TestLoop(Scripted);
        (IvObject item, Action register, _) = Kinds[kind]();
        register();
        item.KeepsLoopAlive = false;
        item.KeepsLoopAlive = false;
        Assert.That(test.Loop.Counters.Active, Is.Zero);
        Assert.That(Registered(test.Loop.Counters), Is.EqualTo(1));
        item.KeepsLoopAlive = true;
        item.KeepsLoopAlive = true;
        Assert.That(test.Loop.Counters.Active, Is.EqualTo(1));
        item.KeepsLoopAlive = false;
        item.Dispose();
        Assert.That(test.Loop.Counters.Active, Is.Zero);
    }

    [TestCaseSource(nameof(KindNames))]
    public void Every_kind_can_be_a_companion_from_the_start(string kind)
    {
        using var test = new TestLoop(Scripted);
        (IvObject item, Action register, Action unregister) = Kinds[kind]();
        item.KeepsLoopAlive = false;
        register();
        Assert.That(test.Loop.Counters.Active, Is.Zero);
        Assert.That(test.Loop.Run(), Is.False);
        if (item.IsRegistered)
        {
            unregister();
        }

        Assert.That(test.Loop.Counters.Active, Is.Zero);
        item.Dispose();
    }

    [Test]
    public void A_companion_runs_while_something_else_keeps_the_loop_alive()
    {
        using var test = new TestLoop();
        var statistics = new IvTimer(_ => test.Say("statistics")) { KeepsLoopAlive = false };
        statistics.Start(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        test.Timer(TimeSpan.FromSeconds(3.5), "end");
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["statistics", "statistics", "statistics", "end"]));
        statistics.Stop();
    }

    [Test]
    public void A_handler_that_makes_the_last_object_a_companion_ends_Run_before_the_wait()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        test.Task(_ => fd.KeepsLoopAlive = false);
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Poller.Waits, Is.Zero);
        fd.Unregister();
    }

    [Test]
    public void A_post_to_a_companion_event_is_run_before_Run_returns()
    {
        using var test = new TestLoop();
        IvEvent item = test.Event(_ => test.Say("event"));
        item.KeepsLoopAlive = false;
        item.Post();
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["event"]));
        item.Unregister();
    }

    [Test]
    public void A_timer_that_has_expired_is_taken_back_once_only()
    {
        // ivykis counted an expired timer that was unregistered twice (341ddb9).
        using var test = new TestLoop();
        IvTimer second = null!;
        test.Timer(TimeSpan.Zero, _ => second.Unregister());
        second = test.Timer(TimeSpan.Zero, "second");
        IvFd fd = test.RegisteredFd(5);
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Loop.Counters.Active, Is.EqualTo(1));
        fd.Unregister();
        Assert.That(test.Loop.Counters.Active, Is.Zero);
    }

    [Test]
    public void What_is_refused_leaves_the_counts_as_they_were_E3()
    {
        using var test = new TestLoop();
        test.Poller.Refusals[5] = IvError.EPERM;
        IvFd fd = TestLoop.Fd(5);
        Assert.That(fd.TryRegister(), Is.EqualTo(IvError.EPERM));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(fd.IsRegistered, Is.False);
            Assert.That(test.Loop.Counters.Active, Is.Zero);
            Assert.That(test.Loop.Run(), Is.False);
            Assert.That(fd.TryRegister(), Is.EqualTo(IvError.None));
        }

        fd.Unregister();
    }

    private static IvLoopOptions Scripted(IvPollMethod method) => new() { PollMethods = [method] };

    private static IEnumerable<string> KindNames() => Kinds.Keys;

    private static int Registered(IvLoopCounters counters) =>
        counters.Fds + counters.Timers + counters.Timeouts + counters.Tasks + counters.RegisteredEvents + counters.RawEvents + counters.Listeners
        + counters.Signals + counters.Waits + counters.Processes + counters.Threads + counters.WorkPools + counters.Inotifies + counters.Relays + counters.Handles;

    private static (IvObject Item, Action Register, Action Unregister) Of<T>(T item, Action<T> register, Action<T> unregister)
        where T : IvObject => (item, () => register(item), () => unregister(item));
}
