using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Bsd;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>The rules of kqueue(2) that bite, each held by what the poller tells its kernel, and what it makes of the answers.</summary>
[TestFixtureSource(nameof(Systems))]
[NonParallelizable]
[Platform("Linux")]
internal sealed class KqueuePollerTests(KqueueQuirks quirks)
{
    public static IEnumerable<KqueueQuirks> Systems => [KqueueQuirks.Darwin, KqueueQuirks.FreeBsd];

    [Test]
    public void A_registration_is_one_call_with_room_for_each_answer_and_has_a_knote_for_reading_whatever_is_wanted()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, _) = rig.Sockets();
        rig.Add(near, IvBands.None, 1);
        Assert.That(rig.Calls.Changes, Is.EqualTo([$"{near} READ ADD DISABLE"]));
        Assert.That(rig.Calls.Calls.Single().Room, Is.GreaterThanOrEqualTo(1));
        Assert.That(rig.Calls.Calls.Single().Changes[0].Flags & KqueueNumbers.EV_RECEIPT, Is.Not.Zero);
        Assert.That(rig.Queue.Knotes, Is.EqualTo(2), "and the one that wakes");
    }

    [Test]
    public void No_call_has_changes_and_less_room_for_their_answers_but_the_one_that_wakes()
    {
        using var rig = new KqueueRig(quirks);
        nint[] numbers = [.. Enumerable.Range(0, 50).Select(_ => rig.Sockets().Near)];
        for (int i = 0; i < numbers.Length; i++)
        {
            rig.Add(numbers[i], IvBands.In, (ulong)i + 1);
        }

        IvChange[] changes = [.. numbers.Select(static (number, i) => new IvChange(number, (ulong)i + 1, IvBands.In, IvBands.In | IvBands.Out))];
        rig.Wait(IvTimestamp.MinValue, 8, changes);
        rig.Wait(IvTimestamp.MinValue, 0, [.. changes.Select(static change => change with { From = change.Want, Want = IvBands.None })]);
        rig.Poller.Wake();
        Assert.That(rig.Calls.Calls.Where(static call => call.Changes.Length > call.Room), Has.Exactly(1).Matches<(KqueueEvent[] Changes, int Room, long)>(
            call => call.Changes.Length == 1 && call.Changes[0].Filter == quirks.Dialect.UserFilter));
    }

    [Test]
    public void Changes_go_along_with_the_wait_in_one_call()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, _) = rig.Sockets();
        rig.Add(near, IvBands.In, 1);
        rig.Calls.Clear();
        Assert.That(rig.Look(new IvChange(near, 1, IvBands.In, IvBands.Out)), Is.EqualTo("1: Out"));
        Assert.That(rig.Calls.Changes, Is.EqualTo([$"{near} READ DISABLE", $"{near} WRITE ADD ENABLE"]));
        Assert.That(rig.Calls.Calls, Has.Count.EqualTo(1));
        rig.Calls.Clear();
        Assert.That(rig.Look(), Is.EqualTo("1: Out"));
        Assert.That(rig.Calls.Calls.Single().Changes, Is.Empty);
    }

    [Test]
    public void What_is_not_wanted_is_disabled_and_what_is_wanted_again_enabled_with_all_that_a_change_overwrites()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Send(far);
        rig.Add(near, IvBands.In, 7);
        rig.Calls.Clear();
        Assert.That(rig.Look(new IvChange(near, 7, IvBands.In, IvBands.None)), Is.Empty);
        Assert.That(rig.Look(new IvChange(near, 7, IvBands.None, IvBands.In)), Is.EqualTo("7: In"));
        Assert.That(rig.Calls.Changes, Is.EqualTo([$"{near} READ DISABLE", $"{near} READ ENABLE"]));
        Assert.That(rig.Calls.Calls.SelectMany(static call => call.Changes), Has.All.Matches<KqueueEvent>(static change => change.UserData == 7));
    }

    [Test]
    public void Reading_and_writing_of_one_descriptor_are_one_report()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Send(far);
        rig.Add(near, IvBands.In | IvBands.Out, 1);
        Assert.That(rig.Look(), Is.EqualTo("1: In, Out"));
    }

    [Test]
    public void A_mode_is_changed_by_taking_the_knote_out_and_adding_it_since_a_second_ADD_does_not()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Add(near, IvBands.Hangup, 1);
        Assert.That(rig.Calls.Changes, Is.EqualTo([$"{near} READ ADD ENABLE CLEAR"]));
        rig.Calls.Clear();
        rig.Send(far);
        Assert.That(rig.Look(new IvChange(near, 1, IvBands.Hangup, IvBands.In)), Is.EqualTo("1: In"));
        Assert.That(rig.Look(), Is.EqualTo("1: In"), "level-triggered");
        Assert.That(rig.Calls.Changes.Select(static change => change.Replace(" CLEAR", string.Empty)), Is.EqualTo([$"{near} READ DELETE", $"{near} READ ADD ENABLE"]));
    }

    [Test]
    public void Data_is_no_news_to_who_wants_only_the_hangup_and_does_not_spin_when_the_buffer_is_full()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Add(near, IvBands.Hangup, 1);
        IvNetwork.System.SetBlocking(far, blocking: false);
        while (IvNetwork.System.Write(far, new byte[4096]).IsOk)
        {
            Assert.That(rig.Look(), Is.Empty);
        }

        rig.Calls.Clear();
        IvTimestamp due = IvTimestamp.System + TimeSpan.FromMilliseconds(20);
        while (IvTimestamp.System < due)
        {
            Assert.That(rig.Wait(due, 4), Is.Empty);
        }

        Assert.That(rig.Calls.Calls, Has.Count.LessThan(5));
        IvNetwork.System.Shutdown(far, SocketShutdown.Send);
        Assert.That(rig.Look(), Is.EqualTo("1: Hangup"));
        Assert.That(rig.Look(), Is.EqualTo("1: Hangup"), "and as long as it is wanted");
    }

    [Test]
    public void The_end_of_reading_alone_is_a_hangup_and_with_that_of_writing_both_are_closed()
    {
        using var rig = new KqueueRig(quirks);
        (nint half, nint farHalf) = rig.Sockets();
        (nint full, nint farFull) = rig.Sockets();
        rig.Add(half, IvBands.In | IvBands.Out | IvBands.Hangup | IvBands.Err, 1);
        rig.Add(full, IvBands.In | IvBands.Out | IvBands.Hangup | IvBands.Err, 2);
        IvNetwork.System.Shutdown(farHalf, SocketShutdown.Send);
        rig.Close(farFull);
        Assert.That(rig.Look(), Is.EqualTo("1: In, Out, Hangup; 2: In, Out, Hangup, Closed"));
    }

    [Test]
    public void Who_wants_In_and_Err_hears_of_a_half_close_at_once_and_of_a_full_one_once_writing_was_asked_about()
    {
        using var rig = new KqueueRig(quirks);
        (nint half, nint farHalf) = rig.Sockets();
        (nint full, nint farFull) = rig.Sockets();
        rig.Add(half, IvBands.In | IvBands.Err, 1);
        rig.Add(full, IvBands.In | IvBands.Err, 2);
        IvNetwork.System.Shutdown(farHalf, SocketShutdown.Send);
        rig.Close(farFull);
        Assert.That(rig.Look(), Is.EqualTo("1: In; 2: In"));
        Assert.That(rig.Look(), Is.EqualTo("1: In; 2: In, Closed"));
        Assert.That(rig.Look(), Is.EqualTo("1: In; 2: In, Closed"));
    }

    [Test]
    public void An_end_that_was_no_news_at_first_is_told_to_who_wants_it_later()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Add(near, IvBands.Err, 1);
        IvNetwork.System.Shutdown(far, SocketShutdown.Send);
        Assert.That(rig.Look(), Is.Empty, "a half-close is no error");
        Assert.That(rig.Wait(IvTimestamp.System + TimeSpan.FromMilliseconds(1), 4), Is.Empty, "and does not spin");
        Assert.That(rig.Look(new IvChange(near, 1, IvBands.Err, IvBands.Out | IvBands.Hangup)), Is.EqualTo("1: Out, Hangup"));
        Assert.That(rig.Look(), Is.EqualTo("1: Out, Hangup"));
    }

    [Test]
    public void Our_own_half_close_is_no_hangup_of_the_peer()
    {
        using var rig = new KqueueRig(quirks);
        using var tcp = new TcpPair();
        rig.Add(tcp.Client.Handle, IvBands.In | IvBands.Out | IvBands.Hangup, 1);
        tcp.Client.Shutdown(SocketShutdown.Send);
        Wait.For(() => ModelCalls.HasSentEnd((int)tcp.Client.Handle));
        Assert.That(rig.Look(), Is.EqualTo("1: Out"), "EV_EOF on EVFILT_WRITE");
    }

    [Test]
    public void A_reset_is_an_error_on_each_filter()
    {
        using var rig = new KqueueRig(quirks);
        foreach ((IvBands want, string expected) in ((IvBands, string)[])[(IvBands.In, "In, Err"), (IvBands.Out, "Out, Err"), (IvBands.Err, "Err"), (IvBands.Hangup, "Err, Hangup")])
        {
            using var tcp = new TcpPair();
            tcp.Server.Linger = TimeSpan.Zero;
            tcp.Server.Dispose();
            nint near = tcp.Client.Handle;
            Wait.For(() => (ModelCalls.Poll((int)near) & ModelCalls.PollErr) != 0);
            rig.Add(near, want, 1);
            Assert.That(rig.Look(), Is.EqualTo($"1: {expected}"));
            Assert.That(rig.Look(), Is.EqualTo($"1: {expected}"), "as long as it is wanted");
            rig.Poller.Remove(near, 1);
        }
    }

    [Test]
    public void A_connecting_socket_is_watched_for_writing_alone_and_its_error_is_left_for_the_one_who_asks()
    {
        using var rig = new KqueueRig(quirks);
        var tcp = new TcpPair();
        EndPoint nobody = tcp.Listener.LocalEndPoint!;
        tcp.Dispose();
        using IvSocket socket = IvSocket.Connect(nobody);
        rig.Add(socket.Handle, IvBands.Out | IvBands.Err, 1);
        Assert.That(rig.Calls.Changes, Is.EqualTo([$"{socket.Handle} READ ADD DISABLE", $"{socket.Handle} WRITE ADD ENABLE"]));
        Assert.That(rig.Wait(IvTimestamp.System + TimeSpan.FromSeconds(20), 4), Is.EqualTo("1: Out, Err"));
        Assert.That(socket.TakeError(), Is.EqualTo(IvError.ECONNREFUSED));
    }

    [Test]
    public void A_pipe_that_nobody_reads_is_an_error_whichever_way_its_kernel_says_it([Values] bool before)
    {
        using var rig = new KqueueRig(quirks);
        (nint read, nint write) = rig.Pipe();
        if (before)
        {
            rig.Close(read);
        }

        rig.Add(write, IvBands.Out | IvBands.Err, 1);
        if (!before)
        {
            Assert.That(rig.Look(), Is.EqualTo("1: Out"));
            rig.Close(read);
        }

        Assert.That(rig.Look(), Is.EqualTo("1: Out, Err"));
        Assert.That(rig.Wait(IvTimestamp.MaxValue, 4), Is.EqualTo("1: Out, Err"), "told again, and nobody sleeps over it");
        Assert.That(rig.Look(new IvChange(write, 1, IvBands.Out | IvBands.Err, IvBands.None)), Is.Empty);
        Assert.That(rig.Wait(IvTimestamp.System + TimeSpan.FromMilliseconds(1), 4), Is.Empty);
        Assert.That(rig.Look(new IvChange(write, 1, IvBands.None, IvBands.Err)), Is.EqualTo("1: Err"));
        rig.Poller.Remove(write, 1);
        Assert.That(rig.Look(), Is.Empty);
        Assert.That(rig.Queue.Knotes, Is.EqualTo(1), "the one that wakes");
    }

    [Test]
    public void The_end_of_a_pipe_is_the_end_of_all_of_it()
    {
        using var rig = new KqueueRig(quirks);
        (nint read, nint write) = rig.Pipe();
        rig.Send(write);
        rig.Add(read, IvBands.In | IvBands.Err, 1);
        rig.Close(write);
        Assert.That(rig.Look(), Is.EqualTo("1: In, Closed"), "data and end");
    }

    [Test]
    public void A_number_closed_and_taken_by_a_stranger_is_refused_with_its_next_change_and_the_stranger_left_alone([Values] bool wasWanted)
    {
        using var rig = new KqueueRig(quirks);
        (nint near, _) = rig.Sockets();
        IvBands told = wasWanted ? IvBands.In : IvBands.None;
        rig.Add(near, told, 1);
        Native.Replace((int)rig.Sockets().Near, (int)near);
        Assert.That(rig.Look(new IvChange(near, 1, told, IvBands.In | IvBands.Out)), Is.EqualTo("1: EBADF"));
        Assert.That(rig.Queue.Knotes, Is.EqualTo(1), "the one that wakes");
        Assert.That(rig.Look(), Is.Empty);
        rig.Add(near, IvBands.Out, 2);
        Assert.That(rig.Look(), Is.EqualTo("2: Out"));
    }

    [Test]
    public void A_refused_change_keeps_no_other_from_being_told_in_the_same_wait()
    {
        using var rig = new KqueueRig(quirks);
        (nint gone, _) = rig.Sockets();
        (nint near, nint far) = rig.Sockets();
        rig.Add(gone, IvBands.In, 1);
        rig.Add(near, IvBands.None, 2);
        rig.Close(gone);
        rig.Send(far);
        Assert.That(
            rig.Look(new IvChange(gone, 1, IvBands.In, IvBands.Out), new IvChange(near, 2, IvBands.None, IvBands.In)),
            Is.EqualTo("1: EBADF; 2: In"));
        rig.Poller.Remove(gone, 1);
        Assert.That(rig.Look(), Is.EqualTo("2: In"));
    }

    [Test]
    public void Refusals_beyond_the_room_are_kept_and_counted_for_who_only_hands_over()
    {
        using var rig = new KqueueRig(quirks);
        nint[] numbers = [.. Enumerable.Range(0, 5).Select(_ => rig.Sockets().Near)];
        IvChange[] changes = [.. numbers.Select(static (number, i) => new IvChange(number, (ulong)i + 1, IvBands.In, IvBands.Out))];
        foreach (IvChange change in changes)
        {
            rig.Add(change.Handle, IvBands.In, change.Token);
            rig.Close(change.Handle);
        }

        Assert.That(rig.Poller.Wait(changes, IvTimestamp.MinValue, []), Is.EqualTo(5));
        Assert.That(rig.Wait(IvTimestamp.MaxValue, 2), Is.EqualTo("1: EBADF; 2: EBADF"));
        Assert.That(rig.Wait(IvTimestamp.MaxValue, 9), Is.EqualTo("3: EBADF; 4: EBADF; 5: EBADF"));
    }

    [Test]
    public void Many_changes_are_handed_over_in_parts_that_keep_those_of_a_descriptor_together()
    {
        using var rig = new KqueueRig(quirks);
        const int count = 700;
        nint[] numbers = [.. Enumerable.Range(0, count / 2).Select(_ => rig.Sockets()).SelectMany(static pair => (nint[])[pair.Near, pair.Far])];
        for (int i = 0; i < count; i++)
        {
            rig.Add(numbers[i], IvBands.In, (ulong)i + 1);
        }

        rig.Calls.Clear();
        Assert.That(rig.Poller.Wait([.. numbers.Select(static (number, i) => new IvChange(number, (ulong)i + 1, IvBands.In, IvBands.Out))], IvTimestamp.MinValue, []), Is.Zero);
        Assert.That(rig.Calls.Calls, Has.Count.EqualTo(2), "1400 changes");
        Assert.That(rig.Calls.Calls, Has.All.Matches<(KqueueEvent[] Changes, int Room, long)>(static call => call.Changes.Length <= 1024 && call.Room >= call.Changes.Length));
        Assert.That(rig.Calls.Calls[0].Changes[^1].Ident, Is.Not.EqualTo(rig.Calls.Calls[1].Changes[0].Ident));
        var ready = new IvReady[count];
        Assert.That(rig.Poller.Wait([], IvTimestamp.MinValue, ready), Is.EqualTo(count));
    }

    [Test]
    public void An_interrupted_wait_has_applied_its_changes_and_they_are_not_handed_over_again_B13()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Send(far);
        rig.Add(near, IvBands.None, 1);
        rig.Calls.Clear();
        rig.Model.Interruptions = 1;
        Assert.That(rig.Look(new IvChange(near, 1, IvBands.None, IvBands.In)), Is.Empty);
        Assert.That(rig.Look(), Is.EqualTo("1: In"));
        Assert.That(rig.Calls.Changes, Is.EqualTo([$"{near} READ ENABLE"]));
    }

    [Test]
    public void A_deadline_is_passed_in_nanoseconds_and_no_wait_ends_before_it()
    {
        using var rig = new KqueueRig(quirks);
        for (int microseconds = 50; microseconds < 5000; microseconds *= 3)
        {
            rig.Calls.Clear();
            IvTimestamp due = IvTimestamp.System + TimeSpan.FromMicroseconds(microseconds);
            Assert.That(rig.Wait(due, 4), Is.Empty);
            Assert.That(IvTimestamp.System, Is.GreaterThanOrEqualTo(due));
            Assert.That(rig.Calls.Calls.Single().Nanoseconds, Is.InRange(0, microseconds * 1000L));
        }

        rig.Poller.Wake();
        rig.Calls.Clear();
        rig.Wait(IvTimestamp.MaxValue, 4);
        Assert.That(rig.Calls.Calls.Single().Nanoseconds, Is.Negative, "for ever");
    }

    [Test]
    public void A_device_that_the_kernel_does_not_take_is_EPERM_as_a_file_is_and_leaves_nothing()
    {
        using var rig = new KqueueRig(quirks);
        nint device = rig.Own(Native.Open("/dev/null"));
        Assert.That(rig.Poller.Add(device, IvBands.In, 1), Is.EqualTo(IvError.EPERM));
        Assert.That(rig.Queue.Knotes, Is.EqualTo(1), "the one that wakes");
    }

    [Test]
    public void What_is_registered_already_or_closed_is_refused_and_changes_nothing()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Add(near, IvBands.In, 1);
        Assert.That(rig.Poller.Add(near, IvBands.In, 2), Is.EqualTo(IvError.EEXIST));
        rig.Close(far);
        Assert.That(rig.Poller.Add(far, IvBands.In, 3), Is.EqualTo(IvError.EBADF));
        Assert.That(rig.Poller.Add(-1, IvBands.In, 3), Is.EqualTo(IvError.EBADF));
        Assert.That(rig.Poller.Add(unchecked((nint)0x1_0000_0003), IvBands.In, 3), Is.EqualTo(IvError.EBADF));
        Assert.That(rig.Look(), Is.EqualTo("1: In"));
    }

    [Test]
    public void A_closed_descriptor_in_a_sandbox_is_EBADF_too_and_unregistering_it_no_failure()
    {
        using var rig = new KqueueRig(quirks with { IsSandboxed = quirks.Dialect.IsFreeBsd });
        (nint near, _) = rig.Sockets();
        rig.Add(near, IvBands.In, 1);
        rig.Close(near);
        Assert.That(rig.Poller.Holds(near, 1), Is.False);
        Assert.That(rig.Look(new IvChange(near, 1, IvBands.In, IvBands.Out)), Is.EqualTo("1: EBADF"));
        Assert.That(rig.Poller.Add(near, IvBands.In, 2), Is.EqualTo(IvError.EBADF));
        rig.Poller.Remove(near, 1);
    }

    [Test]
    public void Urgent_data_is_waited_for_where_there_is_a_filter_and_refused_where_there_is_none()
    {
        using var rig = new KqueueRig(quirks);
        using var tcp = new TcpPair();
        nint near = tcp.Client.Handle;
        if (quirks.Dialect.UrgentFilter == 0)
        {
            Assert.That(rig.Poller.Add(near, IvBands.Pri, 1), Is.EqualTo(IvError.EOPNOTSUPP));
            rig.Add(near, IvBands.In, 1);
            Assert.That(rig.Look(new IvChange(near, 1, IvBands.In, IvBands.In | IvBands.Pri)), Is.EqualTo("1: EOPNOTSUPP"));
            return;
        }

        rig.Add(near, IvBands.Pri, 1);
        Assert.That(rig.Look(), Is.Empty);
        tcp.Server.Send("!"u8, SocketFlags.OutOfBand);
        Assert.That(rig.Wait(IvTimestamp.System + TimeSpan.FromSeconds(20), 4), Is.EqualTo("1: Pri"));
        Assert.That(rig.Poller.Add(rig.Pipe().Read, IvBands.Pri, 2), Is.EqualTo(IvError.EOPNOTSUPP), "only sockets have it");
    }

    [Test]
    public void Events_of_a_registration_that_has_ended_are_dropped_though_its_number_goes_on()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Send(far);
        rig.Add(near, IvBands.In, 1);
        rig.Poller.Remove(near, 1);
        rig.Add(near, IvBands.None, 2);
        Assert.That(rig.Look(), Is.Empty);
        rig.Poller.Remove(near, 1);
        Assert.That(rig.Look(new IvChange(near, 2, IvBands.None, IvBands.In)), Is.EqualTo("2: In"), "nor does its token take out the new one");
    }

    [Test]
    public void Nothing_is_handed_over_for_a_registration_after_its_end()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Add(near, IvBands.In | IvBands.Err, 1);
        rig.Close(far);
        Assert.That(rig.Look(), Is.EqualTo("1: In"), "writing is to be asked about next");
        rig.Poller.Remove(near, 1);
        rig.Calls.Clear();
        Assert.That(rig.Look(), Is.Empty);
        Assert.That(rig.Calls.Changes, Is.Empty);
        Assert.That(rig.Queue.Knotes, Is.EqualTo(1), "the one that wakes");
    }

    [Test]
    public void Wakes_from_any_thread_are_merged_into_one_and_remembered([Values] bool byPipe, [Values] bool unknown)
    {
        using var rig = new KqueueRig(quirks with { LosesUserEvents = byPipe && !unknown, HasNoUserEvents = byPipe && unknown });
        Assert.That(rig.Poller.WakesByPipe, Is.EqualTo(byPipe), "the probe");
        for (int round = 0; round < 3; round++)
        {
            LoopThread.Begin(4, _ => rig.Poller.Wake())();
            Assert.That(rig.Wait(IvTimestamp.MaxValue, 4), Is.Empty);
            IvTimestamp due = IvTimestamp.System + TimeSpan.FromMilliseconds(1);
            Assert.That(rig.Wait(due, 4), Is.Empty);
            Assert.That(IvTimestamp.System, Is.GreaterThanOrEqualTo(due), "used up");
        }
    }

    [Test]
    public void A_wake_ends_a_wait_that_has_begun([Values] bool byPipe)
    {
        using var rig = new KqueueRig(quirks with { LosesUserEvents = byPipe });
        Action wait = LoopThread.Begin(1, _ =>
        {
            Wait.For(() =>
            {
                lock (rig.Calls.Calls)
                {
                    return rig.Calls.Calls.Exists(static call => call.Nanoseconds < 0);
                }
            });
            rig.Poller.Wake();
        });
        Assert.That(rig.Wait(IvTimestamp.MaxValue, 4), Is.Empty);
        wait();
    }

    [Test]
    public void A_wake_that_races_with_Dispose_or_comes_after_it_does_nothing([Values] bool byPipe)
    {
        for (int i = 0; i < 20; i++)
        {
            var rig = new KqueueRig(quirks with { LosesUserEvents = byPipe });
            Action wait = LoopThread.Begin(2, _ => rig.Poller.Wake());
            rig.Dispose();
            wait();
            rig.Poller.Wake();
            Assert.That(rig.Model.OpenQueues, Is.Zero);
        }

        var unused = new KqueueRig(quirks with { LosesUserEvents = byPipe });
        unused.Dispose();
        Assert.That(unused.Poller.Wake, Throws.Nothing, "the first one, too late");
    }

    [Test]
    [Provokes("IVF0060")]
    public void A_wait_that_fails_is_an_internal_failure_with_the_error()
    {
        using var rig = new KqueueRig(quirks);
        rig.Calls.Failures.Enqueue(-9);
        IvFatalInfo info = FatalScope.Expect(FatalCondition.PollFailed, () => rig.Look());
        Assert.That(info.Message, Does.Contain("kqueue").And.Contain("EBADF"));
        Assert.That(rig.Look(), Is.Empty);
    }

    [Test]
    [Provokes("IVF0061")]
    public void A_wake_that_fails_is_an_internal_failure_with_the_error()
    {
        using var rig = new KqueueRig(quirks);
        rig.Calls.Failures.Enqueue(-9);
        IvFatalInfo info = FatalScope.Expect(FatalCondition.WakeFailed, rig.Poller.Wake);
        Assert.That(info.Message, Does.Contain("kqueue").And.Contain("EBADF"));
    }

    [Test]
    public void A_queue_that_cannot_be_had_is_refused_with_what_to_do()
    {
        var calls = new KqueueRecorder(new KqueueModel(quirks)) { CreateFails = -24 };
        IvException? refused = Assert.Throws<IvException>(() => new KqueuePoller(calls).Dispose());
        Assert.That(refused!.Error, Is.EqualTo(IvError.EMFILE));
        Assert.That(refused.Message, Does.Contain("ulimit -n"));
    }

    [Test]
    public void The_queue_is_readable_when_something_is_to_be_reported_and_before_the_wake_is_taken()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Add(near, IvBands.In, 1);
        int queue = (int)rig.Poller.BackendHandle;
        Assert.That(ModelCalls.Poll(queue) & ModelCalls.PollIn, Is.Zero);
        rig.Send(far);
        Assert.That(ModelCalls.Poll(queue) & ModelCalls.PollIn, Is.Not.Zero);
        rig.Look(new IvChange(near, 1, IvBands.In, IvBands.None));
        Assert.That(ModelCalls.Poll(queue) & ModelCalls.PollIn, Is.Zero);
        rig.Poller.Wake();
        Assert.That(ModelCalls.Poll(queue) & ModelCalls.PollIn, Is.Not.Zero);
        rig.Look();
        Assert.That(ModelCalls.Poll(queue) & ModelCalls.PollIn, Is.Zero);
        rig.Poller.Dispose();
        Assert.That(() => rig.Poller.BackendHandle, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_number_that_was_closed_is_not_held_though_it_has_a_new_owner_and_Reset_is_not_needed()
    {
        using var rig = new KqueueRig(quirks);
        (nint near, nint far) = rig.Sockets();
        rig.Add(near, IvBands.In, 1);
        Assert.That(rig.Poller.Holds(near, 1), Is.True);
        Assert.That(rig.Poller.Holds(near, 2), Is.False);
        Native.Replace((int)far, (int)near);
        Assert.That(rig.Poller.Holds(near, 1), Is.False);
        Assert.That(rig.Poller.Reset(), Is.False);
    }

    [Test]
    public void A_small_batch_starves_nobody_and_a_report_cut_in_two_comes_whole_later()
    {
        using var rig = new KqueueRig(quirks);
        HashSet<ulong> seen = [];
        for (ulong token = 1; token <= 10; token++)
        {
            (nint near, nint far) = rig.Sockets();
            rig.Send(far);
            rig.Add(near, IvBands.In | IvBands.Out, token);
        }

        var ready = new IvReady[3];
        for (int i = 0; i < 10; i++)
        {
            foreach (IvReady item in ready.Take(rig.Poller.Wait([], IvTimestamp.MinValue, ready)))
            {
                seen.Add(item.Token);
            }
        }

        Assert.That(seen, Has.Count.EqualTo(10));
    }

    [Test]
    [Category("B18")]
    public void No_call_of_the_poller_allocates_once_its_tables_have_grown()
    {
        using var model = new KqueuePoller(new KqueueModel(quirks));
        Assert.That(IvNetwork.System.OpenPair(SocketType.Stream, out nint near, out nint far), Is.EqualTo(IvError.None));
        var ready = new IvReady[8];
        IvChange[] on = [new IvChange(near, 1, IvBands.In, IvBands.In | IvBands.Out)];
        IvChange[] off = [new IvChange(near, 1, IvBands.In | IvBands.Out, IvBands.In)];
        model.Add(near, IvBands.In, 1);
        IvNetwork.System.Write(far, [1]);
        Round(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Round(1000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        IvNetwork.System.Close(near);
        IvNetwork.System.Close(far);

        void Round(int count)
        {
            for (int i = 0; i < count; i++)
            {
                model.Wait(on, IvTimestamp.MinValue, ready);
                model.Wait(off, IvTimestamp.MinValue, ready);
                model.Wake();
                model.Wait([], IvTimestamp.MinValue, ready);
            }
        }
    }
}
