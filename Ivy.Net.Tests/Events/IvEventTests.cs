using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Events;

/// <summary>E1 to E3, B12: coalescing, order, and what unregistering takes back.</summary>
internal sealed class IvEventTests
{
    [Test]
    public void E1_Many_posts_before_the_handler_runs_are_one_call()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(_ => test.Say("event"));
        for (int i = 0; i < 100; i++)
        {
            Assert.That(item.Post(), Is.True);
        }

        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Has.Count.EqualTo(1));
    }

    [Test]
    public void E1_A_post_before_Run_is_remembered()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(item => item.Unregister());
        LoopThread.Elsewhere(() => item.Post());
        Assert.That(test.Loop.Run(), Is.False);
    }

    [Test]
    public void E1_Events_run_in_the_order_of_their_first_posts()
    {
        using var test = new TestLoop();
        IvEvent[] items = [.. Enumerable.Range(0, 5).Select(i => test.Event(_ => test.Say($"{i}")))];
        foreach (int i in (int[])[3, 1, 3, 4, 0, 1, 2])
        {
            items[i].Post();
        }

        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["3", "1", "4", "0", "2"]));
        Array.ForEach(items, item => item.Dispose());
    }

    [Test]
    public void E1_A_post_of_the_loops_own_thread_wakes_nobody()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(_ => { });
        item.Post();
        test.Task(_ => item.Post());
        test.Loop.Run(IvRunMode.NonBlocking);
        item.Post();
        Assert.That(test.Poller.Wakes, Is.Zero);
        Assert.That(test.Loop.Counters.Wakeups, Is.Zero);
    }

    [Test]
    public void E1_Posts_of_others_wake_a_sleeping_loop_once_for_the_whole_batch()
    {
        using var test = new TestLoop();
        using IvEvent a = test.Event(_ => test.Say("a"));
        using IvEvent b = test.Event(_ => test.Say("b"));
        LoopThread.Elsewhere(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                a.Post();
                b.Post();
                test.Loop.Post(_ => { }, null);
            }
        });
        Assert.That(test.Poller.Wakes, Is.EqualTo(1));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["a", "b"]));
    }

    [Test]
    public void E1_Posts_of_others_to_a_loop_that_is_awake_wake_nobody()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(_ => test.Say("event"));
        test.Task(_ => LoopThread.Elsewhere(() => item.Post()));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["event"]));
        Assert.That(test.Poller.Wakes, Is.Zero);
    }

    [Test]
    public void E2_A_post_in_its_own_handler_is_delivered_in_a_later_batch_never_recursively_B12()
    {
        using var test = new TestLoop();
        int depth = 0;
        int calls = 0;
        using IvEvent other = test.Event(_ => test.Say("other"));
        using IvEvent item = test.Event(item =>
        {
            Assert.That(++depth, Is.EqualTo(1));
            test.Say($"event after {test.Poller.Waits}");
            if (++calls < 3)
            {
                item.Post();
                item.Post();
            }

            depth--;
        });
        item.Post();
        other.Post();
        test.Task(_ => { });
        test.Loop.RunUntil(() => calls == 3);
        Assert.That(test.Log, Is.EqualTo(["event after 1", "other", "event after 2", "event after 3"]));
    }

    [Test]
    public void E2_An_event_that_posts_itself_for_ever_starves_neither_timers_nor_descriptors()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(item => item.Post());
        IvFd fd = test.RegisteredFd(5, _ => test.Timer(TimeSpan.Zero, _ => test.Loop.Quit()));
        item.Post();
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run();
        fd.Unregister();
    }

    [Test]
    public void E2_Whichever_handler_of_two_runs_first_takes_back_both_event_unregister_bug()
    {
        using var test = new TestLoop();
        IvEvent first = null!;
        IvEvent second = null!;
        void Both(string who)
        {
            test.Say(who);
            first.Unregister();
            second.Unregister();
        }

        first = test.Event(_ => Both("first"));
        second = test.Event(_ => Both("second"));
        first.Post();
        second.Post();
        Assert.That(test.Loop.Run(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["first"]));
    }

    [Test]
    public void E2_Unregister_drops_what_is_pending_and_registering_anew_does_not_bring_it_back()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(_ => test.Say("event"));
        item.Post();
        item.Unregister();
        item.Register();
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.Empty);
        item.Post();
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["event"]));
    }

    [Test]
    public void E2_Posted_taken_back_registered_and_posted_again_it_runs_once()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(_ => test.Say("event"));
        for (int i = 0; i < 3; i++)
        {
            item.Post();
            item.Unregister();
            item.Register();
        }

        item.Post();
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Has.Count.EqualTo(1));
    }

    [Test]
    public void E2_A_handler_may_take_its_event_back_and_register_it_anew()
    {
        using var test = new TestLoop();
        using IvEvent item = test.Event(item =>
        {
            test.Say("event");
            item.Post();
            item.Unregister();
            item.Register();
        });
        item.Post();
        test.Loop.Run(IvRunMode.NonBlocking);
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Has.Count.EqualTo(1), "the post in the handler belonged to the registration that ended");
    }

    [Test]
    public void E3_A_post_to_what_is_not_registered_is_false()
    {
        using var test = new TestLoop();
        var item = new IvEvent(_ => Assert.Fail());
        Assert.That(item.Post(), Is.False);
        item.Register();
        item.Unregister();
        Assert.That(item.Post(), Is.False);
        item.Dispose();
        Assert.That(item.Post(), Is.False);
        Assert.That(test.Loop.Run(), Is.False);
    }

    [Test]
    public void E3_A_post_after_the_loop_was_disposed_is_false()
    {
        IvEvent item;
        using (var test = new TestLoop())
        {
            item = test.Event(_ => Assert.Fail());
        }

        Assert.That(item.Post(), Is.False);
        LoopThread.Elsewhere(() => Assert.That(item.Post(), Is.False));
    }

    [Test]
    public void An_event_moves_to_another_loop_with_a_post_still_queued_on_the_first()
    {
        using var test = new TestLoop();
        IvEvent item = test.Event(_ => test.Say($"on {IvLoop.Current!.Name}"));
        item.Post();
        item.Unregister();
        using var moved = new ManualResetEventSlim();
        using var looked = new ManualResetEventSlim();
        Action wait = LoopThread.Begin(1, _ => LoopThread.Run(new IvLoopOptions { Name = "second" }, loop =>
        {
            item.Register();
            moved.Set();
            Assert.That(looked.Wait(LoopThread.Patience), Is.True);
            item.Post();
            loop.RunUntil(() => test.Log.Count > 0, LoopThread.Patience);
            item.Unregister();
        }));
        Assert.That(moved.Wait(LoopThread.Patience), Is.True);
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.Empty);
        looked.Set();
        wait();
        Assert.That(test.Log, Is.EqualTo(["on second"]));
    }

    [Test]
    public void What_was_written_before_the_post_is_seen_by_the_handler_and_the_last_post_is_never_lost()
    {
        // Exactly one call at least after the last post: the handler must have seen the last number.
        LoopThread.Run(loop =>
        {
            const int Last = 200_000;
            int number = 0;
            int seen = 0;
            using var item = new IvEvent(item =>
            {
                seen = Volatile.Read(ref number);
                if (seen == Last)
                {
                    loop.Quit();
                }
            });
            item.Register();
            Action wait = LoopThread.Begin(1, _ =>
            {
                for (int i = 1; i <= Last; i++)
                {
                    Volatile.Write(ref number, i);
                    item.Post();
                }
            });
            loop.Run();
            wait();
            Assert.That(seen, Is.EqualTo(Last));
        });
    }

    [Test]
    public void Two_threads_play_ping_pong()
    {
        const int Rounds = 20_000;
        using var ready = new CountdownEvent(2);
        IvEvent[] events = new IvEvent[2];
        int[] calls = new int[2];
        Action wait = LoopThread.Begin(2, me => LoopThread.Run(loop =>
        {
            events[me] = new IvEvent(_ =>
            {
                calls[me]++;
                events[1 - me].Post();
                if (calls[me] == Rounds)
                {
                    loop.Quit();
                }
            });
            events[me].Register();
            ready.Signal();
            Assert.That(ready.Wait(LoopThread.Patience), Is.True);
            if (me == 0)
            {
                events[1].Post();
            }

            loop.Run();
            events[me].Dispose();
        }));
        wait();
        Assert.That(calls, Is.All.EqualTo(Rounds));
    }

    [Test]
    public void Registering_and_taking_back_while_others_post_ends_in_no_call_after_it()
    {
        LoopThread.Run(loop =>
        {
            bool isRegistered = false;
            bool done = false;
            int calls = 0;
            using var item = new IvEvent(_ =>
            {
                Assert.That(isRegistered, Is.True);
                calls++;
            });
            Action wait = LoopThread.Begin(2, _ =>
            {
                while (!Volatile.Read(ref done))
                {
                    item.Post();
                }
            });
            int times = OperatingSystem.IsWindows() ? 1_000 : 20_000; // a turn under Wine takes a millisecond
            for (int i = 0; i < times || calls == 0; i++)
            {
                item.Register();
                isRegistered = true;
                for (int turns = 1 + (i % 2); turns > 0; turns--)
                {
                    loop.Run(IvRunMode.NonBlocking);
                }

                item.Unregister();
                isRegistered = false;
                loop.Run(IvRunMode.NonBlocking);
            }

            Volatile.Write(ref done, true);
            wait();
            Assert.That(calls, Is.GreaterThan(0));
        });
    }
}
