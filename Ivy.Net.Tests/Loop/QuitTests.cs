using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>L3, L4: Quit from each kind of handler, before Run, and from other threads.</summary>
internal sealed class QuitTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void L3_Quit_in_a_timer_lets_the_other_expired_timers_and_all_tasks_run_first()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Timer(TimeSpan.Zero, _ => test.Loop.Quit());
        test.Timer(TimeSpan.Zero, "timer");
        test.Task("task");
        test.Poller.Ready((5, IvBands.In));
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Log, Is.EqualTo(["timer", "task"]));
        Assert.That(test.Poller.Waits, Is.Zero);
        fd.Unregister();
    }

    [Test]
    public void L3_Quit_in_a_task_lets_the_other_tasks_of_the_round_run_first_and_those_of_the_next_not()
    {
        using var test = new TestLoop();
        int runs = 0;
        test.Task(task =>
        {
            test.Loop.Quit();
            runs++;
            task.Register();
        });
        test.Task("second");
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Log, Is.EqualTo(["second"]));
        Assert.That(runs, Is.EqualTo(1));
    }

    [Test]
    public void L3_Quit_in_a_descriptors_handler_finishes_the_batch_then_timers_and_tasks()
    {
        using var test = new TestLoop();
        IvFd first = test.RegisteredFd(5, _ =>
        {
            test.Say("5");
            test.Loop.Quit();
            test.Timer(TimeSpan.Zero, "timer");
            test.Task("task");
        });
        IvFd second = test.RegisteredFd(6, _ => test.Say("6"));
        test.Poller.Ready((5, IvBands.In), (6, IvBands.In));
        test.Poller.Ready((5, IvBands.In));
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Log, Is.EqualTo(["5", "6", "timer", "task"]));
        first.Unregister();
        second.Unregister();
    }

    [Test]
    public void L3_Quit_in_an_event_finishes_posts_and_descriptors_of_the_batch_then_timers_and_tasks()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(_ =>
        {
            test.Say("event");
            test.Loop.Quit();
            test.Task("task");
        });
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        item.Post();
        test.Loop.Post(static log => log.Add("post"), test.Log);
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["event", "post", "fd", "task"]));
        fd.Unregister();
    }

    [Test]
    public void L3_Quit_in_a_posted_callback_and_in_a_timeout_ends_Run()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        test.Loop.Post(static loop => loop.Quit(), test.Loop);
        Assert.That(test.Loop.Run(), Is.True);
        var timeout = new IvTimeout(Second, _ => test.Loop.Quit());
        timeout.Start();
        Assert.That(test.Loop.Run(), Is.True);
        fd.Unregister();
    }

    [Test]
    public void L4_Quit_before_Run_makes_it_return_after_one_pass_of_timers_and_tasks()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Timer(TimeSpan.Zero, "timer");
        test.Task("task");
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Quit();
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Log, Is.EqualTo(["timer", "task"]));
        Assert.That(test.Poller.Waits, Is.Zero);
        fd.Unregister();
    }

    [Test]
    public void L4_Quit_is_a_latch_that_one_Run_uses_up()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Loop.Quit();
        test.Loop.Quit();
        test.Loop.Run();
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(IvRunMode.Once);
        Assert.That(test.Log, Is.EqualTo(["fd"]));
        fd.Unregister();
    }

    [TestCase(IvRunMode.Default)]
    [TestCase(IvRunMode.Once)]
    [TestCase(IvRunMode.NonBlocking)]
    [TestCase(IvRunMode.KeepAlive)]
    public void L4_Quit_before_Run_ends_every_mode_before_its_wait(IvRunMode mode)
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        test.Loop.Quit();
        test.Loop.Run(mode);
        Assert.That(test.Poller.Waits, Is.Zero);
        fd.Unregister();
    }

    [Test]
    public void L4_Quit_before_Run_by_another_thread_is_kept_too()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        LoopThread.Elsewhere(test.Loop.Quit);
        test.Loop.Run();
        Assert.That(test.Poller.Waits, Is.Zero);
        fd.Unregister();
    }

    [Test]
    public void L4_Quit_by_another_thread_wakes_a_sleeping_loop([ValueSource(typeof(RealBackends), nameof(RealBackends.Names))] string method)
    {
        IvPollMethod chosen = IvPollMethod.All.Single(known => known.Name == method);
        LoopThread.Run(new IvLoopOptions { PollMethods = [chosen] }, loop =>
        {
            for (int i = 0; i < 100; i++)
            {
                Action wait = LoopThread.Begin(1, _ => loop.Quit());
                Assert.That(loop.Run(IvRunMode.KeepAlive), Is.False);
                wait();
            }
        });
    }

    [Test]
    public void L4_Quit_by_another_thread_while_a_handler_runs_leaves_nothing_behind()
    {
        using var test = new TestLoop();
        test.Task(_ => LoopThread.Elsewhere(test.Loop.Quit));
        bool left = test.Loop.Run(IvRunMode.KeepAlive);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(left, Is.False, "a wake-up is nothing that keeps the loop alive");
            Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MaxValue));
            Assert.That(test.Dump(), Does.Contain("post 0"));
        }

        test.Timer(Second, "timer");
        test.Loop.Run(IvRunMode.Once);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Is.EqualTo(["timer"]), "Once waits for the timer, and is not cut short by an old wake-up");
            Assert.That(test.Loop.Counters.Posts, Is.Zero);
        }
    }

    [Test]
    public void L4_Quit_by_another_thread_after_Quit_of_another_thread_still_wakes()
    {
        using var test = new TestLoop(new ScriptedPoller { SleepsForReal = true });
        for (int i = 0; i < 3; i++)
        {
            test.Task(_ => LoopThread.Elsewhere(test.Loop.Quit));
            test.Loop.Run(IvRunMode.KeepAlive);
            Action wait = LoopThread.Begin(1, _ => test.Loop.Quit());
            test.Loop.Run(IvRunMode.KeepAlive);
            wait();
        }
    }

    [Test]
    public void Quit_of_a_disposed_loop_does_nothing_on_any_thread()
    {
        var test = new TestLoop();
        test.Dispose();
        Assert.That(test.Loop.Quit, Throws.Nothing);
        LoopThread.Elsewhere(test.Loop.Quit);
        LoopThread.Elsewhere(test.Loop.Quit);
    }

    [Test]
    public void A_quit_that_an_exception_overtook_is_still_to_come()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        test.Task(_ =>
        {
            test.Loop.Quit();
            throw new FormatException();
        });
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        Assert.That(test.Loop.Run(), Is.True);
        Assert.That(test.Poller.Waits, Is.Zero);
        fd.Unregister();
    }

    [Test]
    public void Quit_in_the_condition_of_RunUntil_ends_it_before_the_wait()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        int asked = 0;
        bool held = test.Loop.RunUntil(() =>
        {
            if (++asked == 2)
            {
                test.Loop.Quit();
            }

            return false;
        });
        Assert.That(held, Is.False);
        Assert.That(test.Poller.Waits, Is.Zero);
        fd.Unregister();
    }
}
