using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Timers;

/// <summary>ivykis' timer_order: about a million timers, and each in its place.</summary>
internal sealed class TimerOrderTests
{
    // ivykis' number: just under 128 * 128 * 64, where its radix tree grows a level.
    private const int Count = 1_048_570;

    [Test]
    public void T1_A_million_timers_fire_in_the_order_of_their_deadlines_timer_order()
    {
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now + TimeSpan.FromMilliseconds(100);
        var order = new Order();
        for (int i = 0; i < Count; i++)
        {
            order.Start(start, i);
        }

        test.Loop.Run();
        Assert.That(order.Fired, Is.EqualTo(Count));
        Assert.That(order.Mistakes, Is.Zero);
    }

    [Test]
    public void T1_Inserted_at_random_and_with_every_third_taken_out_at_random_they_fire_in_order()
    {
        const int Some = 200_000;
        using var test = new TestLoop();
        IvTimestamp start = test.Loop.Now + TimeSpan.FromMilliseconds(100);
        var random = new Random(4711);
        int[] numbers = [.. Enumerable.Range(0, Some)];
        random.Shuffle(numbers);
        var order = new Order { MayLeaveOut = true };
        IvTimer[] timers = [.. numbers.Select(number => order.Start(start, number))];
        random.Shuffle(timers);
        foreach (IvTimer timer in timers.Take(Some / 3))
        {
            timer.Unregister();
        }

        test.Loop.Run();
        Assert.That(order.Fired, Is.EqualTo(Some - (Some / 3)));
        Assert.That(order.Mistakes, Is.Zero);
    }

    private sealed class Order
    {
        private long _last = -1;

        public bool MayLeaveOut { get; init; }

        public int Fired { get; private set; }

        public int Mistakes { get; private set; }

        public IvTimer Start(IvTimestamp start, int number)
        {
            var timer = new IvTimer(static timer => ((Order)timer.State!).OnFired(timer)) { State = this };
            timer.StartAt(start.AddNanoseconds(number));
            return timer;
        }

        private void OnFired(IvTimer timer)
        {
            Fired++;
            long now = timer.Expires.Nanoseconds;
            Mistakes += now > _last && (MayLeaveOut || _last == -1 || now == _last + 1) ? 0 : 1;
            _last = now;
        }
    }
}
