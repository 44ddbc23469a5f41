using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>The dump's columns stay: people and tools read them.</summary>
internal sealed class DumpTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void An_idle_loop_has_two_lines()
    {
        using var test = new TestLoop();
        Assert.That(Stable(test), Is.EqualTo("""
            ivy loop N tid=N backend=scripted turns=0 polls=0 events=0 posts=0 wakeups=0 util=0% active=0 state=idle
              timer 0   timeout 0   task 0   event 0   post 0

            """));
    }

    [Test]
    public void Everything_that_is_registered_is_shown()
    {
        using var test = new TestLoop(method => new IvLoopOptions { Name = "main", PollMethods = [method] });
        IvFd named = TestLoop.Fd(5, _ => { });
        named.Name = "accept";
        named.Register();
        IvFd mute = test.RegisteredFd(12345);
        IvFd all = test.RegisteredFd(7, _ => { });
        all.HandlerOut = all.HandlerErr = all.HandlerHangup = all.HandlerPri = _ => { };
        for (int i = 10; i > 0; i--)
        {
            test.Timer(i * Second, "timer");
        }

        var timeout = new IvTimeout(Second, _ => { });
        timeout.Start();
        test.Task("task");
        using IvEvent item = test.Event(_ => { });
        item.Post();
        Assert.That(Stable(test), Is.EqualTo("""
            ivy loop N "main" tid=N backend=scripted turns=0 polls=0 events=0 posts=0 wakeups=0 util=0% active=16 state=idle
              fd     5  fd        -                                         IN          "accept"
              fd 12345  fd        -                                         -
              fd     7  fd        -                                         IN OUT ERR HANGUP PRI
              timer 10 due: 1.0s, 2.0s, 3.0s, 4.0s, 5.0s, 6.0s, 7.0s, 8.0s, …   timeout 1   task 1   event 1   post 1

            """));
        Array.ForEach<IvObject>([named, mute, all, timeout], one => one.Dispose());
    }

    [Test]
    public void A_handler_sees_itself_running_and_what_has_been_done()
    {
        using var test = new TestLoop();
        var timer = new IvTimer(_ => test.Say(Stable(test))) { Name = "tick" };
        timer.Start(2 * Second);
        test.Loop.Run();
        Assert.That(test.Log[0], Is.EqualTo("""
            ivy loop N tid=N backend=scripted turns=2 polls=1 events=0 posts=0 wakeups=0 util=0% active=0 state=running IvTimer "tick"
              timer 0   timeout 0   task 0   event 0   post 0

            """));
    }

    [Test]
    public void A_posted_callback_is_no_object()
    {
        using var test = new TestLoop();
        test.Task("task");
        test.Loop.Post(static test => test.Say(test.Dump()), test);
        test.Loop.Run();
        Assert.That(test.Log[1], Does.Contain("state=running\n"));
    }

    [Test]
    public void A_raw_event_is_shown_in_place_of_the_descriptor_inside_it() => LoopThread.Run(loop =>
    {
        using var raw = new IvEventRaw(raw =>
        {
            raw.Unregister();
            using var writer = new StringWriter();
            loop.Dump(writer);
            Assert.That(writer.ToString(), Does.Contain("state=running IvEventRaw \"raw\""));
        })
        {
            Name = "raw",
        };
        raw.Register();
        raw.Post();
        using var writer = new StringWriter();
        loop.Dump(writer);
        Assert.That(writer.ToString(), Does.Match(@"\n  fd +\d+  event     - +IN +""raw"""));
        loop.Run();
    });

    [Test]
    public void The_library_s_own_timers_are_not_shown()
    {
        using var test = new TestLoop();
        var timeout = new IvTimeout(Second, _ => { });
        timeout.Start();
        Assert.That(test.Dump(), Does.Contain("  timer 0   timeout 1   "));
        timeout.Stop();
    }

    [Test]
    public void Overdue_timers_have_negative_times()
    {
        using var test = new TestLoop();
        IvTimer timer = test.Timer(Second, "timer");
        test.Poller.Advance(3 * Second);
        Assert.That(test.Dump(), Does.Contain("timer 1 due: -2.0s   timeout"));
        timer.Stop();
    }

    // The loop's number and the thread's differ from run to run.
    private static string Stable(TestLoop test) =>
        System.Text.RegularExpressions.Regex.Replace(test.Dump(), @"(?<=^ivy loop )\d+|(?<=tid=)\d+", "N");
}
