using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>Callbacks that hold the loop up are named, with how long they did.</summary>
internal sealed class SlowCallbackTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);
    private readonly List<IvSlowCallback> _reports = [];

    [SetUp]
    public void Clear() => _reports.Clear();

    [Test]
    public void Each_kind_of_callback_is_reported_once_with_its_object_and_its_time()
    {
        using TestLoop test = Make();
        void Dawdle() => test.Poller.Advance(2.5 * Limit);
        IvFd fd = test.RegisteredFd(5, _ => Dawdle());
        IvTimer timer = test.Timer(TimeSpan.Zero, _ => Dawdle());
        IvTask task = test.Task(_ => Dawdle());
        using IvEvent item = test.Event(_ => Dawdle());
        var timeout = new IvTimeout(TimeSpan.FromHours(1), _ => Dawdle());
        timeout.Start();
        item.Post();
        test.Loop.Post(static poller => poller.Advance(2.5 * Limit), test.Poller);
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(TimeSpan.FromHours(2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_reports.Select(report => report.Subject), Is.EqualTo(new IvObject?[] { timer, task, item, null, fd, timeout }));
            Assert.That(_reports.Select(report => report.Duration), Is.All.EqualTo(2.5 * Limit));
            Assert.That(_reports.Select(report => report.Loop), Is.All.SameAs(test.Loop));
            Assert.That(_reports[3].Name, Does.Contain(nameof(Each_kind_of_callback_is_reported_once_with_its_object_and_its_time)));
        }

        fd.Unregister();
    }

    [Test]
    public void The_text_says_who_and_how_long()
    {
        using TestLoop test = Make();
        var timer = new IvTimer(_ => test.Poller.Advance(2.5 * Limit)) { Name = "upstream" };
        timer.Start(TimeSpan.Zero);
        test.Loop.Run();
        Assert.That(_reports[0].ToString(), Does.EndWith("\"slow\": IvTimer \"upstream\" ran for 250 ms; nothing else of the loop ran meanwhile"));
        Assert.That(_reports[0].Name, Is.EqualTo("upstream"));
    }

    [Test]
    public void What_is_just_short_enough_is_not_reported()
    {
        using TestLoop test = Make();
        test.Task(_ => test.Poller.Advance(Limit - TimeSpan.FromTicks(1)));
        test.Loop.Run();
        Assert.That(_reports, Is.Empty);
        test.Task(_ => test.Poller.Advance(Limit));
        test.Loop.Run();
        Assert.That(_reports, Has.Count.EqualTo(1));
    }

    [Test]
    public void No_callback_is_timed_unless_asked_for()
    {
        using var test = new TestLoop();
        int before = test.Poller.ClockReads;
        test.Task("task");
        test.Loop.Post(_ => { }, null);
        test.Loop.Run();
        Assert.That(test.Poller.ClockReads, Is.EqualTo(before));
    }

    [Test]
    public void A_raw_event_is_reported_itself()
    {
        LoopThread.Run(new IvLoopOptions { SlowCallback = TimeSpan.Zero, SlowCallbackReport = _reports.Add }, loop =>
        {
            using var raw = new IvEventRaw(raw => raw.Unregister());
            raw.Register();
            raw.Post();
            loop.Run();
            Assert.That(_reports.Select(report => report.Subject), Is.EqualTo([raw]));
        });
    }

    [Test]
    public void A_callback_that_threw_into_the_hook_is_reported_too()
    {
        using var test = new TestLoop(method => new IvLoopOptions
        {
            PollMethods = [method],
            SlowCallback = Limit,
            SlowCallbackReport = _reports.Add,
            UnhandledException = static _ => { },
        });
        test.Task(_ =>
        {
            test.Poller.Advance(Limit);
            throw new FormatException();
        });
        test.Loop.Run();
        Assert.That(_reports, Has.Count.EqualTo(1));
    }

    private TestLoop Make() => new(method => new IvLoopOptions
    {
        Name = "slow",
        PollMethods = [method],
        SlowCallback = Limit,
        SlowCallbackReport = _reports.Add,
    });
}
