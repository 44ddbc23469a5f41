using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>K1 to K3: order, rounds, and who starves whom.</summary>
internal sealed class IvTaskTests
{
    [Test]
    public void K1_Tasks_run_in_the_order_of_registration()
    {
        using var test = new TestLoop();
        for (int i = 0; i < 100; i++)
        {
            test.Task($"{i}");
        }

        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"{i}")));
    }

    [Test]
    public void K1_A_task_is_unregistered_before_its_handler_runs()
    {
        using var test = new TestLoop();
        IvTask task = test.Task(task => test.Say($"{task.IsRegistered} {task.Loop is null} {test.Loop.Counters.Tasks} {test.Loop.Counters.Active}"));
        Assert.That(task.IsRegistered, Is.True);
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["False True 0 0"]));
    }

    [Test]
    public void K1_A_task_runs_before_the_loop_can_sleep()
    {
        using var test = new TestLoop();
        IvFd fd = null!;
        fd = test.RegisteredFd(5, _ => test.Task(_ =>
        {
            test.Say($"{test.Poller.Waits}");
            fd.Unregister();
        }));
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["1"]));
    }

    [Test]
    public void K2_A_task_registered_by_a_task_runs_in_the_same_round_if_it_has_not_run_in_it()
    {
        using var test = new TestLoop();
        var second = new IvTask(_ => test.Say($"second after {test.Poller.Waits}"));
        test.Task(_ => second.Register());
        test.Task("third");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["third", "second after 0"]));
    }

    [Test]
    public void K2_A_task_that_has_run_in_this_round_waits_for_the_next_one_after_a_look_at_the_descriptors()
    {
        using var test = new TestLoop();
        IvTask first = null!;
        int runs = 0;
        first = test.Task(_ => test.Say($"first {++runs} after {test.Poller.Waits}"));
        test.Task(_ => first.Register());
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["first 1 after 0", "first 2 after 1"]));
    }

    [Test]
    public void K2_A_task_that_registers_itself_for_ever_starves_neither_descriptors_nor_timers_nor_posts()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Poller.Ready((5, IvBands.In));
        test.Task(task => task.Register());
        test.Loop.Post(static test => test.Say("post"), test);
        test.Timer(TimeSpan.Zero, _ => test.Timer(TimeSpan.Zero, _ => test.Timer(TimeSpan.Zero, _ => test.Loop.Quit())));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["post", "fd"]));
        fd.Unregister();
    }

    [Test]
    public void K3_A_task_made_inside_a_task_runs_in_the_round_at_hand()
    {
        using var test = new TestLoop();
        test.Task(_ => test.Task($"fresh after {test.Poller.Waits}"));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["fresh after 0"]));
        Assert.That(test.Poller.Waits, Is.Zero);
    }

    [Test]
    public void K3_A_task_that_has_run_on_another_loop_counts_as_fresh()
    {
        // ivykis stamps a task with a number of its loop's; two loops count alike.
        using var test = new TestLoop();
        var moved = new IvTask(_ => test.Say($"moved after {test.Poller.Waits}"));
        LoopThread.Elsewhere(() =>
        {
            using var other = new TestLoop();
            moved.Handler = _ => { };
            moved.Register();
            other.Loop.Run();
        });
        moved.Handler = _ => test.Say($"moved after {test.Poller.Waits}");
        test.Task(_ => moved.Register());
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["moved after 0"]));
    }

    [Test]
    public void A_task_may_be_taken_back_by_a_task_of_its_round_and_outside_of_it()
    {
        using var test = new TestLoop();
        IvTask second = null!;
        IvTask third = null!;
        test.Task(_ =>
        {
            second.Unregister();
            third.Dispose();
        });
        second = test.Task("second");
        third = test.Task("third");
        IvTask fourth = test.Task("fourth");
        IvTask fifth = test.Task("fifth");
        fourth.Unregister();
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["fifth"]));
        Assert.That(fifth.IsRegistered, Is.False);
    }

    [Test]
    public void A_task_that_was_taken_back_and_put_again_runs_once_at_the_end()
    {
        using var test = new TestLoop();
        IvTask second = null!;
        test.Task(_ =>
        {
            second.Unregister();
            second.Register();
        });
        second = test.Task("second");
        test.Task("third");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["third", "second"]));
    }

    [Test]
    public void A_handler_may_be_replaced_while_the_task_is_queued()
    {
        using var test = new TestLoop();
        IvTask task = test.Task("old");
        task.Handler = _ => test.Say("new");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["new"]));
    }

    [Test]
    public void A_task_may_dispose_itself()
    {
        using var test = new TestLoop();
        IvTask task = test.Task(task => task.Dispose());
        test.Loop.Run();
        Assert.That(task.IsDisposed, Is.True);
    }
}
