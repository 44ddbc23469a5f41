using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>Rows M1 and M2: what a pump says and wants, on each way that the bytes may have to go.</summary>
[NonParallelizable] // counts and refuses the process's system calls
internal sealed class IvFdPumpTests
{
    private const bool Yes = true;
    private const bool No = false;

    [Test]
    [Category("M1")]
    public void A_new_pump_wants_to_read_and_says_so_once()
    {
        using var rig = new PumpRig();
        Assert.That(rig.Bands, Is.EqualTo([(Yes, No)]));
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.More));
        Assert.That(rig.Bands, Has.Count.EqualTo(1), "nothing to read: what it wants is as before");
    }

    [Test]
    public void Its_state_is_there_when_the_bands_are_told_for_the_first_time()
    {
        object? seen = null;
        (IvSocket one, IvSocket other) = IvSocket.CreatePair();
        using (one)
        using (other)
        {
            using var pump = new IvFdPump(new IvFd(one), new IvFd(other), (pump, _, _) => seen = pump.State, "state");
            Assert.That(seen, Is.EqualTo("state"));
        }
    }

    [Test]
    [Category("M1")]
    public void What_comes_in_goes_out([Values] PumpWay way)
    {
        using var rig = new PumpRig(way);
        rig.Write(1000, 0);
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.More));
        rig.Read();
        rig.AssertReceived(1000);
        Assert.That((rig.Pump.BytesIn, rig.Pump.BytesOut, rig.Pump.BytesInHand), Is.EqualTo((1000L, 1000L, 0)));
        Assert.That(rig.Pump.BytesSpliced, Is.EqualTo(way == PumpWay.Splice && !OperatingSystem.IsWindows() ? 1000 : 0));
        Assert.That(rig.Bands, Has.Count.EqualTo(1), "it never had to wait for the target");
    }

    [Test]
    [Category("M1")]
    public void A_target_that_is_full_is_waited_for_and_reading_goes_on_until_the_pump_is_full_too([Values] PumpWay way)
    {
        using var rig = new PumpRig(way);
        int sent = rig.FillUp();
        Assert.That(rig.Bands[^1], Is.EqualTo((No, Yes)));
        Assert.That(rig.Pump.BytesInHand, Is.Positive);
        Assert.That(rig.IsReady, Is.False, "what it wants is not ready: a loop would sleep");
        rig.Source.Dispose();
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
        rig.AssertReceived(sent);
        Assert.That(rig.Bands[^1], Is.EqualTo((No, No)));
    }

    [Test]
    [Category("M1")]
    public void A_reader_that_is_slow_with_nothing_more_to_read_leaves_both_bands_wanted([Values] PumpWay way)
    {
        using var rig = new PumpRig(way);
        int sent = FillTarget(rig);
        Assert.That(rig.Bands[^1], Is.EqualTo((Yes, Yes)), "it waits for room, and for more");
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.More));
        Assert.That(rig.Bands[^1], Is.EqualTo((Yes, Yes)), "that nothing was there to read is no reason to think that the pipe is full");
        Assert.That(rig.IsReady, Is.False);
        sent += rig.Write(10, sent);
        Assert.That(rig.IsReady, Is.True, "more has come");
        rig.Source.Dispose();
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
        rig.AssertReceived(sent);
    }

    [Test]
    [Category("M1")]
    public void The_end_is_passed_on_after_the_last_byte([Values] PumpWay way)
    {
        using var rig = new PumpRig(way);
        int sent = FillTarget(rig);
        rig.Source.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.More));
        Assert.That(rig.Bands[^1], Is.EqualTo((No, Yes)), "the end was read, and bytes are in hand");
        Assert.That(rig.Pump.IsDone, Is.False);
        Assert.That(rig.Faults[SysCall.Shutdown], Is.EqualTo(OperatingSystem.IsLinux() ? 1 : 0), "ours of the source, counted on Linux");
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
        rig.AssertReceived(sent);
        Assert.That(rig.Read().IsEnd, Is.True);
        Assert.That(rig.Bands[^1], Is.EqualTo((No, No)));
    }

    [Test]
    [Category("M1")]
    public void An_end_with_nothing_in_hand_is_done_in_the_same_call([Values] PumpWay way)
    {
        using var rig = new PumpRig(way);
        rig.Write(10, 0);
        rig.Source.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.More), "the bytes");
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.Done), "the end");
        Assert.That(rig.Pump.IsDone, Is.True);
        Assert.That(rig.Bands, Is.EqualTo([(Yes, No), (No, No)]));
        rig.Read();
        rig.AssertReceived(10);
        Assert.That(rig.Read().IsEnd, Is.True);
    }

    [Test]
    [Category("M1")]
    public void Without_RelaysEnd_the_target_stays_open([Values(PumpWay.Splice, PumpWay.SourceRefuses)] PumpWay way)
    {
        using var rig = new PumpRig(way, relaysEnd: false);
        rig.Write(10, 0);
        rig.Source.Dispose();
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
        rig.AssertReceived(10);
        Assert.That(rig.Read().WouldBlock, Is.True);
        Assert.That(rig.To.Send("more"u8).Bytes, Is.EqualTo(4));
    }

    [Test]
    [Category("M1")]
    public void Done_is_final()
    {
        using var rig = new PumpRig();
        rig.Source.Dispose();
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.Done));
        rig.Faults.Clear();
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.Done));
        Assert.That(rig.Faults.Total, Is.Zero, "nothing is asked of the kernel any more");
        rig.Pump.Dispose();
        Assert.That(rig.Bands, Is.EqualTo([(Yes, No), (No, No)]), "nothing is told twice");
    }

    [Test]
    [Category("M2")]
    public void A_read_error_is_told_when_everything_that_was_read_has_been_written([Values] PumpWay way)
    {
        WineQuirks.SkipIf(WineQuirks.TakesErrors);
        using var rig = new PumpRig(way, tcp: true);
        int sent = rig.FillUp();
        long read = rig.Pump.BytesIn;
        Assert.That(rig.Pump.BytesInHand, Is.Positive);
        rig.Source.Linger = TimeSpan.Zero;
        rig.Source.Dispose();
        Assert.That(rig.Pump.Error, Is.EqualTo(IvError.None));
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Failed));
        Assert.That(rig.Pump.Error, Is.EqualTo(IvError.ECONNRESET));
        Assert.That(rig.Pump.FailedFd, Is.SameAs(rig.Pump.From));
        Assert.That(rig.Pump.BytesOut, Is.EqualTo(rig.Pump.BytesIn).And.GreaterThanOrEqualTo(read).And.LessThanOrEqualTo(sent));
        rig.To.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        while (!rig.Read().IsEnd)
        {
            Wait.Readable(rig.Sink);
        }

        rig.AssertReceived((int)rig.Pump.BytesOut);
        Assert.That(rig.Bands[^1], Is.EqualTo((No, No)));
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.Failed), "it is final");
    }

    [Test]
    [Category("M2")]
    public void A_write_error_is_told_at_once([Values] PumpWay way)
    {
        using var rig = new PumpRig(way);
        rig.FillUp();
        int inHand = rig.Pump.BytesInHand;
        rig.Sink.Dispose();
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.Failed));
        Assert.That(rig.Pump.Error, Is.EqualTo(IvError.EPIPE).Or.EqualTo(IvError.ECONNRESET));
        Assert.That(rig.Pump.FailedFd, Is.SameAs(rig.Pump.To));
        Assert.That(rig.Pump.BytesInHand, Is.GreaterThanOrEqualTo(inHand), "what was lost can be told");
        Assert.That(rig.Bands[^1], Is.EqualTo((No, No)), "nothing is wanted of a pump that failed: it can't spin");
    }

    [Test]
    public void A_socket_that_was_disposed_is_an_error_and_no_stranger_is_read()
    {
        using var rig = new PumpRig();
        rig.From.Dispose();
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.Failed));
        Assert.That(rig.Pump.Error, Is.EqualTo(IvError.Disposed));
    }

    [Test]
    public void One_call_reads_no_more_than_it_may([Values(PumpWay.Splice, PumpWay.SourceRefuses)] PumpWay way, [Values(1, 100, 70_000)] int most)
    {
        using var rig = new PumpRig(way, maxBytes: most);
        int sent = rig.Write(100_000, 0);
        long before = 0;
        while (rig.Pump.BytesIn < sent)
        {
            rig.Pump.Pump();
            Assert.That(rig.Pump.BytesIn - before, Is.InRange(1, most));
            before = rig.Pump.BytesIn;
            rig.Read();
            if (most == 1 && before == 100)
            {
                return;
            }
        }

        Assert.That(rig.Pump.BytesIn, Is.EqualTo(sent));
    }

    [Test]
    public void A_pump_from_a_socket_to_itself_is_an_echo_with_back_pressure([Values(PumpWay.Splice, PumpWay.SourceRefuses)] PumpWay way)
    {
        (IvSocket client, IvSocket server) = IvSocket.CreatePair();
        using var faults = new CountingFaults { Script = (call, fd, _) => way.Refusal(call, fd, server.Handle) };
        var fd = new IvFd(server);
        List<(bool, bool)> bands = [];
        using var pump = new IvFdPump(fd, fd, (_, wantIn, wantOut) => bands.Add((wantIn, wantOut))) { RelaysEnd = true };
        byte[] chunk = new byte[1 << 16];
        long sent = 0;
        for (long before = -1; before < sent + pump.BytesIn;)
        {
            before = sent + pump.BytesIn;
            sent += client.Send(chunk).Bytes;
            pump.Pump();
        }

        Assert.That(bands[^1], Is.EqualTo((false, true)), "the client does not read: the server does not either");
        client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        long received = 0;
        IvPumpStatus status = IvPumpStatus.More;
        IvIoResult result = IvIoResult.Blocked;
        while (!result.IsEnd)
        {
            result = client.Receive(chunk);
            received += result.Bytes;
            status = status == IvPumpStatus.More ? pump.Pump() : status;
        }

        Assert.That(status, Is.EqualTo(IvPumpStatus.Done));
        Assert.That(received, Is.EqualTo(sent));
        client.Dispose();
        server.Dispose();
    }

    [Test]
    [Platform("Linux", Reason = "splice(2)")]
    public void Bytes_that_are_in_the_pipe_when_the_target_refuses_are_all_delivered()
    {
        // The target takes the first splices, and refuses when a lot is in the pipe.
        bool refuses = false;
        nint target = -1;
        using var rig = new PumpRig(faults: (call, fd) => refuses && call == SysCall.Splice && fd != target ? IvError.EINVAL : IvError.None);
        target = rig.From.Handle;
        int sent = rig.FillUp();
        int inHand = rig.Pump.BytesInHand;
        Assert.That(inHand, Is.GreaterThan(IvFdPump.BufferSize), "more than one buffer of it");
        long spliced = rig.Pump.BytesSpliced;
        refuses = true;
        rig.Source.Dispose();
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
        rig.AssertReceived(sent);
        Assert.That(rig.Pump.BytesSpliced, Is.EqualTo(spliced));
    }

    [Test]
    public void Bytes_that_are_in_the_pipe_when_the_source_begins_to_refuse_are_delivered_first()
    {
        bool refuses = false;
        nint source = -1;
        using var rig = new PumpRig(faults: (call, fd) => refuses && call == SysCall.Splice && fd == source ? IvError.EINVAL : IvError.None);
        source = rig.From.Handle;
        int sent = FillTarget(rig);
        refuses = true;
        sent += rig.Write(1000, sent);
        rig.Source.Dispose();
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
        rig.AssertReceived(sent);
    }

    [Test]
    public void An_interrupted_call_is_not_noticed([Values] PumpWay way)
    {
        int number = 0;
        using var rig = new PumpRig(way, faults: (_, _) => ++number % 2 == 1 ? IvError.EINTR : IvError.None);
        int sent = rig.FillUp();
        rig.Source.Dispose();
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
        rig.AssertReceived(sent);
        Assert.That(rig.Faults.Injected, Is.Positive);
    }

    [Test]
    [Platform("Linux", Reason = "splice(2)")]
    public void A_pump_that_is_splicing_makes_two_calls_for_what_is_there()
    {
        using var rig = new PumpRig();
        rig.Write(100_000, 0);
        rig.Pump.Pump();
        rig.Read(1 << 20);
        rig.Write(100_000, 100_000);
        rig.Faults.Clear();
        rig.Pump.Pump();
        Assert.That(rig.Faults[SysCall.Splice], Is.EqualTo(2), rig.Faults.ToString());
        Assert.That(rig.Faults[SysCall.Recv] + rig.Faults[SysCall.Send] + rig.Faults[SysCall.Read] + rig.Faults[SysCall.Write], Is.Zero);
    }

    [Test]
    public void The_callback_may_dispose_the_pump()
    {
        (IvSocket source, IvSocket from) = IvSocket.CreatePair();
        (IvSocket to, IvSocket sink) = IvSocket.CreatePair();
        int told = 0;
        var pump = new IvFdPump(new IvFd(from), new IvFd(to), (pump, wantIn, _) =>
        {
            told++;
            if (!wantIn)
            {
                pump.Dispose();
            }
        });
        source.Dispose();
        Assert.That(pump.Pump(), Is.EqualTo(IvPumpStatus.Done));
        Assert.That(told, Is.EqualTo(2));
        from.Dispose();
        to.Dispose();
        sink.Dispose();
    }

    [Test]
    public void Pump_after_Dispose_is_a_misuse()
    {
        using var rig = new PumpRig();
        rig.Pump.Dispose();
        Assert.That(rig.Bands, Is.EqualTo([(Yes, No), (No, No)]));
        rig.Pump.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, () => rig.Pump.Pump());
        Assert.That(rig.Bands, Has.Count.EqualTo(2));
    }

    [Test]
    public void Bad_arguments_are_refused()
    {
        using var rig = new PumpRig();
        IvFd fd = rig.Pump.From;
        Assert.That(() => new IvFdPump(null!, fd, (_, _, _) => { }), Throws.ArgumentNullException);
        Assert.That(() => new IvFdPump(fd, null!, (_, _, _) => { }), Throws.ArgumentNullException);
        Assert.That(() => new IvFdPump(fd, fd, null!), Throws.ArgumentNullException);
        Assert.That(() => new IvFdPump(fd, fd, (_, _, _) => { }) { MaxBytesPerPump = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Its_text_names_the_descriptors_and_what_has_passed()
    {
        using var rig = new PumpRig();
        rig.Write(5, 0);
        rig.Pump.Pump();
        Assert.That(rig.Pump.ToString(), Does.Match("^IvFdPump IvFd [0-9]+ .* -> IvFd [0-9]+ .* \\(5 bytes\\)$"));
    }

    // Until the target takes no more; nothing is left to read, and something is in hand.
    private static int FillTarget(PumpRig rig)
    {
        int sent = 0;
        while (rig.Pump.BytesInHand == 0)
        {
            sent += rig.Write(10_000, sent);
            rig.Pump.Pump();
        }

        return sent;
    }
}
