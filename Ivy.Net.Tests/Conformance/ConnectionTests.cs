using System.Net;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Connecting and losing connections: rows B9 and the scenarios client, connectfail, connectreset; raw events: R1.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class ConnectionTests(ConformanceBackend backend)
{
    [Test]
    [Category("B9")]
    public void A_refused_connect_is_told_once_and_does_not_spin() => backend.Run(bench =>
    {
        IvSocket socket = Refused(bench);
        IvFd fd = bench.Watch(socket, onOut: fd =>
        {
            bench.Log.Add(fd.Socket!.TakeError().ToString());
            fd.HandlerOut = null;
        });
        bench.Until(() => bench.Log.Count > 0, "the refusal arrives");
        bench.AssertSleeps("the scenario connectfail: registered, in error, nothing wanted");
        Assert.That(bench.Log, Is.EqualTo([nameof(IvError.ECONNREFUSED)]));
        Assert.That(fd.IsRegistered, Is.True);
    });

    [Test]
    [Category("B9")]
    public void A_refused_connect_is_told_to_Err_first() => backend.Run(bench =>
    {
        bench.Watch(Refused(bench), onOut: bench.Say("out"), onErr: fd =>
        {
            bench.Log.Add($"err {fd.Socket!.TakeError()}");
            fd.Unregister();
        });
        bench.Until(() => bench.Log.Count > 0, "the refusal arrives");
        Assert.That(bench.Log, Is.EqualTo(["err ECONNREFUSED"]));
    });

    [Test]
    [Category("F3")]
    public void A_reset_is_told_to_an_object_that_wants_nothing_but_Err() => backend.Run(bench =>
    {
        backend.SkipIf(WineQuirks.TakesErrors);
        (IvSocket client, IvSocket server) = bench.Connection();
        bench.Watch(client, onErr: fd =>
        {
            bench.Log.Add(fd.Socket!.TakeError().ToString());
            fd.HandlerErr = null;
        });
        var timer = new IvTimer(_ => bench.Reset(server));
        timer.Start(TimeSpan.FromMilliseconds(10));
        bench.Until(() => bench.Log.Count > 0, "the reset arrives");
        bench.AssertSleeps("the scenario connectreset");
        Assert.That(bench.Log, Is.EqualTo([nameof(IvError.ECONNRESET)]));
    });

    [Test]
    public void A_thousand_connectors_at_once_leave_nothing_behind() => backend.Run(bench =>
    {
        const int connectors = 1000;
        const int rounds = 2;
        IvSocket listening = bench.Own(IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0), new IvListenOptions { Backlog = 4096 }, bench.Network));
        int accepted = 0;
        using var listener = new IvListener(listening, (_, peer) =>
        {
            accepted++;
            bench.Reset(peer); // no TIME-WAIT is left of it
        });
        listener.Register();
        int connected = 0;
        int running = connectors;
        for (int i = 0; i < connectors; i++)
        {
            Begin(rounds);
        }

        bench.Until(() => running == 0 && accepted == connectors * rounds, "all connect");
        Assert.That(connected, Is.EqualTo(connectors * rounds));
        Assert.That(bench.Loop.Counters.Fds, Is.Zero);

        void Begin(int left)
        {
            IvSocket socket = IvSocket.Connect(listening.LocalEndPoint!, network: bench.Network);
            var fd = new IvFd(socket)
            {
                HandlerOut = fd =>
                {
                    // A reset may have overtaken the news of the connection.
                    Assert.That(fd.Socket!.TakeError(), Is.AnyOf(IvError.None, IvError.ECONNRESET));
                    connected++;
                    fd.Unregister();
                    fd.Socket.Dispose();
                    if (left > 1)
                    {
                        Begin(left - 1);
                    }
                    else
                    {
                        running--;
                    }
                },
            };
            fd.Register();
        }
    });

    [Test]
    [Category("R1")]
    public void Raw_events_follow_one_another_and_are_remembered_before_Run() => backend.Run(bench =>
    {
        using var second = new IvEventRaw(
            item =>
            {
                bench.Log.Add($"second {item.Count}");
                item.Unregister();
            },
            bench.Network);
        using var timer = new IvTimer(_ =>
        {
            bench.Log.Add("timer");
            second.Register();
            second.Post();
        });
        using var first = new IvEventRaw(
            item =>
            {
                bench.Log.Add($"first {item.Count}");
                item.Unregister();
                timer.Start(TimeSpan.FromMilliseconds(10));
            },
            bench.Network);
        first.Register();
        first.Post();
        first.Post();
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["first 2", "timer", "second 1"]));
    });

    [Test]
    [Category("R1")]
    public void A_raw_event_posted_by_its_number_runs_and_one_that_is_disposed_refuses() => backend.Run(bench =>
    {
        var raw = new IvEventRaw(item => bench.Log.Add($"{item.Count}"), bench.Network);
        raw.Register();
        bench.Network.Write(raw.Handle, BitConverter.GetBytes(5UL));
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["5"]));
        raw.Dispose();
        Assert.That(raw.Post(), Is.False);
        Assert.That(raw.IsRegistered, Is.False);
    });

    [Test]
    [Category("B10")]
    public void A_timer_that_starts_itself_again_at_once_starves_no_descriptor() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        int timers = 0;
        IvTimer? timer = null;
        timer = new IvTimer(_ =>
        {
            timers++;
            timer!.Start(TimeSpan.Zero);
        });
        timer.Start(TimeSpan.Zero);
        bench.Watch(near, fd =>
        {
            bench.Receive(fd.Socket!);
            bench.Log.Add("in");
            timer.Stop();
        });
        bench.Send(far);
        bench.Until(() => bench.Log.Count > 0, "the descriptor is served");
        Assert.That(timers, Is.LessThanOrEqualTo(3));
    });

    [Test]
    [Category("B10")]
    public void Timers_run_in_the_order_of_their_deadlines_and_then_of_their_start_and_never_early() => backend.Run(bench =>
    {
        List<int> order = [];
        int[] deadlines = [3, 1, 2, 1, 3, 2, 1];
        bool early = false;
        IvTimestamp start = bench.Loop.Now;
        for (int i = 0; i < deadlines.Length; i++)
        {
            int index = i;
            IvTimestamp due = start + TimeSpan.FromMilliseconds(deadlines[i] * 2);
            new IvTimer(_ =>
            {
                order.Add(index);
                bench.Loop.InvalidateNow();
                early |= bench.Loop.Now < due;
            }).StartAt(due);
        }

        bench.Loop.Run();
        Assert.That(order, Is.EqualTo([1, 3, 6, 2, 5, 0, 4]));
        Assert.That(early, Is.False);
    });

    [Test]
    [Category("B12")]
    public void A_post_inside_of_a_handler_runs_later_and_never_inside_of_it() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far);
        bool inside = false;
        bench.Watch(near, fd =>
        {
            inside = true;
            bench.Receive(fd.Socket!);
            bench.Loop.Post(
                _ =>
                {
                    bench.Log.Add($"first, inside: {inside}");
                    bench.Loop.Post(_ => bench.Log.Add("second"), null);
                    Assert.That(bench.Log, Has.Count.EqualTo(1));
                },
                null);
            inside = false;
        });
        bench.Turn();
        Assert.That(bench.Log, Is.Empty, "posts run before descriptors: in the next turn");
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["first, inside: False", "second"]));
    });

    [Test]
    [Category("B18")]
    public void A_hundred_thousand_echo_turns_allocate_nothing() => backend.Run(bench =>
    {
        backend.Require(Need.Measurable);
        (IvSocket near, IvSocket far) = bench.Pair();
        byte[] buffer = new byte[64];
        byte[] message = new byte[16];
        int portion = OperatingSystem.IsWindows() ? 500 : 50_000; // a turn under Wine is several round trips between processes
        int turns = 0;
        bench.Watch(near, fd =>
        {
            IvIoResult result = fd.Socket!.Receive(buffer);
            fd.Socket.Send(buffer.AsSpan(0, result.Bytes));
        });
        bench.Watch(far, fd =>
        {
            fd.Socket!.Receive(buffer);
            fd.Socket.Send(message);
            if (++turns % portion == 0)
            {
                bench.Loop.Break();
            }
        });
        far.Send(message);
        bench.Loop.Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        bench.Loop.Run();
        bench.Loop.Run();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(turns, Is.EqualTo(3 * portion));
    });

    // A connect to nobody that is under way: Linux, and so the simulation, never refuses it within the call itself.
    private static IvSocket Refused(Bench bench)
    {
        IvError error = IvSocket.TryConnect(Nobody(bench), out IvSocket? socket, network: bench.Network);
        Assert.That(error, Is.EqualTo(IvError.None), "refused at once: there is nothing to be told later");
        return bench.Own(socket!);
    }

    // A port that was somebody's a moment ago.
    private static EndPoint Nobody(Bench bench)
    {
        using IvSocket listener = bench.Listen();
        return listener.LocalEndPoint!;
    }
}
