using FsCheck;
using FsCheck.Fluent;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Timers;

/// <summary>The ladder of wheels and its heap, against a list that is sorted each time.</summary>
internal sealed class TimerLadderModelTests
{
    private enum Step
    {
        Add,
        MoveAnywhere,
        MoveLater,
        Remove,
        PopOne,
        PopAll,
        Look,
    }

    [Test]
    public void Any_sequence_of_steps_gives_what_a_sorted_list_gives()
    {
        // Few distinct deadlines make many equal ones; many, near and far, make many rungs; the ends of the clock are deadlines too.
        Gen<long> deadlines = Gen.OneOf(
            from range in Gen.Elements(4, 1000)
            from when in Gen.Choose(0, range)
            select (long)when,
            from bits in Gen.Choose(0, 53)
            from when in Gen.Choose(0, 1000)
            select (long)when << bits,
            Gen.Elements(long.MinValue, long.MinValue + 1, -1, long.MaxValue - 1, long.MaxValue));
        Gen<(Step Step, int Which, long When)[]> steps =
            (from step in Gen.Frequency((4, Gen.Constant(Step.Add)), (5, Gen.Elements(Enum.GetValues<Step>())))
             from which in Gen.Choose(0, 1 << 20)
             from when in deadlines
             select (step, which, when)).ArrayOf(200);
        Prop.ForAll(steps.ToArbitrary(), script => Follow(script)).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(400));
    }

    [TestCase(100_000, 128, 512)]
    [TestCase(long.MaxValue, 128, 512)]
    [TestCase(long.MaxValue, 4, 8)]
    public void Ten_thousand_timers_moved_at_random_come_out_in_order(long range, int smallBucket, int largeHeap)
    {
        var random = new Random(1);
        Follow(
            [.. Enumerable.Range(0, 10_000).Select(_ => (Step.Add, 0, random.NextInt64(range)))
                .Concat(Enumerable.Range(0, 20_000).Select(i => (i % 3 == 0 ? Step.Remove : i % 100 == 1 ? Step.Look : Step.MoveAnywhere, random.Next(1 << 20), random.NextInt64(range))))],
            smallBucket,
            largeHeap);
    }

    [Test]
    public void Timers_that_are_started_anew_all_the_time_keep_their_order_as_the_wheel_turns()
    {
        var random = new Random(2);
        using var test = new TestLoop();
        TimerLadder armed = test.Loop.Timers.Armed;
        List<IvTimer> model = [];
        for (int i = 0; i < 2000; i++)
        {
            Start(i);
        }

        for (long now = 0; now < 100_000; now += 10)
        {
            Start(now + random.Next(1000));
            IvTimer restarted = model[random.Next(model.Count)];
            restarted.StartAt(new IvTimestamp(now + 1000));
            while (Pop(armed, model, now))
            {
            }

            Assert.That(armed.NextDeadline(), Is.EqualTo(model.Min(timer => timer.Deadline)));
        }

        Assert.That(armed.IsConsistent(), Is.True);

        void Start(long when)
        {
            var timer = new IvTimer(_ => { });
            timer.StartAt(new IvTimestamp(when));
            model.Add(timer);
        }
    }

    [Test]
    public void Places_of_timers_that_were_stopped_are_used_again_before_memory_is_taken()
    {
        var random = new Random(4);
        using var test = new TestLoop();
        TimerLadder armed = test.Loop.Timers.Armed;
        List<IvTimer> model = [];
        Start(20_000);
        int room = armed.Room;
        for (int round = 0; round < 5; round++)
        {
            while (model.Count > 2_000)
            {
                int which = random.Next(model.Count);
                model[which].Unregister();
                model[which] = model[^1];
                model.RemoveAt(model.Count - 1);
            }

            Assert.That(armed.IsConsistent(), Is.True);
            Start(18_000);
            Assert.That(armed.IsConsistent(), Is.True);
        }

        Assert.That(armed.Room, Is.EqualTo(room));
        model.Sort(static (left, right) => (left.Deadline, left.Order).CompareTo((right.Deadline, right.Order)));
        foreach (IvTimer expected in model)
        {
            IvTimer? popped = armed.PopDue(long.MaxValue);
            Assert.That(popped, Is.SameAs(expected));
        }

        foreach (IvTimer popped in model)
        {
            armed.Add(popped);
            popped.Unregister();
        }

        void Start(int count)
        {
            for (int i = 0; i < count; i++)
            {
                var timer = new IvTimer(_ => { });
                timer.StartAt(new IvTimestamp(1_000_000 + random.NextInt64(1L << 50)));
                model.Add(timer);
            }
        }
    }

    [Test]
    public void Ten_thousand_timers_of_one_nanosecond_run_in_the_order_of_registration_beside_others()
    {
        var random = new Random(3);
        Follow([.. Enumerable.Range(0, 10_000).Select(i => (i % 10 == 9 ? Step.Look : Step.Add, 0, i % 100 == 0 ? random.Next(1000) : 500L))], 128, 512);
    }

    [Test]
    [Provokes("IVF0063")]
    public void A_timer_that_is_not_where_the_heap_has_it_is_an_internal_failure()
    {
        using var test = new TestLoop();
        IvTimer first = test.Timer(TimeSpan.FromSeconds(1), "first");
        IvTimer second = test.Timer(TimeSpan.FromSeconds(2), "second");
        int place = first.Place;
        first.Place = second.Place;
        FatalScope.Expect(FatalCondition.HeapBroken, first.Unregister);
        first.Place = place;
        first.Unregister();
        second.Unregister();
    }

    [Test]
    [Provokes("IVF0063")]
    public void A_timer_that_is_not_where_its_bucket_has_it_is_an_internal_failure()
    {
        using var test = new TestLoop();
        TimerLadder armed = test.Loop.Timers.Armed;
        armed.LargeHeap = 4;
        List<IvTimer> timers = [.. Enumerable.Range(1, 20).Select(i => test.Timer(TimeSpan.FromSeconds(i), "some"))];
        IvTimer[] inBuckets = [.. timers.Where(timer => timer.Place >= 0)];
        (inBuckets[0].Place, inBuckets[1].Place) = (inBuckets[1].Place, inBuckets[0].Place);
        FatalScope.Expect(
            FatalCondition.HeapBroken,
            () =>
            {
                while (armed.PopDue(long.MaxValue) is not null)
                {
                }
            });
    }

    [Test]
    public void Moving_a_timer_that_is_not_due_soon_to_anywhere_leaves_it_where_it_is()
    {
        var random = new Random(5);
        using var test = new TestLoop();
        TimerLadder armed = test.Loop.Timers.Armed;
        const long hour = 3_600_000_000_000;
        List<IvTimer> timers = [];
        for (int i = 0; i < 10_000; i++)
        {
            var timer = new IvTimer(_ => { });
            timer.StartAt(test.Loop.Now.AddNanoseconds(hour + random.NextInt64(hour)));
            timers.Add(timer);
        }

        int moved = 0;
        foreach (IvTimer timer in timers)
        {
            int place = timer.Place;
            timer.StartAt(test.Loop.Now.AddNanoseconds(hour + random.NextInt64(hour)));
            moved += timer.Place == place ? 0 : 1;
        }

        Assert.That(moved, Is.LessThan(2_500));
        Assert.That(armed.IsConsistent(), Is.True);
        timers.Sort(static (left, right) => (left.Deadline, left.Order).CompareTo((right.Deadline, right.Order)));
        foreach (IvTimer expected in timers)
        {
            IvTimer? popped = armed.PopDue(long.MaxValue);
            Assert.That(popped, Is.SameAs(expected));
        }

        foreach (IvTimer timer in timers)
        {
            armed.Add(timer);
            timer.Unregister();
        }
    }

    private static void Follow((Step Step, int Which, long When)[] steps, int smallBucket = 4, int largeHeap = 8)
    {
        using var test = new TestLoop();
        TimerLadder armed = test.Loop.Timers.Armed;
        armed.SmallBucket = smallBucket;
        armed.LargeHeap = largeHeap;
        List<IvTimer> model = [];
        bool checks = steps.Length < 1000;
        foreach ((Step step, int which, long when) in steps)
        {
            switch (step)
            {
                case Step.Add:
                    var added = new IvTimer(_ => { });
                    added.StartAt(new IvTimestamp(when));
                    model.Add(added);
                    break;
                case Step.MoveAnywhere when model.Count > 0:
                    model[which % model.Count].StartAt(new IvTimestamp(when));
                    break;
                case Step.MoveLater when model.Count > 0:
                    IvTimer later = model[which % model.Count];
                    later.StartAt(later.Expires.AddNanoseconds(when));
                    break;
                case Step.Remove when model.Count > 0:
                    IvTimer removed = model[which % model.Count];
                    removed.Unregister();
                    model.Remove(removed);
                    break;
                case Step.PopOne:
                    Pop(armed, model, when);
                    break;
                case Step.PopAll:
                    while (Pop(armed, model, when))
                    {
                    }

                    break;
                case Step.Look:
                    Assert.That(armed.NextDeadline(), Is.EqualTo(model.Count == 0 ? long.MaxValue : model.Min(timer => timer.Deadline)));
                    break;
                default:
                    break;
            }

            Assert.That(armed.Count, Is.EqualTo(model.Count));
            if (checks)
            {
                Assert.That(armed.IsConsistent(), Is.True);
            }
        }

        Assert.That(armed.IsConsistent(), Is.True);
        while (Pop(armed, model, long.MaxValue))
        {
        }

        Assert.That(model, Is.Empty);
    }

    // The popped one is unbound by hand: the queue would run its handler.
    private static bool Pop(TimerLadder armed, List<IvTimer> model, long now)
    {
        IvTimer? expected = model.Count == 0 ? null : model.MinBy(timer => (timer.Deadline, timer.Order));
        if (expected is not null && expected.Deadline > now)
        {
            expected = null;
        }

        IvTimer? popped = armed.PopDue(now);
        Assert.That(popped, Is.SameAs(expected));
        if (popped is null)
        {
            return false;
        }

        model.Remove(popped);
        armed.Add(popped);
        popped.Unregister();
        return true;
    }
}
