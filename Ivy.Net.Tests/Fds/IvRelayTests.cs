using System.Net.Sockets;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>Two sockets joined, on each backend: whole bytes, ends, errors, time, and who owns what.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
[NonParallelizable]
internal sealed class IvRelayTests(ConformanceBackend backend)
{
    private const int Much = 3_000_000;
    private const int MoreThanTheKernelHolds = 30_000_000;

    [Test]
    [Category("M1")]
    public void What_is_sent_both_ways_at_once_arrives_whole_and_so_do_the_ends() => Run((bench, rig) =>
    {
        StreamPeer client = rig.Peer(rig.Client, Much);
        StreamPeer server = rig.Peer(rig.Server, Much / 2);
        rig.Relay.Register();
        bench.Until(() => rig.HasEnded && client.IsOver && server.IsOver, "both ends arrive");
        Assert.That((server.Received, server.SawEnd), Is.EqualTo((Much, true)));
        Assert.That((client.Received, client.SawEnd), Is.EqualTo((Much / 2, true)));
        Assert.That(rig.Relay.Error, Is.EqualTo(IvError.None));
        Assert.That(rig.Relay.FailedSocket, Is.Null);
        Assert.That((rig.Relay.BytesAToB, rig.Relay.BytesBToA, rig.Relay.BytesInHand), Is.EqualTo(((long)Much, (long)Much / 2, 0)));
        Assert.That(rig.Relay.BytesSpliced, Is.EqualTo(backend.IsSimulated || OperatingSystem.IsWindows() ? 0 : Much + (Much / 2)));
        Assert.That(rig.Ends, Is.EqualTo(1));
        Assert.That(rig.Relay.A.IsDisposed && rig.Relay.B.IsDisposed, Is.True, "the relay owned them");
        Assert.That(rig.Relay.IsRegistered, Is.False);
        Assert.That(bench.Loop.Counters.Relays, Is.Zero);
    });

