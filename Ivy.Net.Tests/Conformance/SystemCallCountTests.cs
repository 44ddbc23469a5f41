using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>What things cost, in system calls: the number of these decides.</summary>
[TestFixtureSource(nameof(Backends))]
[Platform("Linux", Reason = "counts system calls of Linux")]
[NonParallelizable]
internal sealed class SystemCallCountTests(ConformanceBackend backend)
{
    public static IEnumerable<ConformanceBackend> Backends => ConformanceBackend.OfTheKernel;

    [Test]
    public void An_echo_turn_is_a_wait_a_receive_and_a_send() => Count((bench, faults) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        byte[] buffer = new byte[100];
        bench.Watch(near, fd =>
        {
            IvIoResult result = fd.Socket!.Receive(buffer);
            fd.Socket.Send(buffer.AsSpan(0, result.Bytes));
        });
        bench.Turn();
        bench.Send(far);
        faults.Clear();
        bench.Turn();
        Assert.That(faults[SysCall.Recv], Is.EqualTo(1));
        Assert.That(faults[SysCall.Send], Is.EqualTo(1));
        Assert.That(faults.Waits, Is.EqualTo(1));
        Assert.That(faults.Total, Is.EqualTo(3), faults.ToString());
    });

    [Test]
    [Category("B6")]
    [Category("F4")]
    public void Changes_of_interest_within_a_turn_cost_one_call_and_none_if_they_cancel_out() => Count((bench, faults) =>
    {
        IvFd fd = bench.Watch(bench.Pair().Near, bench.Say("in"));
        bench.Turn();
        faults.Clear();
        for (int i = 0; i < 10; i++)
        {
            fd.HandlerIn = null;
            fd.HandlerOut = bench.Say("out");
            fd.HandlerOut = null;
            fd.HandlerIn = bench.Say("in");
        }

        bench.Turn();
        Assert.That(faults[SysCall.EpollCtl], Is.Zero, "back and forth");
        fd.HandlerOut = bench.Say("out");
        fd.HandlerHangup = bench.Say("hangup");
        fd.HandlerErr = bench.Say("err");
        fd.HandlerIn = null;
        faults.Clear();
        bench.Turn();
        Assert.That(faults[SysCall.EpollCtl], Is.EqualTo(backend == ConformanceBackend.Epoll ? 1 : 0));
        Assert.That(faults.Total, Is.EqualTo(faults[SysCall.EpollCtl] + 1), faults.ToString());
        Assert.That(bench.Log, Is.EqualTo(["out"]));
        faults.Clear();
        fd.HandlerOut = bench.Say("another");
        bench.Turn();
        Assert.That(faults.Total, Is.EqualTo(1), "one handler for another is no change of interest");
    });

    [Test]
    [Category("F4")]
    public void A_socket_whose_handler_is_taken_away_and_set_in_a_later_turn_costs_nothing_while_nothing_comes() => Count((bench, faults) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        bench.Turn();
        faults.Clear();
        for (int i = 0; i < 10; i++)
        {
            fd.HandlerIn = null;
            bench.Turn();
            fd.HandlerIn = Read;
            bench.Turn();
        }

        Assert.That(faults[SysCall.EpollCtl], Is.Zero);
        bench.Send(far);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["read"]));

        void Read(IvFd ready)
        {
            bench.Log.Add("read");
            near.Receive(new byte[100]);
        }
    });

    [Test]
    [Category("B3")]
    [Category("F4")]
    public void Data_that_nobody_wants_is_one_report_and_from_then_on_each_change_is_told() => Count((bench, faults) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        bench.Turn();
        int call = backend == ConformanceBackend.Epoll ? 1 : 0;
        fd.HandlerIn = null;
        bench.Send(far);
        faults.Clear();
        bench.Turn(10);
        Assert.That(faults[SysCall.EpollCtl], Is.EqualTo(call), "disarmed when it has been reported");
        bench.AssertSleeps("nobody reads it, and nobody is asked to");
        Assert.That(bench.Log, Is.Empty);

        fd.HandlerIn = bench.Say("in");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in"]), "what has come meanwhile");
        near.Receive(new byte[100]);
        faults.Clear();
        long events = bench.Loop.Counters.Events;
        fd.HandlerIn = null;
        bench.Turn();
        Assert.That(faults[SysCall.EpollCtl], Is.EqualTo(call), "told at once, as somebody sends without being asked");
        bench.Send(far);
        bench.Turn(3);
        Assert.That(bench.Loop.Counters.Events, Is.EqualTo(events));

        near.Receive(new byte[100]);
        fd.Unregister();
        fd.HandlerIn = bench.Say("in");
        fd.Register();
        bench.Turn();
        faults.Clear();
        fd.HandlerIn = null;
        bench.Turn();
        Assert.That(faults[SysCall.EpollCtl], Is.Zero, "another registration, another chance");
    });

    [Test]
    [Category("F4")]
    public void A_descriptor_that_others_may_close_is_told_of_at_each_change() => Count((bench, faults) =>
    {
        IvFd fd = bench.Watch(bench.Numbers().Near, bench.Say("in"));
        bench.Turn();
        faults.Clear();
        fd.HandlerIn = null;
        bench.Turn();
        Assert.That(faults[SysCall.EpollCtl], Is.EqualTo(backend == ConformanceBackend.Epoll ? 1 : 0));
    });

    [Test]
    public void Registering_a_socket_is_one_call_and_disposing_it_two() => Count((bench, faults) =>
    {
        int control = backend == ConformanceBackend.Epoll ? 1 : 0;
        int end = backend == ConformanceBackend.Poll ? 0 : 1;
        (IvSocket near, _) = bench.Pair();
        var fd = new IvFd(near) { HandlerIn = bench.Say("in") };
        faults.Clear();
        fd.Register();
        Assert.That(faults.Total, Is.EqualTo(control), faults.ToString());
        Assert.That(faults[SysCall.EpollCtl], Is.EqualTo(control));
        bench.Turn();
        faults.Clear();
        near.Dispose();
        Assert.That(faults[SysCall.Close], Is.EqualTo(1));
        Assert.That(faults[SysCall.EpollCtl] + faults[SysCall.IoUringEnter], Is.EqualTo(end));
        Assert.That(faults.Total, Is.EqualTo(end + 1), faults.ToString());
    });

    [Test]
    [Category("E1")]
    public void A_post_to_a_loop_that_is_awake_costs_nothing() => Count((bench, faults) =>
    {
        int posts = 0;
        bench.Loop.Post(
            _ =>
            {
                faults.Clear();
                LoopThread.Elsewhere(() =>
                {
                    for (int i = 0; i < 1000; i++)
                    {
                        bench.Loop.Post(_ => posts++, null);
                    }
                });
                bench.Loop.Post(_ => posts++, null);
                Assert.That(faults.Total, Is.Zero, faults.ToString());
            },
            null);
        bench.Loop.Run();
        Assert.That(posts, Is.EqualTo(1001));
    });

    [Test]
    [Category("B11")]
    [Category("E1")]
    public void A_storm_of_posts_while_a_handler_holds_the_loop_is_at_most_one_wakeup() => Count((bench, faults) =>
    {
        const int threads = 8;
        const int posts = 100_000;
        int[] next = new int[threads];
        int wrong = 0;
        Action<(int Thread, int Number)> receive = item => wrong += next[item.Thread]++ == item.Number ? 0 : 1;
        bench.Loop.Post(
            _ =>
            {
                faults.Clear();
                LoopThread.Begin(threads, thread =>
                {
                    for (int i = 0; i < posts; i++)
                    {
                        bench.Loop.Post(receive, (thread, i));
                    }
                })();
            },
            null);
        bench.Loop.Run();
        Assert.That(next, Has.All.EqualTo(posts), "none lost");
        Assert.That(wrong, Is.Zero, "first in, first out for each thread");
        Assert.That(bench.Loop.Counters.Wakeups, Is.LessThanOrEqualTo(1));
        Assert.That(faults[SysCall.Write], Is.LessThanOrEqualTo(1));
    });

    [Test]
    [Category("B11")]
    public void Posts_to_a_loop_that_sleeps_and_wakes_are_all_run_in_order() => Count((bench, faults) =>
    {
        const int threads = 8;
        const int posts = 10_000;
        int[] next = new int[threads];
        int wrong = 0;
        Action<(int Thread, int Number)> receive = item => wrong += next[item.Thread]++ == item.Number ? 0 : 1;
        bench.Watch(bench.EventNumber());
        Action wait = LoopThread.Begin(threads, thread =>
        {
            for (int i = 0; i < posts; i++)
            {
                Assert.That(bench.Loop.Post(receive, (thread, i)), Is.True);
                if (i % 64 == 0)
                {
                    Thread.Yield();
                }
            }
        });
        bench.Until(() => Array.TrueForAll(next, count => count == posts), "all arrive");
        wait();
        Assert.That(wrong, Is.Zero);
        Assert.That(faults[SysCall.Write], Is.EqualTo(bench.Loop.Counters.Wakeups), "each wakeup is one write");

        // A sleep costs one wakeup at the most. How many posts find the loop asleep is for the scheduler to say.
        Assert.That(bench.Loop.Counters.Wakeups, Is.LessThanOrEqualTo(bench.Loop.Counters.Polls));
    });

    [Test]
    [Category("B17")]
    public void Ten_thousand_idle_descriptors_cost_a_turn_nothing()
    {
        backend.Require(Need.ConstantCost);
        Assert.That(Turns(10_000), Is.EqualTo(Turns(10)));

        string Turns(int idle)
        {
            string cost = string.Empty;
            Count((bench, faults) =>
            {
                for (int i = 0; i < idle; i++)
                {
                    bench.Watch(bench.EventNumber(), bench.Say("idle"));
                }

                nint active = bench.EventNumber();
                bench.Network.Write(active, BitConverter.GetBytes(1UL));
                bench.Watch(active, _ => { });
                bench.Turn();
                faults.Clear();
                IvLoopCounters before = bench.Loop.Counters;
                bench.Turn(100);
                IvLoopCounters after = bench.Loop.Counters;
                cost = $"{faults}; polls {after.Polls - before.Polls}, events {after.Events - before.Events}, stale {after.Stale - before.Stale}";
                Assert.That(bench.Log, Is.Empty);
            });
            return cost;
        }
    }

    [Test]
    public void A_timer_alone_costs_one_wait() => Count((bench, faults) =>
    {
        bench.Turn(); // what a backend does once, it has done
        new IvTimer(_ => bench.Log.Add("timer")).Start(TimeSpan.FromMilliseconds(2));
        faults.Clear();
        bench.Loop.Run();
        Assert.That(bench.Log, Is.EqualTo(["timer"]));
        Assert.That(faults.Total, Is.EqualTo(1), faults.ToString());
    });

    private void Count(Action<Bench, CountingFaults> body)
    {
        using var faults = new CountingFaults();
        backend.Run(bench => body(bench, faults));
    }
}
