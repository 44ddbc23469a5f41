namespace Ivy.Net.Tests.Conformance;

/// <summary>Rows T1 to T3 and ivykis' timer scenarios, on each backend as it is: of time it is asked only that no timer is early.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class TimerRowTests(ConformanceBackend backend)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Test]
    [Category("T1")]
    [Category("timer")]
    public void A_timer_fires_once_and_Run_returns_and_not_before_its_time() => backend.Run(bench =>
    {
        foreach (double microseconds in (double[])[0.3, 1, 10, 333, 1000, 1001, 100_000])
        {
            IvTimestamp due = Clock(bench) + TimeSpan.FromMicroseconds(microseconds);
            bench.TimerAt(due, _ => bench.Log.Add("timer"));
            Assert.That(bench.Loop.Run(), Is.False);
            Assert.That(Clock(bench), Is.GreaterThanOrEqualTo(due), $"{microseconds} µs");
        }

        Assert.That(bench.Log, Has.Count.EqualTo(7));
    });

    [Test]
    [Category("T1")]
    [Category("timer_order")]
    public void Timers_a_nanosecond_apart_fire_in_the_order_of_their_deadlines([Values] bool shuffled) => backend.Run(bench =>
    {
        const int count = 20_000;
        IvTimestamp start = bench.Loop.Now + (5 * Millisecond);
        int[] numbers = [.. Enumerable.Range(0, count)];
        if (shuffled)
        {
            new Random(4711).Shuffle(numbers);
        }

        List<int> fired = new(count);
        int early = 0;
        IvTimer[] timers = [.. numbers.Select(number => bench.TimerAt(start.AddNanoseconds(number), timer =>
        {
            fired.Add(number);
            early += Clock(bench) < timer.Expires ? 1 : 0;
        }))];
        IEnumerable<int> left = Enumerable.Range(0, count);
        if (shuffled)
        {
            // Every third taken out again, in the order of their insertion, which is none.
            HashSet<int> removed = [];
            for (int i = 0; i < count; i += 3)
            {
                timers[i].Unregister();
                removed.Add(numbers[i]);
            }

            left = left.Where(number => !removed.Contains(number));
        }

        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(fired.SequenceEqual(left), Is.True, $"{fired.Count} fired");
        Assert.That(early, Is.Zero);
    });

    [Test]
    [Category("T1")]
    public void A_timer_armed_for_the_past_by_a_timer_fires_in_the_next_turn_after_tasks_and_a_look() => backend.Run(bench =>
    {
        bench.Readable(fd =>
        {
            bench.Log.Add("fd");
            fd.Unregister();
        });
        bench.Timer(TimeSpan.Zero, _ =>
        {
            bench.TimerAt(bench.Loop.Now - Second, _ => bench.Log.Add("second"));
            bench.Task(_ => bench.Log.Add("task"));
        });
        bench.Timer(TimeSpan.Zero, _ => bench.Log.Add("first"));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["first", "task", "fd", "second"]));
    });

    [Test]
    [Category("T1")]
    [Category("timer_fairness")]
    public void A_timer_that_arms_itself_for_the_past_for_ever_starves_neither_tasks_nor_descriptors() => backend.Run(bench =>
    {
        IvTimer forever = bench.TimerAt(bench.Loop.Now - Second, timer =>
        {
            bench.Log.Add("timer");
            timer.StartAt(bench.Loop.Now - Second);
            if (bench.Log.Count == 1)
            {
                bench.Task(_ => bench.Log.Add("task"));
            }
        });
        bench.Readable(fd =>
        {
            bench.Log.Add("fd");
            fd.Unregister();
            bench.Task(_ => forever.Stop());
        });
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["timer", "task", "fd", "timer"]));
    });

    [Test]
    [Category("T1")]
    [Category("timer_past")]
    public void A_timer_that_a_task_of_the_first_turn_arms_for_the_past_fires_in_the_next_turn() => backend.Run(bench =>
    {
        bench.Task(_ => bench.TimerAt(bench.Loop.Now - Second, _ => bench.Log.Add($"timer after {bench.Polls}")));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["timer after 1"]));
    });

    [Test]
    [Category("T1")]
    [Category("timer_zero")]
    public void A_timer_for_time_zero_that_registers_itself_fires_each_time() => backend.Run(bench =>
    {
        int fired = 0;
        var timer = new IvTimer(timer =>
        {
            if (++fired < 100)
            {
                timer.Expires = default;
                timer.Register();
            }
        })
        {
            Expires = default,
        };
        timer.Register();
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(fired, Is.EqualTo(100));
    });

    [Test]
    [Category("T2")]
    [Category("timer_fairness_bug")]
    public void Of_two_timers_that_unregister_each_other_one_fires_and_nothing_is_left() => backend.Run(bench =>
    {
        IvTimer first = null!;
        IvTimer second = null!;
        IvTimestamp due = bench.Loop.Now + Millisecond;
        first = bench.TimerAt(due, _ =>
        {
            bench.Log.Add("first");
            second.Unregister();
        });
        second = bench.TimerAt(due, _ =>
        {
            bench.Log.Add("second");
            first.Unregister();
        });
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["first"]));
        Assert.That(bench.Loop.Counters, Has.Property(nameof(IvLoopCounters.Active)).Zero.And.Property(nameof(IvLoopCounters.Timers)).Zero);
    });

    [Test]
    [Category("T2")]
    public void An_expired_timer_is_registered_until_its_handler_starts_and_can_be_stopped_until_then() => backend.Run(bench =>
    {
        IvTimer stopped = null!;
        IvTimer last = null!;
        IvTimestamp due = bench.Loop.Now + Millisecond;
        bench.TimerAt(due, first =>
        {
            bench.Log.Add($"first {first.IsRegistered}, stopped {stopped.IsRegistered}, last {last.IsRegistered}");
            stopped.Stop();
        });
        stopped = bench.TimerAt(due, _ => bench.Log.Add("stopped"));
        last = bench.TimerAt(due, last => bench.Log.Add($"stopped {stopped.IsRegistered}, last {last.IsRegistered}"));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["first False, stopped True, last True", "stopped False, last False"]));
    });

    [Test]
    [Category("T3")]
    public void Equal_deadlines_fire_in_the_order_of_registration_and_a_timer_that_is_moved_counts_as_registered_then() => backend.Run(bench =>
    {
        IvTimestamp due = bench.Loop.Now + (2 * Millisecond);
        IvTimer earlier = bench.TimerAt(due - Millisecond, _ => bench.Log.Add("earlier"));
        IvTimer later = bench.TimerAt(due + Second, _ => bench.Log.Add("later"));
        for (int i = 0; i < 5; i++)
        {
            int number = i;
            bench.TimerAt(due, _ => bench.Log.Add($"{number}"));
        }

        later.StartAt(due);
        earlier.StartAt(due);
        Assert.That(bench.Loop.Counters.Timers, Is.EqualTo(7), "moved in place");
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["0", "1", "2", "3", "4", "later", "earlier"]));
    });

    [Test]
    [Category("T3")]
    public void A_timer_is_armed_anew_in_its_own_handler_and_is_never_early() => backend.Run(bench =>
    {
        IvTimestamp due = bench.Loop.Now + Millisecond;
        int fired = 0;
        bench.TimerAt(due, timer =>
        {
            Assert.That(Clock(bench), Is.GreaterThanOrEqualTo(due));
            if (++fired < 10)
            {
                timer.Start(Millisecond);
                due = timer.Expires;
            }
        });
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(fired, Is.EqualTo(10));
    });

    // The time as it is, not as the turn saw it when it began.
    private static IvTimestamp Clock(Bench bench) => new(bench.Loop.TimeProvider.GetTimestamp());
}
