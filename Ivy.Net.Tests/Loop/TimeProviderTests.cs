using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>The loop's clock in .NET's terms: what is built on TimeProvider runs in the loop's time, and its callbacks on its thread.</summary>
internal sealed class TimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Its_timestamps_are_those_of_the_loops_clock()
    {
        using var test = new TestLoop();
        TimeProvider provider = test.Loop.TimeProvider;
        long start = provider.GetTimestamp();
        test.Poller.Advance(1.5 * Second);
        Assert.That(provider.GetElapsedTime(start), Is.EqualTo(1.5 * Second));
        Assert.That(test.Loop.TimeProvider, Is.SameAs(provider));
    }

    [Test]
    public void Task_Delay_ends_after_its_time_not_before()
    {
        using var test = new TestLoop();
        Task delay = Task.Delay(5 * Second, test.Loop.TimeProvider);
        test.Loop.Run(5 * Second - TimeSpan.FromTicks(1));
        Assert.That(delay.IsCompleted, Is.False);
        test.Loop.Run(TimeSpan.FromTicks(1));
        Assert.That(delay.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void A_CancellationTokenSource_cancels_on_the_loop()
    {
        using var test = new TestLoop();
        using var source = new CancellationTokenSource(5 * Second, test.Loop.TimeProvider);
        int thread = 0;
        source.Token.Register(() => thread = Environment.CurrentManagedThreadId);
        test.Loop.Run(10 * Second);
        Assert.That(source.IsCancellationRequested, Is.True);
        Assert.That(thread, Is.EqualTo(Environment.CurrentManagedThreadId));
    }

    [Test]
    public async Task A_PeriodicTimer_ticks()
    {
        using var test = new TestLoop();
        using var periodic = new PeriodicTimer(Second, test.Loop.TimeProvider);
        for (int i = 0; i < 3; i++)
        {
            ValueTask<bool> tick = periodic.WaitForNextTickAsync();
            Assert.That(tick.IsCompleted, Is.False);
            test.Loop.Run(Second);
            Assert.That(tick.IsCompletedSuccessfully, Is.True);
            Assert.That(await tick, Is.True);
        }
    }

    [Test]
    public void Change_moves_the_timer_and_an_infinite_time_disarms_it()
    {
        using var test = new TestLoop();
        using ITimer timer = test.Loop.TimeProvider.CreateTimer(static state => ((TestLoop)state!).Say("tick"), test, Second, Second);
        test.Loop.Run(2.5 * Second);
        Assert.That(test.Log, Has.Count.EqualTo(2));
        Assert.That(timer.Change(Timeout.InfiniteTimeSpan, Second), Is.True);
        test.Loop.Run(10 * Second);
        Assert.That(test.Log, Has.Count.EqualTo(2));
        Assert.That(timer.Change(Second, Timeout.InfiniteTimeSpan), Is.True);
        test.Loop.Run(10 * Second);
        Assert.That(test.Log, Has.Count.EqualTo(3));
        Assert.That(timer.Change(TimeSpan.Zero, TimeSpan.Zero), Is.True);
        test.Loop.Run(10 * Second);
        Assert.That(test.Log, Has.Count.EqualTo(4), "a period of zero means once");
    }

    [Test]
    public void Timers_are_made_changed_and_disposed_on_any_thread_in_order()
    {
        using var test = new TestLoop();
        ITimer? timer = null;
        LoopThread.Elsewhere(() =>
        {
            timer = test.Loop.TimeProvider.CreateTimer(static state => ((TestLoop)state!).Say("tick"), test, Second, Second);
            timer.Change(10 * Second, Second);
        });
        test.Loop.Run(9 * Second);
        Assert.That(test.Log, Is.Empty);
        test.Loop.Run(2 * Second);
        Assert.That(test.Log, Is.Not.Empty);
        LoopThread.Elsewhere(() => timer!.Dispose());
        int ticks = test.Log.Count;
        test.Loop.Run(10 * Second);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Has.Count.EqualTo(ticks));
            Assert.That(timer!.Change(Second, Second), Is.False);
            Assert.That(test.Loop.Counters.Timers, Is.Zero);
        }
    }

    [Test]
    public async Task Dispose_is_idempotent_and_DisposeAsync_the_same()
    {
        using var test = new TestLoop();
        ITimer timer = test.Loop.TimeProvider.CreateTimer(_ => { }, null, Second, Second);
        timer.Dispose();
        timer.Dispose();
        ValueTask disposed = timer.DisposeAsync();
        Assert.That(disposed.IsCompletedSuccessfully, Is.True);
        Assert.That(test.Loop.Run(), Is.False);
        await disposed;
    }

    [Test]
    public void A_timer_counts_from_now_not_from_the_beginning_of_the_turn()
    {
        using var test = new TestLoop();
        IvTimestamp fired = default;
        IvTimestamp made = default;
        test.Task(_ =>
        {
            Assert.That(test.Loop.Now, Is.EqualTo(test.Poller.Clock));
            test.Poller.Advance(10 * Second);
            made = test.Poller.Clock;
            test.Loop.TimeProvider.CreateTimer(_ => fired = test.Poller.Clock, null, Second, Timeout.InfiniteTimeSpan);
        });
        test.Loop.Run();
        Assert.That(fired - made, Is.EqualTo(Second));
    }

    [Test]
    public void Bad_times_are_refused()
    {
        using var test = new TestLoop();
        TimeProvider provider = test.Loop.TimeProvider;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => provider.CreateTimer(_ => { }, null, -Second, Second), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => provider.CreateTimer(_ => { }, null, Second, -Second), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => provider.CreateTimer(null!, null, Second, Second), Throws.ArgumentNullException);
            Assert.That(test.Loop.Counters.Timers, Is.Zero);
        }
    }

    [Test]
    public void After_the_loop_is_disposed_a_timer_never_fires_and_Change_says_so_on_any_thread()
    {
        var gone = new TestLoop();
        ITimer timer = gone.Loop.TimeProvider.CreateTimer(_ => Assert.Fail(), null, Second, Second);
        gone.Dispose();

        // The thread has another loop by now, which must not get it.
        using var test = new TestLoop();
        using ITimer late = gone.Loop.TimeProvider.CreateTimer(_ => Assert.Fail(), null, Second, Second);
        Assert.That(timer.Change(Second, Second), Is.False);
        LoopThread.Elsewhere(() => Assert.That(timer.Change(Second, Second), Is.False));
        Assert.That(test.Loop.Counters.Timers, Is.Zero);
        Assert.That(timer.Dispose, Throws.Nothing);
        Assert.That(test.Loop.Run(), Is.False);
    }
}
