using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>What a handler throws leaves Run untouched; nothing is lost, and the loop can be run again.</summary>
internal sealed class ExceptionTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Thrown_in_a_timer_it_leaves_the_other_expired_timers_for_the_next_Run()
    {
        using var test = new TestLoop();
        test.Timer(TimeSpan.Zero, _ => throw new FormatException("a"));
        test.Timer(TimeSpan.Zero, "b");
        test.Task("task");
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        Assert.That(test.Log, Is.Empty);
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["b", "task"]));
    }

    [Test]
    public void Thrown_in_a_periodic_timer_it_does_not_end_the_rhythm()
    {
        using var test = new TestLoop();
        int calls = 0;
        var timer = new IvTimer(_ =>
        {
            if (++calls == 2)
            {
                throw new FormatException();
            }
        });
        timer.Start(Second, Second);
        Assert.That(() => test.Loop.Run(5.5 * Second), Throws.TypeOf<FormatException>());
        test.Loop.Run(3.5 * Second);
        Assert.That(calls, Is.EqualTo(5));
        timer.Stop();
    }

    [Test]
    public void Thrown_in_a_task_it_leaves_the_rest_of_the_round()
    {
        using var test = new TestLoop();
        test.Task(_ => throw new FormatException());
        test.Task("b");
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["b"]));
    }

    [Test]
    public void Thrown_in_a_post_or_an_event_it_leaves_the_rest_of_the_batch()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        using IvEvent bad = test.Event(_ => throw new FormatException());
        test.Loop.Post(_ => throw new NotSupportedException(), null);
        bad.Post();
        test.Loop.Post(_ => throw new NotSupportedException(), 1);
        test.Loop.Post(static test => test.Say("post"), test);
        test.Poller.Ready((5, IvBands.In));
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<NotSupportedException>());
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["post", "fd"]));
        fd.Unregister();
    }

    [Test]
    public void Thrown_in_a_descriptors_handler_it_leaves_the_rest_of_the_batch()
    {
        using var test = new TestLoop();
        IvFd a = test.RegisteredFd(5, _ => throw new FormatException());
        IvFd b = test.RegisteredFd(6, _ => test.Say("6"));
        test.Poller.Ready((5, IvBands.In), (6, IvBands.In));
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["6"]));
        a.Unregister();
        b.Unregister();
    }

    [Test]
    public void Thrown_in_a_timeout_it_leaves_those_behind_it_armed()
    {
        using var test = new TestLoop();
        new IvTimeout(Second, _ => throw new FormatException()).Start();
        var second = new IvTimeout(Second, _ => test.Say("second"));
        second.Start();
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["second"]));
    }

    [Test]
    public void An_event_that_threw_can_be_posted_again()
    {
        using var test = new TestLoop();
        bool thrown = false;
        using IvEvent item = test.Event(_ =>
        {
            if (!thrown)
            {
                thrown = true;
                throw new FormatException();
            }

            test.Say("event");
            test.Loop.Quit();
        });
        item.Post();
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        item.Post();
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["event"]));
    }

    [Test]
    public void The_hook_gets_it_with_the_object_and_the_loop_goes_on()
    {
        List<IvUnhandledException> seen = [];
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], UnhandledException = seen.Add });
        IvFd fd = test.RegisteredFd(5, _ => throw new FormatException("fd"));
        IvTimer timer = test.Timer(TimeSpan.Zero, _ => throw new FormatException("timer"));
        IvTask task = test.Task(_ => throw new FormatException("task"));
        var timeout = new IvTimeout(Second, _ => throw new FormatException("timeout"));
        timeout.Start();
        IvEvent item = test.Event(_ => throw new FormatException("event"));
        test.Loop.Post(_ => throw new FormatException("post"), null);
        item.Post();
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(2 * Second);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(seen.Select(one => one.Exception.Message), Is.EqualTo(["timer", "task", "post", "event", "fd", "timeout"]));
            Assert.That(seen.Select(one => one.Subject), Is.EqualTo(new IvObject?[] { timer, task, null, item, fd, timeout }));
            Assert.That(seen.Select(one => one.Loop), Is.All.SameAs(test.Loop));
        }

        fd.Unregister();
        item.Unregister();
    }

    [Test]
    public void The_hook_is_told_of_the_users_object_not_of_the_one_inside_it()
    {
        List<IvUnhandledException> seen = [];
        LoopThread.Run(new IvLoopOptions { UnhandledException = seen.Add }, loop =>
        {
            using var raw = new IvEventRaw(static raw =>
            {
                raw.Unregister();
                throw new FormatException();
            });
            raw.Register();
            raw.Post();
            loop.Run();
            Assert.That(seen.Select(one => one.Subject), Is.EqualTo([raw]));
        });
    }

    [Test]
    public void The_hook_loses_nothing_of_the_phase_in_which_a_handler_threw()
    {
        int hooked = 0;
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], UnhandledException = _ => hooked++ });
        for (int i = 0; i < 10; i++)
        {
            test.Timer(TimeSpan.Zero, _ => throw new FormatException());
            test.Timer(TimeSpan.Zero, "timer");
            test.Task(_ => throw new FormatException());
            test.Task("task");
            test.Loop.Post(_ => throw new FormatException(), 1);
            test.Loop.Post(static test => test.Say("post"), test);
        }

        Assert.That(test.Loop.Run(), Is.False);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(hooked, Is.EqualTo(30));
            Assert.That(test.Log.GroupBy(what => what).Select(group => group.Count()), Is.EqualTo([10, 10, 10]));
        }
    }

    [Test]
    public void What_the_hook_throws_leaves_Run_and_the_loop_is_runnable()
    {
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], UnhandledException = _ => throw new NotSupportedException() });
        test.Task(_ => throw new FormatException());
        test.Task("second");
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<NotSupportedException>());
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["second"]));
    }

    [Test]
    public void Quit_in_the_hook_ends_Run_after_timers_and_tasks()
    {
        IvLoop? loop = null;
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], UnhandledException = _ => loop!.Quit() });
        loop = test.Loop;
        IvFd fd = test.RegisteredFd(5);
        test.Task(_ => throw new FormatException());
        test.Task("second");
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Log, Is.EqualTo(["second"]));
        fd.Unregister();
    }

    [Test]
    public void Break_in_the_hook_or_before_the_throw_lets_no_other_handler_run()
    {
        IvLoop? loop = null;
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], UnhandledException = _ => loop!.Break() });
        loop = test.Loop;
        test.Task(_ => throw new FormatException());
        test.Task("second");
        test.Loop.Post(static test => test.Say("post"), test);
        test.Loop.Run();
        Assert.That(test.Log, Is.Empty);
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["second", "post"]));
    }

    [Test]
    public void A_timer_and_a_task_that_throw_for_ever_starve_nobody_and_Quit_is_heard()
    {
        int hooked = 0;
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], UnhandledException = _ => hooked++ });
        test.Task(task =>
        {
            task.Register();
            throw new FormatException();
        });
        test.Timer(TimeSpan.Zero, timer =>
        {
            timer.Start(TimeSpan.Zero);
            throw new FormatException();
        });
        IvFd fd = test.RegisteredFd(5, _ => test.Loop.Quit());
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run();
        Assert.That(hooked, Is.EqualTo(4), "two turns of both");
        fd.Unregister();
    }

    [Test]
    public void A_failure_of_the_poller_is_no_handlers_and_leaves_Run_past_the_hook()
    {
        var poller = new ScriptedPoller { WaitOverride = _ => throw new FormatException() };
        using var test = new TestLoop(poller, method => new IvLoopOptions { PollMethods = [method], UnhandledException = _ => Assert.Fail("no handler threw") });
        IvFd fd = test.RegisteredFd(5);
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        fd.Unregister();
    }

    [Test]
    public void A_descriptors_other_bands_have_their_turn_after_the_hook()
    {
        int hooked = 0;
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], UnhandledException = _ => hooked++ });
        IvFd fd = test.RegisteredFd(5, _ => throw new FormatException());
        fd.HandlerOut = _ => test.Say("out");
        test.Poller.Ready((5, IvBands.In | IvBands.Out));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(hooked, Is.EqualTo(1));
        Assert.That(test.Log, Is.EqualTo(["out"]));
        fd.Unregister();
    }
}
