using FsCheck;
using FsCheck.Fluent;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Timers;

/// <summary>H1 to H3, against a list that is sorted each time.</summary>
internal sealed class TimerHeapModelTests
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
        // Few distinct deadlines make many equal ones, many make a real heap.
        Gen<(Step Step, int Which, int When)[]> steps =
            (from step in Gen.Frequency((4, Gen.Constant(Step.Add)), (5, Gen.Elements(Enum.GetValues<Step>())))
             from which in Gen.Choose(0, 1 << 20)
             from range in Gen.Elements(4, 1000)
             from when in Gen.Choose(0, range)
             select (step, which, when)).ArrayOf(200);
        Prop.ForAll(steps.ToArbitrary(), Follow).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(400));
    }

    [Test]
    public void Ten_thousand_timers_moved_at_random_come_out_in_order()
    {
        var random = new Random(1);
        Follow([.. Enumerable.Range(0, 10_000).Select(_ => (Step.Add, 0, random.Next(100_000)))
            .Concat(Enumerable.Range(0, 20_000).Select(i => (i % 3 == 0 ? Step.Remove : Step.MoveAnywhere, random.Next(1 << 20), random.Next(100_000))))]);
    }

    [Test]
    [Provokes("IVF0063")]
    public void A_timer_that_is_not_where_the_heap_has_it_is_an_internal_failure()
    {
        using var test = new TestLoop();
        IvTimer first = test.Timer(TimeSpan.FromSeconds(1), "first");
        IvTimer second = test.Timer(TimeSpan.FromSeconds(2), "second");
        int slot = first.Slot;
        first.Slot = second.Slot;
        FatalScope.Expect(FatalCondition.HeapBroken, first.Unregister);
        first.Slot = slot;
        first.Unregister();
        second.Unregister();
    }

    private static void Follow((Step Step, int Which, int When)[] steps)
    {
        using var test = new TestLoop();
        TimerHeap heap = test.Loop.Timers.Heap;
        List<IvTimer> model = [];
        bool checks = steps.Length < 1000;
        foreach ((Step step, int which, int when) in steps)
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
                    Pop(heap, model, when);
                    break;
                case Step.PopAll:
                    while (Pop(heap, model, when))
                    {
                    }

                    break;
                case Step.Look:
                    Assert.That(heap.NextDeadline(), Is.EqualTo(model.Count == 0 ? long.MaxValue : model.Min(timer => timer.Deadline)));
                    break;
                default:
                    break;
            }

            Assert.That(heap.Count, Is.EqualTo(model.Count));
            if (checks)
            {
                Assert.That(heap.IsConsistent(), Is.True);
            }
        }

        Assert.That(heap.IsConsistent(), Is.True);
        while (Pop(heap, model, long.MaxValue))
        {
        }

        Assert.That(model, Is.Empty);
    }

    // The popped one is unbound by hand: the queue would run its handler.
    private static bool Pop(TimerHeap heap, List<IvTimer> model, long now)
    {
        IvTimer? expected = model.Count == 0 ? null : model.MinBy(timer => (timer.Deadline, timer.Sequence));
        if (expected is not null && expected.Deadline > now)
        {
            expected = null;
        }

        IvTimer? popped = heap.PopDue(now);
        Assert.That(popped, Is.SameAs(expected));
        if (popped is null)
        {
            return false;
        }

        model.Remove(popped);
        heap.Add(popped);
        popped.Unregister();
        return true;
    }
}
