using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Rows E1 to E3 and the scenario event_unregister_bug, on each backend as it is: its own way to wake a loop.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class EventRowTests(ConformanceBackend backend)
{
    [Test]
    [Category("E1")]
    public void Posts_coalesce_run_in_the_order_of_the_first_ones_and_those_of_the_own_thread_wake_nobody() => backend.Run(bench =>
    {
        IvEvent[] items = [.. Enumerable.Range(0, 4).Select(i => bench.Event(_ => bench.Log.Add($"{i}")))];
        bench.Timer(TimeSpan.Zero, _ => items[1].Post());
        foreach (int i in (int[])[2, 3, 2, 2, 0, 3])
        {
            Assert.That(items[i].Post(), Is.True);
        }

        bench.Turn(3);
        Assert.That(bench.Log, Is.EqualTo(["2", "3", "0", "1"]));
        Assert.That(bench.Loop.Counters.Wakeups, Is.Zero);
    });

    [Test]
    [Category("E1")]
    public void A_batch_of_posts_of_another_thread_to_a_loop_that_does_not_look_is_one_wake_up_at_most() => backend.Run(bench =>
    {
        backend.Require(Need.Threads);
        IvEvent first = bench.Event(_ => bench.Log.Add("first"));
        IvEvent second = bench.Event(_ =>
        {
            bench.Log.Add("second");
            bench.Loop.Quit();
        });
        LoopThread.Elsewhere(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                first.Post();
                second.Post();
            }
        });
        Assert.That(bench.Loop.Counters.Wakeups, Is.LessThanOrEqualTo(1));
        Assert.That(bench.Loop.Run(), Is.True, "posts before Run are remembered");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["first", "second"]));
    });

    [Test]
    [Category("E1")]
    public void After_the_last_post_of_another_thread_the_handler_runs_once_more_and_sees_all() => backend.Run(bench =>
    {
        backend.Require(Need.Threads);
        const int last = 50_000;
        int number = 0;
        int calls = 0;
        IvEvent item = bench.Event(_ =>
        {
            calls++;
            if (Volatile.Read(ref number) == last)
            {
                bench.Loop.Quit();
            }
        });
        Action wait = LoopThread.Begin(1, _ =>
        {
            for (int i = 1; i <= last; i++)
            {
                Volatile.Write(ref number, i);
                item.Post();
            }
        });
        bench.Loop.Run();
        wait();
        Assert.That(calls, Is.InRange(1, last));
    });

    [Test]
    [Category("E1")]
    public void A_post_of_another_thread_wakes_a_sleeping_loop() => backend.Run(bench =>
    {
        backend.Require(Need.Threads);
        IvEvent item = bench.Event(_ => bench.Loop.Quit());
        long before = bench.Loop.Counters.Wakeups;
        for (int i = 0; i < 50 || bench.Loop.Counters.Wakeups == before; i++)
        {
            // Each Run would last for ever; which of them sleep already when the post comes is chance, one at least must.
            Action wait = LoopThread.Begin(1, _ => item.Post());
            Assert.That(bench.Loop.Run(), Is.True);
            wait();
        }
    });

    [Test]
    [Category("E2")]
    public void A_post_in_its_own_handler_is_delivered_in_a_later_batch_and_starves_nobody() => backend.Run(bench =>
    {
        bool stops = false;
        IvEvent forever = bench.Event(item =>
        {
            bench.Log.Add($"event {bench.Polls}");
            if (!stops)
            {
                item.Post();
            }
        });
        bench.Readable(fd =>
        {
            bench.Log.Add($"fd {bench.Polls}");
            fd.Unregister();
            bench.Timer(TimeSpan.Zero, _ =>
            {
                bench.Log.Add($"timer {bench.Polls}");
                stops = true;
            });
        });
        forever.Post();
        bench.Turn(4);
        Assert.That(bench.Log, Is.EqualTo(["event 1", "fd 1", "timer 1", "event 2"]));
    });

    [Test]
    [Category("E2")]
    [Category("event_unregister_bug")]
    public void Whichever_handler_of_two_runs_first_unregisters_both_and_nothing_is_left() => backend.Run(bench =>
    {
        IvEvent first = null!;
        IvEvent second = null!;
        void Both(string who)
        {
            bench.Log.Add(who);
            first.Unregister();
            second.Unregister();
        }

        first = bench.Event(_ => Both("first"));
        second = bench.Event(_ => Both("second"));
        second.Post();
        first.Post();
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["second"]));
        Assert.That(bench.Loop.Counters.Active, Is.Zero);
    });

    [Test]
    [Category("E2")]
    public void Unregister_in_a_handler_of_any_kind_drops_what_is_pending_and_registering_does_not_bring_it_back() => backend.Run(bench =>
    {
        IvEvent[] items = [.. Enumerable.Range(0, 4).Select(i => bench.Event(_ => bench.Log.Add($"{i}")))];
        void Renew(int number)
        {
            items[number].Unregister();
            items[number].Register();
        }

        bench.Timer(TimeSpan.Zero, _ => Renew(0));
        bench.Task(_ => Renew(1));
        bench.Event(_ =>
        {
            bench.Log.Add("event");
            Renew(2);
        }).Post();
        bench.Readable(fd =>
        {
            bench.Log.Add("fd");
            fd.Unregister();
            items[3].Post();
            Renew(3);
        });
        Array.ForEach(items[..3], static item => item.Post());
        bench.Turn(3);
        Assert.That(bench.Log, Is.EqualTo(["event", "fd"]));
        Array.ForEach(items, static item => item.Post());
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["event", "fd", "0", "1", "2", "3"]));
    });

    [Test]
    [Category("E3")]
    public void A_post_to_what_is_unregistered_disposed_or_of_a_disposed_loop_is_false_and_runs_nothing() => backend.Run(bench =>
    {
        var item = new IvEvent(_ => bench.Log.Add("event"));
        Assert.That(item.Post(), Is.False, "not registered yet");
        item.Register();
        item.Unregister();
        Assert.That(item.Post(), Is.False, "not registered any more");
        item.Dispose();
        Assert.That(item.Post(), Is.False, "disposed");
        Assert.That(bench.Loop.Run(), Is.False);

        IvEvent left = bench.Event(_ => bench.Log.Add("left"));
        Assert.That(left.Post(), Is.True);
        bench.Loop.Dispose();
        Assert.That(left.Post(), Is.False, "its loop is disposed");
        Assert.That(bench.Loop.Post(static log => log.Add("post"), bench.Log), Is.False);
        Assert.That(bench.Log, Is.Empty);
    });

    [Test]
    [Category("E3")]
    public void A_registration_that_fails_leaves_the_counts_unchanged() => backend.Run(bench =>
    {
        IvEvent item = bench.Event(_ => bench.Log.Add("event"));
        using var network = new SimulatedNetwork(2);
        using var raw = new IvEventRaw(_ => bench.Log.Add("raw"), network);
        IvLoopCounters before = bench.Loop.Counters;
        FatalScope.Expect(FatalCondition.AlreadyRegistered, item.Register);
        FatalScope.Expect(FatalCondition.OtherNetwork, raw.Register);
        Assert.That(bench.Loop.Counters, Is.EqualTo(before));
        Assert.That(raw.IsRegistered, Is.False);
        item.Unregister();
        Assert.That(bench.Loop.Run(), Is.False, "nothing keeps the loop alive");
    });
}
