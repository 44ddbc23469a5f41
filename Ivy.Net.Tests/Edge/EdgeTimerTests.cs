using Ivy.Net.Edge;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Edge;

/// <summary>Timers with one meaning, in virtual time.</summary>
[TestFixtureSource(typeof(EdgeBackend), nameof(EdgeBackend.Simulations))]
internal sealed class EdgeTimerTests(EdgeBackend backend)
{
    private static readonly TimeSpan Ten = TimeSpan.FromMilliseconds(10);

    [Test]
    [Category("evio-E10")]
    [Category("evio-E11")]
    public void A_timer_is_called_after_the_due_time_and_then_each_period() => backend.Run(test =>
    {
        List<double> times = [];
        EdgeTimer<EdgeTag> timer = test.MakeTimer("t");
        IvTimestamp begin = test.Loop.Now;
        test.Timer = _ => times.Add((test.Loop.Now - begin).TotalMilliseconds);
        timer.Start(TimeSpan.FromMilliseconds(5), Ten);
        while (times.Count < 4)
        {
            Assert.That(test.Edge.Review(TimeSpan.FromSeconds(1)), Is.EqualTo(1));
        }

        Assert.That(times, Is.EqualTo([5.0, 15.0, 25.0, 35.0]));
        Assert.That(timer.IsRunning, Is.True);
        timer.Start(Ten);
        test.Edge.Review(TimeSpan.FromSeconds(1));
        Assert.That(times[^1], Is.EqualTo(45.0), "started anew: once");
        Assert.That(timer.IsRunning, Is.False);
        Assert.That(test.Edge.Review(TimeSpan.FromSeconds(1)), Is.Zero);
    });

    [Test]
    [Category("evio-E11")]
    public void A_busy_loop_makes_one_call_and_counts_the_rest() => backend.Run(
        test =>
        {
            EdgeTimer<EdgeTag> timer = test.MakeTimer("t");
            timer.Start(Ten, Ten);
            test.Loop.Run(TimeSpan.Zero);
            for (IvTimestamp end = test.Loop.Now + TimeSpan.FromMilliseconds(95); test.Loop.Now < end;)
            {
                // Calls that take time, as a callback that computes does.
                test.Bench.Network.GetBlocking(-1, out _);
            }

            Assert.That(test.Edge.Review(TimeSpan.Zero), Is.EqualTo(1));
            Assert.That(timer.Overruns, Is.InRange(7, 8));
            Assert.That(test.Calls, Is.EqualTo("t timer"));
        },
        simulation: new SimulatedNetworkOptions { SystemCallCost = TimeSpan.FromMilliseconds(1) });

    [Test]
    [Category("evio-E11")]
    public void Starting_moves_a_running_timer_and_stopping_one_that_is_not_is_no_error() => backend.Run(test =>
    {
        EdgeTimer<EdgeTag> timer = test.MakeTimer("t");
        timer.Stop();
        timer.Start(Ten);
        timer.Start(TimeSpan.FromMilliseconds(30));
        Assert.That(test.Edge.Review(TimeSpan.FromMilliseconds(20)), Is.Zero);
        Assert.That(test.Edge.Review(TimeSpan.FromMilliseconds(20)), Is.EqualTo(1));
        timer.Start(Ten);
        timer.Stop();
        timer.Stop();
        Assert.That(test.Edge.Review(TimeSpan.FromSeconds(1)), Is.Zero);
        Assert.That(() => timer.Start(TimeSpan.FromTicks(-1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        timer.Dispose();
        timer.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, () => timer.Start(Ten));
    });

    [Test]
    [Category("evio-E12")]
    public void There_is_no_limit_of_how_many() => backend.Run(test =>
    {
        const int many = 50_000;
        int fired = 0;
        test.Timer = _ => fired++;
        for (int i = 0; i < many; i++)
        {
            test.MakeTimer("t").Start(TimeSpan.FromMilliseconds(i % 100));
        }

        for (int handled = 0; handled < many;)
        {
            int count = test.Edge.Review(TimeSpan.FromSeconds(1));
            Assert.That(count, Is.InRange(1, test.Edge.MaxEvents));
            handled += count;
        }

        Assert.That(fired, Is.EqualTo(many));
    });

    [Test]
    [Category("evio-E22")]
    public void A_review_without_a_time_waits_for_a_tick() => backend.Run(
        test =>
        {
            IvTimestamp begin = test.Loop.Now;
            Assert.That(test.Edge.Review(), Is.Zero);
            Assert.That(test.Loop.Now - begin, Is.EqualTo(TimeSpan.FromMilliseconds(70)));
            Assert.That(test.Edge.WaitReady(), Is.False);
            Assert.That(test.Loop.Now - begin, Is.EqualTo(TimeSpan.FromMilliseconds(140)));
            Assert.That(new EdgeLoopOptions().Tick, Is.EqualTo(TimeSpan.FromMilliseconds(512)));
            Assert.That(new EdgeLoopOptions().MaxEvents, Is.EqualTo(64));
        },
        new EdgeLoopOptions { Tick = TimeSpan.FromMilliseconds(70) });

    [Test]
    [Category("evio-E8")]
    public void Interrupted_waits_are_not_seen() => backend.Run(
        test =>
        {
            IvTimestamp begin = test.Loop.Now;
            for (int i = 1; i <= 20; i++)
            {
                Assert.That((i & 1) == 0 ? test.Edge.Review(Ten) : test.Edge.WaitReady(Ten) ? 1 : 0, Is.Zero);
                Assert.That(test.Loop.Now - begin, Is.EqualTo(i * Ten));
            }

            Assert.That(test.Bench.Simulation.Faults[SimulatedFault.InterruptedWait], Is.Positive);
        },
        simulation: new SimulatedNetworkOptions().With(SimulatedFault.InterruptedWait, 0.7));

    [Test]
    [Category("evio-E9")]
    public void Waiting_ends_with_the_time_or_with_a_timer_and_never_later() => backend.Run(test =>
    {
        IvTimestamp begin = test.Loop.Now;
        test.MakeTimer("t").Start(TimeSpan.FromMilliseconds(25));
        Assert.That(test.Edge.WaitReady(Ten), Is.False);
        Assert.That(test.Edge.WaitReady(Timeout.InfiniteTimeSpan), Is.True);
        Assert.That(test.Loop.Now - begin, Is.EqualTo(TimeSpan.FromMilliseconds(25)));
        Assert.That(test.Edge.Review(TimeSpan.Zero), Is.EqualTo(1));
    });
}