    [Test]
    [Category("M1")]
    public void An_end_of_the_one_side_leaves_the_other_direction_open([Values] bool serverEndsFirst) => Run((bench, rig) =>
    {
        StreamPeer first = rig.Peer(serverEndsFirst ? rig.Server : rig.Client, 1000);
        rig.Relay.Register();
        IvSocket other = serverEndsFirst ? rig.Client : rig.Server;
        StreamPeer second = rig.Peer(other, 0, ends: false);
        bench.Until(() => second.SawEnd, "the end passes");
        Assert.That(second.Received, Is.EqualTo(1000));
        ComeToRest(bench, () => true, "one direction has ended, and the other has nothing to do");
        Assert.That(rig.HasEnded, Is.False);
        other.Send([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        bench.Until(() => (serverEndsFirst ? rig.Relay.BytesAToB : rig.Relay.BytesBToA) == 10, "the answer passes");
        other.Shutdown(SocketShutdown.Send);
        bench.Until(() => rig.HasEnded, "both have ended");
        Assert.That(rig.Relay.Error, Is.EqualTo(IvError.None));
        _ = first;
    });

    [Test]
    public void A_peer_that_does_not_read_stops_the_other_one_and_nothing_spins() => Run((bench, rig) =>
    {
        StreamPeer client = rig.Peer(rig.Client, int.MaxValue);
        StreamPeer server = rig.Peer(rig.Server, 0, ends: false, reads: false);
        rig.Relay.Register();
        ComeToRest(bench, () => rig.Relay.BytesInHand > 0, "everything is full");
        Assert.That(client.Sent, Is.Positive);
        Assert.That(rig.Relay.BytesInHand, Is.Positive);
        Assert.That(server.Received, Is.Zero);
        int before = client.Sent;
        server.Reads = true;
        bench.Until(() => server.Received > before, "it goes on");
    });

    [Test]
    public void A_reset_is_passed_on_with_what_was_in_hand_before_it([Values] bool serverResets) => Run((bench, rig) =>
    {
        backend.SkipIf(WineQuirks.TakesErrors);
        IvSocket resetting = serverResets ? rig.Server : rig.Client;
        StreamPeer other = rig.Peer(serverResets ? rig.Client : rig.Server, 0, ends: false);
        rig.Relay.Register();
        bench.Send(resetting, "\0\u0001\u0002");
        bench.Until(() => other.Received == 3, "the bytes arrive");
        bench.Reset(resetting);
        bench.Until(() => rig.HasEnded && other.IsOver, "the reset arrives");
        Assert.That(rig.Relay.Error, Is.EqualTo(IvError.ECONNRESET));
        Assert.That(rig.Relay.FailedSocket, Is.SameAs(serverResets ? rig.Relay.B : rig.Relay.A));
        Assert.That(other.Error, Is.EqualTo(IvError.ECONNRESET), "it does not take it for an end");
        Assert.That(other.Received, Is.EqualTo(3));
    });

    [Test]
    [Category("M2")]
    public void A_reset_of_a_side_whose_bytes_have_to_wait_is_found_and_the_bytes_are_delivered_first() => Run((bench, rig) =>
    {
        backend.SkipIf(WineQuirks.TakesErrors);
        StreamPeer client = rig.Peer(rig.Client, int.MaxValue);
        StreamPeer server = rig.Peer(rig.Server, 0, ends: false, reads: false);
        rig.Relay.Register();
        ComeToRest(bench, () => rig.Relay.BytesInHand > 0, "everything is full");
        int inHand = rig.Relay.BytesInHand;
        long read = rig.Relay.BytesAToB + inHand;
        bench.Reset(rig.Client);
        ComeToRest(bench, () => true, "nothing can be done before the server reads");
        Assert.That(rig.HasEnded, Is.False);
        server.Reads = true;
        bench.Until(() => rig.HasEnded, "it ends");
        Assert.That(rig.Relay.BytesAToB, Is.GreaterThanOrEqualTo(read));
        Assert.That(rig.Relay.BytesInHand, Is.Zero);
    });

    [Test]
    public void A_reset_of_a_side_that_has_ended_is_found_though_there_is_nothing_to_write_to_it() => Run((bench, rig) =>
    {
        backend.SkipIf(WineQuirks.TakesErrors);
        StreamPeer server = rig.Peer(rig.Server, 0, ends: false);
        rig.Relay.Register();
        rig.Client.Shutdown(SocketShutdown.Send);
        bench.Until(() => server.SawEnd, "the client's end");
        bench.Reset(rig.Client);
        bench.Until(() => rig.HasEnded, "the reset");
        Assert.That(rig.Relay.Error, Is.EqualTo(IvError.ECONNRESET).Or.EqualTo(IvError.EPIPE));
        Assert.That(rig.Relay.FailedSocket, Is.SameAs(rig.Relay.A));
    });

    [Test]
    public void A_relay_that_is_silent_ends_after_its_timeout() => Run((bench, rig) =>
    {
        StreamPeer client = rig.Peer(rig.Client, 0, ends: false);
        StreamPeer server = rig.Peer(rig.Server, 0, ends: false);
        rig.Relay.IdleTimeout = TimeSpan.FromMilliseconds(50);
        Assert.That(rig.Relay.IdleTimeout, Is.EqualTo(TimeSpan.FromMilliseconds(50)));
        IvTimestamp start = bench.Loop.Now;
        rig.Relay.Register();
        bench.Until(() => rig.HasEnded, "it ends");
        Assert.That(bench.Loop.Now - start, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(50)));
        Assert.That(rig.Relay.Error, Is.EqualTo(IvError.ETIMEDOUT));
        Assert.That(rig.Relay.FailedSocket, Is.Null);
        bench.Until(() => client.IsOver && server.IsOver, "the sockets are closed");
        Assert.That(client.SawEnd && server.SawEnd, Is.True, "nothing was cut off: an end, not a reset");
    });

    [Test]
    public void What_moves_restarts_the_timeout_and_it_may_be_changed_at_any_time()
    {
        backend.Require(Need.VirtualTime);
        Run((bench, rig) =>
        {
            StreamPeer server = rig.Peer(rig.Server, 0, ends: false);
            rig.Relay.IdleTimeout = TimeSpan.FromSeconds(10);
            rig.Relay.Register();
            for (int i = 0; i < 5; i++)
            {
                bench.Loop.Run(TimeSpan.FromSeconds(9));
                rig.Client.Send([(byte)i]);
            }

            bench.Until(() => server.Received == 5, "the last one arrives");
            Assert.That(rig.HasEnded, Is.False);
            rig.Relay.IdleTimeout = Timeout.InfiniteTimeSpan;
            bench.Loop.Run(TimeSpan.FromSeconds(100));
            Assert.That(rig.HasEnded, Is.False);
            rig.Relay.IdleTimeout = TimeSpan.FromSeconds(1);
            bench.Loop.Run(TimeSpan.FromSeconds(2));
            Assert.That(rig.Relay.Error, Is.EqualTo(IvError.ETIMEDOUT));
        });
    }

    [Test]
    public void A_relay_that_is_idle_with_bytes_in_hand_is_reset() => Run((bench, rig) =>
    {
        backend.SkipIf(WineQuirks.TakesErrors);
        StreamPeer client = rig.Peer(rig.Client, int.MaxValue);
        StreamPeer server = rig.Peer(rig.Server, 0, ends: false, reads: false);
        rig.Relay.Register();
        ComeToRest(bench, () => rig.Relay.BytesInHand > 0, "everything is full");
        rig.Relay.IdleTimeout = TimeSpan.FromMilliseconds(20);
        bench.Until(() => rig.HasEnded, "it ends");
        Assert.That(rig.Relay.BytesInHand, Is.Positive, "what was lost can be told");
        server.Reads = true;
        bench.Until(() => server.IsOver, "the server notices");
        Assert.That(server.SawEnd, Is.False, "and does not take it for an end");
    });

    [Test]
    public void Abort_resets_both_and_calls_the_handler_once_before_it_returns() => Run((bench, rig) =>
    {
        backend.SkipIf(WineQuirks.TakesErrors);
        StreamPeer client = rig.Peer(rig.Client, 0, ends: false);
        StreamPeer server = rig.Peer(rig.Server, 0, ends: false);
        rig.Relay.Register();
        rig.OnEnd = relay =>
        {
            Assert.That(relay.IsRegistered, Is.False);
            Assert.That(relay.A.IsDisposed || relay.B.IsDisposed, Is.False, "the handler may still ask them");
            relay.Abort();
            relay.Dispose();
        };
        rig.Relay.Abort();
        Assert.That(rig.Ends, Is.EqualTo(1));
        rig.Relay.Abort();
        Assert.That(rig.Ends, Is.EqualTo(1));
        Assert.That(rig.Relay.Error, Is.EqualTo(IvError.ECANCELED));
        bench.Until(() => client.IsOver && server.IsOver, "both notice");
        Assert.That((client.Error, server.Error), Is.EqualTo((IvError.ECONNRESET, IvError.ECONNRESET)));
    });

    [Test]
    public void Abort_works_before_it_is_registered_too() => Run((_, rig) =>
    {
        rig.Relay.Abort();
        Assert.That((rig.Ends, rig.Relay.Error), Is.EqualTo((1, IvError.ECANCELED)));
        FatalScope.Expect(FatalCondition.DisposedObject, rig.Relay.Register);
    });

    [Test]
    public void Dispose_closes_the_sockets_and_calls_nobody() => Run((bench, rig) =>
    {
        StreamPeer client = rig.Peer(rig.Client, 0, ends: false);
        rig.Relay.Register();
        rig.Relay.Dispose();
        rig.Relay.Dispose();
        Assert.That(rig.Ends, Is.Zero);
        Assert.That(rig.Relay.A.IsDisposed && rig.Relay.B.IsDisposed, Is.True);
        bench.Until(() => client.IsOver, "the client notices");
    });

    [Test]
    public void The_sockets_stay_open_if_that_is_asked_for([Values] bool byEnding) => Run((bench, rig) =>
    {
        rig.Relay.LeaveOpen = true;
        rig.Relay.Register();
        if (byEnding)
        {
            rig.Relay.Abort();
        }
        else
        {
            rig.Relay.Dispose();
        }

        Assert.That(rig.Relay.A.IsDisposed || rig.Relay.B.IsDisposed, Is.False);
        bench.Send(rig.Client, "for whoever reads next");
        string text = string.Empty;
        bench.Watch(rig.Relay.A, fd => text += bench.Receive(fd.Socket!));
        bench.Until(() => text.Length > 0, "it arrives");
        Assert.That(text, Is.EqualTo("for whoever reads next"));
        rig.Relay.A.Dispose();
        rig.Relay.B.Dispose();
    });

    [Test]
    public void Unregistering_keeps_sockets_and_bytes_and_registering_goes_on() => Run((bench, rig) =>
    {
        StreamPeer client = rig.Peer(rig.Client, MoreThanTheKernelHolds);
        StreamPeer server = rig.Peer(rig.Server, 0, reads: false);
        rig.Relay.Register();
        ComeToRest(bench, () => rig.Relay.BytesInHand > 0, "everything is full");
        Assert.That(rig.Relay.BytesInHand, Is.Positive);
        rig.Relay.Unregister();
        server.Reads = true;
        long before = rig.Relay.BytesAToB;
        bench.Loop.Run(TimeSpan.FromMilliseconds(20));
        Assert.That(rig.Relay.BytesAToB, Is.EqualTo(before), "what the kernel had arrives, and nothing else moves");
        rig.Relay.Register();
        bench.Until(() => rig.HasEnded && server.IsOver, "it goes on where it was");
        Assert.That((server.Received, server.SawEnd), Is.EqualTo((MoreThanTheKernelHolds, true)));
    });

    [Test]
    public void A_relay_moves_to_another_loop_with_the_bytes_in_its_hands()
    {
        backend.Require(Need.Threads);
        Run((bench, rig) =>
        {
            StreamPeer client = rig.Peer(rig.Client, MoreThanTheKernelHolds);
            StreamPeer server = rig.Peer(rig.Server, 0, reads: false);
            rig.Relay.Register();
            ComeToRest(bench, () => rig.Relay.BytesInHand > 0, "everything is full");
            rig.Relay.Unregister();
            server.Reads = true;
            rig.Relay.HandlerEnd = null;
            Action wait = LoopThread.Begin(1, _ =>
            {
                using var other = new IvLoop(new IvLoopOptions { PollMethods = bench.Loop.PollMethod == "poll" ? [Ivy.Net.Polling.IvPollMethod.Poll] : null });
                rig.Relay.Register();
                other.Run();
            });
            bench.Until(() => server.IsOver && client.IsOver, "all has come, and the end");
            wait();
            Assert.That((server.Received, server.SawEnd), Is.EqualTo((MoreThanTheKernelHolds, true)));
            Assert.That(rig.Relay.Error, Is.EqualTo(IvError.None));
            Assert.That(rig.Relay.BytesSpliced, Is.EqualTo(OperatingSystem.IsWindows() ? 0 : MoreThanTheKernelHolds));
        });
    }

    [Test]
    public void A_handler_that_throws_leaves_Run_and_the_sockets_are_closed_all_the_same() => Run((bench, rig) =>
    {
        rig.OnEnd = static _ => throw new InvalidOperationException("on purpose");
        rig.Relay.Register();
        rig.Client.Shutdown(SocketShutdown.Send);
        rig.Server.Shutdown(SocketShutdown.Send);
        Assert.That(() => bench.Until(() => rig.HasEnded, "it ends"), Throws.InvalidOperationException);
        Assert.That(rig.Relay.A.IsDisposed && rig.Relay.B.IsDisposed, Is.True);
        Assert.That(bench.Loop.Counters.Relays, Is.Zero);
        bench.Turn();
    });

    [Test]
    public void Disposing_one_of_the_sockets_unregisters_the_relay() => Run((bench, rig) =>
    {
        rig.Relay.Register();
        rig.Relay.B.Dispose();
        Assert.That(rig.Relay.IsRegistered, Is.False);
        Assert.That(rig.Ends, Is.Zero);
        Assert.That(bench.Loop.Counters.Relays, Is.Zero);
        Assert.That(rig.Relay.TryRegister(), Is.EqualTo(IvError.EBADF));
        Assert.That(() => rig.Relay.Register(), Throws.TypeOf<IvException>().With.Property("Error").EqualTo(IvError.EBADF));
    });

    [Test]
    public void A_refused_registration_changes_nothing() => Run((bench, rig) =>
    {
        IvFd other = bench.Watch(rig.Relay.B);
        Assert.That(rig.Relay.TryRegister(), Is.EqualTo(IvError.EEXIST));
        Assert.That(rig.Relay.IsRegistered, Is.False);
        Assert.That(bench.Loop.Counters.Relays, Is.Zero);
        other.Unregister();
        rig.Relay.Register();
        Assert.That(bench.Loop.Counters.Relays, Is.EqualTo(1));
    });

    [Test]
    public void It_keeps_Run_going_until_it_ends_and_may_be_told_not_to() => Run((bench, rig) =>
    {
        rig.Relay.KeepsLoopAlive = false;
        rig.Relay.Register();
        Assert.That(bench.Loop.Run(), Is.False, "nothing keeps it alive");
        rig.Relay.KeepsLoopAlive = true;
        using var timer = new IvTimer(_ => rig.Relay.Abort());
        timer.Start(TimeSpan.FromMilliseconds(5));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(rig.HasEnded, Is.True);
    });

    [Test]
    public void The_dump_and_the_leak_report_show_the_relay_and_not_what_it_is_made_of() => Run((bench, rig) =>
    {
        rig.Relay.Name = "tunnel";
        rig.Relay.IdleTimeout = TimeSpan.FromHours(1);
        rig.Relay.Register();
        bench.Send(rig.Client, "12345");
        bench.Until(() => rig.Relay.BytesAToB == 5, "it moves");
        using var writer = new StringWriter();
        bench.Loop.Dump(writer);
        Assert.That(writer.ToString(), Does.Match("fd +[0-9]+  relay .*a-b=5 b-a=0 hand=0  \"tunnel\""));
        Assert.That(bench.Loop.CollectRegistered(), Is.EqualTo([rig.Relay]));
        Assert.That(bench.Loop.Counters.Fds + bench.Loop.Counters.Timeouts, Is.Zero);
        Assert.That(rig.Relay.ToString(), Does.StartWith("IvRelay (tcp ").And.EndsWith(", \"tunnel\")"));
    });

    [Test]
    public void Broken_rules_are_told() => Run((bench, rig) =>
    {
        FatalScope.Expect(FatalCondition.NotRegistered, rig.Relay.Unregister);
        rig.Relay.Register();
        FatalScope.Expect(FatalCondition.AlreadyRegistered, rig.Relay.Register);
        FatalScope.Expect(FatalCondition.AlreadyRegistered, () => rig.Relay.TryRegister());
        if (!backend.IsSimulated)
        {
            LoopThread.Elsewhere(() =>
            {
                FatalScope.Expect(FatalCondition.WrongThread, rig.Relay.Unregister);
                FatalScope.Expect(FatalCondition.WrongThread, rig.Relay.Abort);
                FatalScope.Expect(FatalCondition.WrongThread, rig.Relay.Dispose);
                FatalScope.Expect(FatalCondition.WrongThread, () => rig.Relay.IdleTimeout = TimeSpan.FromSeconds(1));
                FatalScope.Expect(FatalCondition.WrongThread, () => rig.Relay.HandlerEnd = null);
            });
        }

        rig.Relay.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, rig.Relay.Register);
        Assert.That(() => rig.Relay.IdleTimeout = TimeSpan.Zero, Throws.TypeOf<ArgumentOutOfRangeException>());
        (IvSocket datagram, IvSocket stream) = (bench.Pair(SocketType.Dgram).Near, bench.Pair().Near);
        Assert.That(() => new IvRelay(datagram, stream), Throws.ArgumentException);
        Assert.That(() => new IvRelay(stream, stream), Throws.ArgumentException);
        Assert.That(() => new IvRelay(stream, null!), Throws.ArgumentNullException);
    });

