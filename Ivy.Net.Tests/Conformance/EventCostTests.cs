using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>
/// What an event of each workload of the comparisons with C costs, in system calls. Times depend on the machine; these do not, and when one
/// of them grows, so does the time.
/// </summary>
[TestFixtureSource(nameof(Backends))]
[Platform("Linux", Reason = "counts system calls of Linux")]
[NonParallelizable]
internal sealed class EventCostTests(ConformanceBackend backend)
{
    public static IEnumerable<ConformanceBackend> Backends => [ConformanceBackend.Epoll, ConformanceBackend.Poll, ConformanceBackend.Uring];

    [Test]
    public void An_event_of_a_chain_is_a_wait_a_receive_and_a_send() => Count((bench, faults) =>
    {
        const int events = 100;
        (IvSocket Near, IvSocket Far)[] pairs = [.. Enumerable.Range(0, 10).Select(_ => bench.Pair())];
        int left = events;
        for (int i = 0; i < pairs.Length; i++)
        {
            IvSocket next = pairs[(i + 1) % pairs.Length].Far;
            bench.Watch(pairs[i].Near, fd => PassOn(fd, next, --left > 0));
        }

        bench.Turn();
        bench.Send(pairs[0].Far);
        faults.Clear();
        bench.Turn(events);
        Assert.That(left, Is.Zero);
        Assert.That((faults.Waits, faults[SysCall.Recv], faults[SysCall.Send]), Is.EqualTo((events, events, events - 1)));
        Assert.That(faults.Total, Is.EqualTo((3 * events) - 1), faults.ToString());
    });

    [Test]
    public void Many_that_are_ready_at_once_share_one_wait() => Count((bench, faults) =>
    {
        const int active = 100;
        int received = 0;
        IvSocket[] far = [.. Enumerable.Range(0, active).Select(_ =>
        {
            (IvSocket near, IvSocket other) = bench.Pair();
            bench.Watch(near, fd => received += fd.Socket!.Receive(new byte[1]).Bytes);
            return other;
        })];
        bench.Turn();
        Array.ForEach(far, socket => bench.Send(socket));
        faults.Clear();
        int turns = 0;
        while (received < active && turns < active)
        {
            bench.Turn();
            turns++;
        }

        // The kernel hands over what io_uring has done in lots of 20.
        Assert.That(received, Is.EqualTo(active));
        Assert.That(turns, backend == ConformanceBackend.Uring ? Is.LessThanOrEqualTo(active / 10) : Is.EqualTo(1));
        Assert.That(faults.Total, Is.EqualTo(active + turns), faults.ToString());
    });

    [Test]
    public void A_pair_of_a_cascade_costs_two_calls_more_to_register_and_unregister() => Count((bench, faults) =>
    {
        const int pairs = 20;
        (IvSocket Near, IvSocket Far)[] all = [.. Enumerable.Range(0, pairs).Select(_ => bench.Pair())];
        IvFd[] fds = [.. all.Select((pair, i) => new IvFd(pair.Near)
        {
            HandlerIn = fd =>
            {
                fd.Unregister();
                PassOn(fd, all[(i + 1) % pairs].Far, i + 1 < pairs);
            },
        })];
        bench.Turn();
        faults.Clear();
        Array.ForEach(fds, static fd => fd.Register());
        bench.Send(all[0].Far);
        bench.Loop.Run();
        int control = backend == ConformanceBackend.Epoll ? 2 * pairs : 0;
        Assert.That(faults[SysCall.EpollCtl], Is.EqualTo(control));
        Assert.That(faults.Total, Is.EqualTo(control + (3 * pairs)), faults.ToString());
    });

    [Test]
    public void Timers_that_are_added_moved_and_stopped_cost_no_call_and_all_that_are_due_one_wait() => Count((bench, faults) =>
    {
        const int count = 1000;
        int fired = 0;
        IvTimer[] timers = [.. Enumerable.Range(0, count).Select(_ => bench.Own(new IvTimer(_ => fired++)))];
        bench.Turn();
        faults.Clear();
        bench.Task(_ =>
        {
            Array.ForEach(timers, static timer => timer.Start(TimeSpan.FromHours(1)));
            Array.ForEach(timers, static timer => timer.Start(TimeSpan.FromHours(2)));
            Array.ForEach(timers, static timer => timer.Start(TimeSpan.FromMinutes(1)));
            Array.ForEach(timers, static timer => timer.Stop());
            Array.ForEach(timers, static timer => timer.StartAt(IvTimestamp.MinValue));
        });
        bench.Loop.Run();
        Assert.That(fired, Is.EqualTo(count));
        Assert.That(faults.Waits, Is.LessThanOrEqualTo(2), "one before they are due, and one with them");
        Assert.That(faults.Total, Is.EqualTo(faults.Waits), faults.ToString());
    });

    [Test]
    public void A_round_trip_between_two_loops_is_at_most_a_wakeup_and_two_waits_for_each() => Count((bench, faults) =>
    {
        const int trips = 200;
        using var ready = new ManualResetEventSlim();
        IvEvent here = bench.Event(static _ => { });
        IvLoop? other = null;
        IvEvent? there = null;
        Action join = LoopThread.Begin(1, _ =>
        {
            using var loop = new IvLoop(new IvLoopOptions { PollMethods = [.. IvPollMethod.All.Where(m => m.Name == bench.Loop.PollMethod)] });
            other = loop;
            there = new IvEvent(_ => here.Post());
            there.Register();
            ready.Set();
            loop.Run();
        });
        ready.Wait();
        int left = trips;
        here.Handler = _ =>
        {
            if (--left > 0)
            {
                there!.Post();
            }
            else
            {
                bench.Loop.Quit();
            }
        };
        bench.Turn();
        faults.Clear();
        there!.Post();
        bench.Loop.Run();
        int writes = faults[SysCall.Write];
        int waits = faults.Waits;
        other!.Quit();
        join();

        // A loop that has not gone to sleep yet needs no wakeup: fewer is possible, more is not.
        Assert.That(writes, Is.LessThanOrEqualTo(2 * trips));
        Assert.That(waits, Is.LessThanOrEqualTo((4 * trips) + 2));
    });

    private static void PassOn(IvFd fd, IvSocket next, bool goesOn)
    {
        Span<byte> buffer = stackalloc byte[1];
        Assert.That(fd.Socket!.Receive(buffer).Bytes, Is.EqualTo(1));
        if (goesOn)
        {
            Assert.That(next.Send(buffer).Bytes, Is.EqualTo(1));
        }
    }

    private void Count(Action<Bench, CountingFaults> body)
    {
        using var faults = new CountingFaults();
        backend.Run(bench => body(bench, faults));
    }
}
