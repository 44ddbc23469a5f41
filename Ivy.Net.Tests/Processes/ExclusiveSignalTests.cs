using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>S1: an exclusive object that goes before its handler has run hands its signal over.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.All))]
[NonParallelizable]
[Platform("Linux", Reason = "kill(2)")]
internal sealed class ExclusiveSignalTests(ConformanceBackend backend)
{
    private const int SigUsr1 = Native.SigUsr1;

    private static SignalAudience Audience => ProcessSignal.Of(SigUsr1).Audience;

    [Test]
    public void The_one_that_was_registered_first_gets_all() => backend.Run(bench =>
    {
        IvSignal[] signals = Exclusive(bench, 3);
        for (int i = 0; i < 5; i++)
        {
            Audience.Notify();
            bench.Turn();
        }

        Assert.That(signals.Select(signal => signal.Count), Is.EqualTo([5, 0, 0]));
    });

    [Test]
    public void Unregistered_before_its_handler_ran_it_hands_over_to_the_next_and_that_one_again() => backend.Run(bench =>
    {
        IvSignal[] signals = Exclusive(bench, 3);
        Audience.Notify();
        signals[0].Unregister();
        signals[1].Dispose();
        bench.Turn(2);
        Assert.That(signals.Select(signal => signal.Count), Is.EqualTo([0, 0, 1]));
    });

    [Test]
    public void Unregistered_after_its_handler_ran_it_has_nothing_to_hand_over() => backend.Run(bench =>
    {
        IvSignal[] signals = Exclusive(bench, 2);
        Audience.Notify();
        bench.Turn();
        signals[0].Unregister();
        bench.Turn(2);
        Assert.That(signals.Select(signal => signal.Count), Is.EqualTo([1, 0]));
    });

    [Test]
    public void Unregistered_in_its_handler_it_hands_over_what_came_meanwhile() => backend.Run(bench =>
    {
        IvSignal[] signals = Exclusive(bench, 2);
        signals[0].Handler = static signal =>
        {
            Audience.Notify();
            signal.Unregister();
        };
        Audience.Notify();
        bench.Turn(3);
        Assert.That(signals.Select(signal => signal.Count), Is.EqualTo([1, 1]));
    });

    [Test]
    public void Registered_anew_it_does_not_get_what_it_handed_over() => backend.Run(bench =>
    {
        IvSignal[] signals = Exclusive(bench, 2);
        Audience.Notify();
        signals[0].Unregister();
        signals[0].Register();
        bench.Turn(2);
        Assert.That(signals.Select(signal => signal.Count), Is.EqualTo([0, 1]));

        Audience.Notify();
        bench.Turn(2);
        Assert.That(signals.Select(signal => signal.Count), Is.EqualTo([0, 2]), "it is the last in the row now");
    });

    [Test]
    public void Posted_to_for_an_earlier_registration_it_is_not_called() => backend.Run(bench =>
    {
        IvSignal signal = Exclusive(bench, 1)[0];
        Assert.That(signal.Post());
        bench.Turn(2);
        Assert.That(signal.Count, Is.Zero);
    });

    [Test]
    public void With_its_loop_disposed_the_signal_goes_to_another_loop() => backend.Run(bench =>
    {
        using var registered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Action finish = LoopThread.Begin(1, _ =>
        {
            using var loop = new IvLoop();
            Exclusive().Register();
            registered.Set();
            go.Wait(Wait.Deadline);
            Audience.Notify();
            loop.Dispose();
        });
        Assert.That(registered.Wait(Wait.Deadline));
        IvSignal staying = Exclusive(bench, 1)[0];
        go.Set();
        finish();
        bench.Turn();
        Assert.That(staying.Count, Is.EqualTo(1));
    });

    [Test]
    public void A_loop_that_takes_no_posts_any_more_is_passed_over() => backend.Run(bench =>
    {
        using var registered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Action finish = LoopThread.Begin(1, _ =>
        {
            // Its queue is closed first, and then what is registered is unregistered: descriptors before signals.
            var poller = new ScriptedPoller { OnRemove = Audience.Notify };
            using var test = new TestLoop(poller);
            test.RegisteredFd(7);
            Exclusive().Register();
            registered.Set();
            go.Wait(Wait.Deadline);
        });
        Assert.That(registered.Wait(Wait.Deadline));
        IvSignal staying = Exclusive(bench, 1)[0];
        go.Set();
        finish();
        bench.Turn();
        Assert.That(staying.Count, Is.EqualTo(1));
    });

    [Test]
    public void A_shared_one_is_called_whatever_the_exclusive_ones_do() => backend.Run(bench =>
    {
        using var shared = new IvSignal(SigUsr1, static _ => { });
        IvSignal[] signals = Exclusive(bench, 2);
        shared.Register();
        Audience.Notify();
        signals[0].Unregister();
        bench.Turn(2);
        Audience.Notify();
        bench.Turn(2);
        Assert.That((shared.Count, signals[0].Count, signals[1].Count), Is.EqualTo((2L, 0L, 2L)));
    });

    [Test]
    public void Each_signal_is_one_call_while_the_objects_of_several_threads_come_and_go()
    {
        const int rounds = 300;
        const int loops = 3;
        int calls = 0;
        bool isOver = false;
        IvLoop? staying = null;
        using var listening = new ManualResetEventSlim();
        Action finish = LoopThread.Begin(loops + 1, number => backend.Run(bench =>
        {
            using var signal = new IvSignal(SigUsr1, _ => Interlocked.Increment(ref calls)) { IsExclusive = true };
            signal.Register();
            if (number == loops)
            {
                // The last in the row always stays, so that there is somebody to hand over to.
                staying = bench.Loop;
                listening.Set();
                bench.Loop.Run();
                return;
            }

            while (!Volatile.Read(ref isOver))
            {
                signal.Unregister();
                signal.Register();
                bench.Turn();
            }
        }));
        Assert.That(listening.Wait(Wait.Deadline));
        try
        {
            for (int round = 1; round <= rounds; round++)
            {
                Audience.Notify();
                Wait.For(() => Volatile.Read(ref calls) >= round);
                Assert.That(calls, Is.EqualTo(round));
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            staying!.Quit();
        }

        finish();
    }

    private static IvSignal Exclusive() => new(SigUsr1, static _ => { }) { IsExclusive = true };

    private static IvSignal[] Exclusive(Bench bench, int count)
    {
        IvSignal[] signals = [.. Enumerable.Range(0, count).Select(_ => bench.Own(Exclusive()))];
        Array.ForEach(signals, static signal => signal.Register());
        return signals;
    }
}