    [Test]
    public void A_flood_through_one_relay_does_not_starve_another() => Run((bench, rig) =>
    {
        StreamPeer flood = rig.Peer(rig.Client, int.MaxValue);
        StreamPeer sink = rig.Peer(rig.Server, 0, ends: false);
        rig.Relay.Register();
        bench.Until(() => sink.Received > 1_000_000, "the flood runs");
        using var quiet = new RelayRig(bench);
        quiet.Relay.Register();
        StreamPeer server = quiet.Peer(quiet.Server, 0, ends: false);
        for (int i = 0; i < 10; i++)
        {
            long before = rig.Relay.BytesAToB;
            quiet.Client.Send([(byte)i]);
            bench.Until(() => server.Received == i + 1, "the byte passes");
            bench.Until(() => rig.Relay.BytesAToB > before, "while the flood goes on");
        }

        Assert.That(flood.Sent, Is.GreaterThan(1_000_000));
    });

    private void Run(Action<Bench, RelayRig> body) => backend.Run(bench =>
    {
        using var rig = new RelayRig(bench);
        body(bench, rig);
    });

    // Holds that the loop sleeps sooner or later: a kernel's buffers and windows go on growing for a while.
    private static void ComeToRest(Bench bench, Func<bool> condition, string why)
    {
        const int mostPolls = 3;
        const int attempts = 500;
        for (int i = 0; i < attempts; i++)
        {
            long before = bench.Polls;
            bench.Loop.Run(TimeSpan.FromMilliseconds(20));
            if (bench.Polls - before <= mostPolls && condition())
            {
                return;
            }
        }

        Assert.Fail($"The loop does not come to rest: {why}");
    }
}
