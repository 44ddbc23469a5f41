using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>When handlers are called, and in what order: rows B1–B3, B8, F1, F3 and the order rules.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class ReadinessTests(ConformanceBackend backend)
{
    [Test]
    [Category("B1")]
    public void Readable_stays_ready_until_it_is_drained() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Watch(near, fd => bench.Log.Add(bench.Receive(fd.Socket!, 1)));
        bench.Send(far, "abc");
        bench.Turn(5);
        Assert.That(bench.Log, Is.EqualTo(["a", "b", "c"]));
        bench.AssertSleeps("drained");
    });

    [Test]
    [Category("B1")]
    public void A_handler_that_reads_nothing_is_called_in_each_turn() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Watch(near, bench.Say("in"));
        bench.Send(far);
        bench.Turn(10);
        Assert.That(bench.Log, Has.Count.EqualTo(10));
    });

    [Test]
    [Category("B2")]
    public void Writable_interest_dropped_in_its_own_handler_is_not_called_again() => backend.Run(bench =>
    {
        IvFd fd = bench.Watch(bench.Pair().Near, onOut: fd =>
        {
            bench.Log.Add("out");
            fd.HandlerOut = null;
        });
        bench.Turn(3);
        Assert.That(bench.Log, Is.EqualTo(["out"]));
        bench.AssertSleeps("nothing is wanted");
        fd.HandlerOut = bench.Say("again");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["out", "again"]), "a handler set on what is ready already is called in the next turn");
    });

    [Test]
    public void Writable_ends_with_a_full_buffer_and_comes_back_with_room() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        while (near.Send(new byte[4096]).IsOk)
        {
        }

        bench.Watch(near, onOut: bench.Say("out"));
        bench.AssertSleeps("full");
        Assert.That(bench.Log, Is.Empty);
        byte[] buffer = new byte[65536];
        while (far.Receive(buffer).IsOk)
        {
        }

        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["out"]));
    });

    [Test]
    [Category("B3")]
    public void A_reset_with_only_reading_wanted_shows_its_error_once() => backend.Run(bench =>
    {
        backend.SkipIf(WineQuirks.TakesErrors);
        (IvSocket client, IvSocket server) = bench.Connection();
        bench.Watch(client, fd =>
        {
            bench.Log.Add(fd.Socket!.Receive(new byte[10]).Error.ToString());
            fd.HandlerIn = null;
        });
        bench.Reset(server);
        bench.Until(() => bench.Log.Count > 0, "the reset arrives");
        Assert.That(bench.Log, Is.EqualTo([nameof(IvError.ECONNRESET)]));
        bench.AssertSleeps("no interest is left");
        Assert.That(bench.Log, Has.Count.EqualTo(1));
    });

    [Test]
    [Category("B3")]
    [Category("F3")]
    public void A_reset_with_nothing_wanted_does_not_spin() => backend.Run(bench =>
    {
        (IvSocket client, IvSocket server) = bench.Connection();
        IvFd fd = bench.Watch(client);
        bench.Reset(server);
        bench.AssertSleeps("no handlers");
        fd.HandlerErr = bench.Say("err");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["err"]), "a handler set later hears of it");
    });

    [Test]
    [Category("B8")]
    public void A_half_closed_peer_is_an_end_to_read_and_can_be_written_to() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Connection();
        far.Shutdown(SocketShutdown.Send);
        bench.Watch(near, fd =>
        {
            bench.Log.Add(bench.Receive(fd.Socket!));
            bench.Log.Add(fd.Socket!.Send("still here"u8).ToString());
            fd.Unregister();
        });
        bench.Until(() => bench.Log.Count > 0, "the end arrives");
        Assert.That(bench.Log, Is.EqualTo(["end of stream", "10 bytes"]));
        bench.Watch(far, fd =>
        {
            bench.Log.Add(bench.Receive(fd.Socket!));
            fd.Unregister();
        });
        bench.Until(() => bench.Log.Count > 2, "what was written arrives");
        Assert.That(bench.Log[2], Is.EqualTo("still here"));
    });

    [Test]
    [Category("F1")]
    public void An_error_calls_Err_then_Pri_In_Out_Hangup() => backend.Run(bench =>
    {
        (IvSocket client, IvSocket server) = bench.Connection();
        bench.Reset(server);
        IvFd fd = bench.Watch(client, bench.Say("in"), onErr: bench.Say("err"));
        bench.Until(() => bench.Log.Count > 0, "the reset arrives");
        bench.Log.Clear();
        fd.HandlerOut = bench.Say("out");
        fd.HandlerHangup = bench.Say("hangup");
        bool hasPri = backend.Has(Need.UrgentData);
        fd.HandlerPri = hasPri ? bench.Say("pri") : null;
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo((string[])["err", .. hasPri ? ["pri"] : Array.Empty<string>(), "in", "out", "hangup"]));
    });

    [Test]
    [Category("F1")]
    [Category("F3")]
    public void A_close_without_an_error_calls_In_Out_Hangup_and_Err_last() => backend.Run(bench =>
    {
        backend.SkipIf(WineQuirks.HidesEndBehindData);
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far, "unread");
        far.Dispose();
        bench.Watch(
            near,
            fd => bench.Log.Add($"in {bench.Receive(fd.Socket!)}"),
            bench.Say("out"),
            fd =>
            {
                bench.Log.Add("err");
                fd.Unregister();
            },
            bench.Say("hangup"));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in unread", "out", "hangup", "err"]), "what was sent before the close is read before Err can end it");
    });

    [Test]
    public void A_hangup_is_told_while_data_is_unread_and_again_until_it_is_not_wanted() => backend.Run(bench =>
    {
        backend.SkipIf(WineQuirks.HidesEndBehindData);
        (IvSocket near, IvSocket far) = bench.Connection();
        bench.Send(far, "last");
        far.Shutdown(SocketShutdown.Send);
        int hangups = 0;
        IvFd fd = bench.Watch(near, onHangup: fd => fd.HandlerHangup = ++hangups == 3 ? null : fd.HandlerHangup);
        bench.Until(() => hangups == 3, "the hangup is told");
        bench.AssertSleeps("no longer wanted");
        Assert.That(hangups, Is.EqualTo(3));
        fd.HandlerIn = fd => bench.Log.Add(bench.Receive(fd.Socket!));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["last"]));
    });

    [Test]
    [Category("F1")]
    public void Later_bands_are_left_out_after_an_unregister_in_the_handler() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far);
        bench.Watch(near, fd =>
        {
            bench.Log.Add("in");
            fd.Unregister();
        }, bench.Say("out"));
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["in"]));
    });

    [Test]
    [Category("F1")]
    public void A_handler_that_an_earlier_one_cleared_is_not_called() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far);
        bench.Watch(near, fd =>
        {
            bench.Log.Add("in");
            fd.HandlerOut = null;
        }, bench.Say("out"));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in"]));
    });

    [Test]
    public void A_handler_swapped_inside_the_batch_counts_at_once() => backend.Run(bench =>
    {
        (IvSocket first, IvSocket farFirst) = bench.Pair();
        (IvSocket second, IvSocket farSecond) = bench.Pair();
        IvFd one = bench.Watch(first);
        IvFd other = bench.Watch(second);
        one.HandlerIn = _ => Swap("one", other);
        other.HandlerIn = _ => Swap("other", one);
        bench.Send(farFirst);
        bench.Send(farSecond);
        bench.Turn();
        Assert.That(bench.Log, Has.Count.EqualTo(2));
        Assert.That(bench.Log[1], Is.EqualTo("swapped"));

        void Swap(string name, IvFd peer)
        {
            bench.Log.Add(name);
            peer.HandlerIn = bench.Say("swapped");
        }
    });

    [Test]
    [Category("F3")]
    public void With_only_Err_wanted_a_close_is_told_and_data_is_not() => backend.Run(bench =>
    {
        backend.SkipIf(WineQuirks.HidesEndBehindData);
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Watch(near, onErr: fd =>
        {
            bench.Log.Add("err");
            fd.HandlerErr = null;
        });
        bench.Send(far);
        bench.Turn(2);
        Assert.That(bench.Log, Is.Empty);
        far.Dispose();
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["err"]));
        bench.AssertSleeps("nothing is wanted");
    });

    [Test]
    public void Urgent_data_calls_Pri() => backend.Run(bench =>
    {
        backend.Require(Need.UrgentData);
        (IvSocket near, IvSocket far) = bench.Connection();
        bench.Watch(near, bench.Say("in"), onPri: fd =>
        {
            byte[] urgent = new byte[1];
            bench.Log.Add($"pri {fd.Socket!.Receive(urgent, SocketFlags.OutOfBand)} {(char)urgent[0]}");
            fd.HandlerPri = null;
        });
        Assert.That(far.Send("!"u8, SocketFlags.OutOfBand).Bytes, Is.EqualTo(1));
        bench.Until(() => bench.Log.Count > 0, "urgent data arrives");
        Assert.That(bench.Log[0], Is.EqualTo("pri 1 bytes !"));
    });

    [Test]
    public void Break_in_one_handler_leaves_the_other_bands_out_of_this_turn() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far);
        bench.Watch(near, _ =>
        {
            bench.Log.Add("in");
            bench.Loop.Break();
        }, bench.Say("out"));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in"]));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in", "in"]), "ready still, and told again");
    });

    [Test]
    public void A_batch_smaller_than_the_crowd_starves_nobody() => backend.Run(
        bench =>
        {
            const int crowd = 10;
            int[] calls = new int[crowd];
            for (int i = 0; i < crowd; i++)
            {
                int index = i;
                bench.Watch(bench.Pair().Near, onOut: _ => calls[index]++);
            }

            bench.Turn(20);
            Assert.That(calls, Has.All.EqualTo(4), "20 turns of 2 are 4 for each of 10");
        },
        batchSize: 2);
}
