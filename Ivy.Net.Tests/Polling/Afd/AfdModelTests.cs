using Ivy.Net.Interop.Windows;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>The poller of AFD on a model of it: what comes in an order that can't be had from a system for the asking.</summary>
internal sealed class AfdModelTests
{
    private AfdModel _afd = null!;
    private AfdRig _rig = null!;

    [SetUp]
    public void Begin()
    {
        _afd = new AfdModel();
        _rig = new AfdRig(_afd);
    }

    [TearDown]
    public void End()
    {
        _rig.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_afd.Violations, Is.Empty);
            Assert.That(_afd.IsPortOpen, Is.False);
            Assert.That(_afd.OpenDevices, Is.Zero);
            Assert.That(_rig.Counters.Registered, Is.Zero);
        }
    }

    [Test]
    public void What_stays_ready_is_reported_by_each_wait_until_it_is_over()
    {
        nint socket = Watched(IvBands.In, 1);
        Assert.That(_rig.Look(), Is.Empty);
        _afd.Set(socket, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
        _afd.Set(socket, AfdEvents.None);
        Assert.That(_rig.Look(), Is.Empty);
    }

    [TestCase(AfdEvents.Receive, "1 In")]
    [TestCase(AfdEvents.Accept, "1 In")]
    [TestCase(AfdEvents.ReceiveExpedited, "1 Pri")]
    [TestCase(AfdEvents.Send, "1 Out")]
    [TestCase(AfdEvents.Send | AfdEvents.Connect, "1 Out")]
    [TestCase(AfdEvents.Disconnect, "1 In, Hangup")]
    [TestCase(AfdEvents.Receive | AfdEvents.Disconnect, "1 In, Hangup")]
    [TestCase(AfdEvents.Abort, "1 In, Out, Err, Hangup, Closed")]
    [TestCase(AfdEvents.ConnectFail, "1 In, Out, Err, Hangup")]
    public void Each_event_has_its_bands(AfdEvents events, string expected)
    {
        Watched(IvBands.In | IvBands.Out | IvBands.Hangup | IvBands.Pri, 1, events);
        Assert.That(_rig.Look(), Is.EqualTo([expected]));
    }

    [TestCase(IvBands.In, AfdEvents.Send | AfdEvents.ReceiveExpedited | AfdEvents.Connect)]
    [TestCase(IvBands.Out, AfdEvents.Receive | AfdEvents.Accept | AfdEvents.Disconnect | AfdEvents.Connect)]
    [TestCase(IvBands.Hangup, AfdEvents.Receive | AfdEvents.Send)]
    [TestCase(IvBands.Err, AfdEvents.Receive | AfdEvents.Send | AfdEvents.Disconnect)]
    [TestCase(IvBands.None, AfdEvents.Receive | AfdEvents.Send | AfdEvents.Disconnect | AfdEvents.Abort | AfdEvents.ConnectFail)]
    public void What_was_not_asked_for_is_not_reported(IvBands want, AfdEvents events)
    {
        nint socket = Watched(want, 1);
        _afd.Set(socket, events);
        Assert.That(_rig.Settle(), Is.Empty);
    }

    [Test]
    public void A_reset_is_reported_to_whoever_asked_for_anything()
    {
        Watched(IvBands.In, 1, AfdEvents.Abort);
        Watched(IvBands.Err, 2, AfdEvents.Abort);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In, Out, Err, Hangup, Closed", "2 In, Out, Err, Hangup, Closed"]));
    }

    [Test]
    public void A_change_that_asks_for_less_costs_no_call()
    {
        nint socket = Watched(IvBands.In | IvBands.Out, 1);
        AfdCounters before = _rig.Counters;
        Assert.That(_rig.Look(_rig.Change(1, IvBands.In)), Is.Empty);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.None)), Is.Empty);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.In | IvBands.Out)), Is.Empty);
        Assert.That(_rig.Counters, Is.EqualTo(before));
        _afd.Set(socket, AfdEvents.Send);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.In)), Is.Empty, "what was asked for before is passed over");
        Assert.That(_rig.Counters.Cancels, Is.Zero);
        _afd.Set(socket, AfdEvents.Receive | AfdEvents.Send);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
    }

    [Test]
    public void A_change_that_asks_for_more_ends_the_poll_and_starts_another_within_one_wait()
    {
        Watched(IvBands.In, 1, AfdEvents.Send);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.In | IvBands.Out)), Is.EqualTo(["1 Out"]));
        Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.Cancels)).EqualTo(1).And.Property(nameof(AfdCounters.Submits)).EqualTo(2));
    }

    [Test]
    public void A_look_waits_for_the_packet_of_a_poll_that_it_has_cancelled()
    {
        _afd.HoldsCancelled = true;
        Watched(IvBands.In, 1, AfdEvents.Send);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.Out)), Is.EqualTo(["1 Out"]));
    }

    [Test]
    public void A_look_does_not_wait_long_for_a_packet_that_does_not_come()
    {
        _afd.LosesCancelled = true;
        nint lost = Watched(IvBands.In, 1, AfdEvents.Send);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.Out)), Is.Empty);
        Assert.That(_afd.LastWait, Is.InRange(1, 100));
        Watched(IvBands.In, 2, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["2 In"]), "the others are none the worse");
        _afd.LosesCancelled = false;
        _afd.Release();
        Assert.That(_rig.Look(), Is.EqualTo(["1 Out", "2 In"]));
        Assert.That(_afd.IsOpen(lost), Is.True);
    }

    [Test]
    public void An_answer_that_was_faster_than_the_cancellation_is_reported()
    {
        nint socket = Watched(IvBands.In, 1);
        _afd.Set(socket, AfdEvents.Receive);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.In | IvBands.Out)), Is.EqualTo(["1 In"]));
        _afd.Set(socket, AfdEvents.Receive | AfdEvents.Send);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In, Out"]));
    }

    [Test]
    public void An_answer_that_was_faster_and_is_not_wanted_any_more_is_not_reported()
    {
        nint socket = Watched(IvBands.In, 1);
        _afd.Set(socket, AfdEvents.Receive);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.Out)), Is.Empty);
        _afd.Set(socket, AfdEvents.Send);
        Assert.That(_rig.Look(), Is.EqualTo(["1 Out"]));
    }

    [Test]
    public void A_success_without_an_event_is_polled_for_anew()
    {
        nint socket = Watched(IvBands.In, 1);
        _afd.Answer(socket, NtStatus.Success, AfdEvents.None);
        Assert.That(_rig.Look(), Is.Empty);
        _afd.Set(socket, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
    }

    [TestCase(NtStatus.Cancelled)]
    [TestCase(NtStatus.Timeout)]
    public void A_poll_that_ends_without_being_asked_to_is_started_anew(int status)
    {
        nint socket = Watched(IvBands.In, 1);
        _afd.Answer(socket, status, AfdEvents.None);
        Assert.That(_rig.Look(), Is.Empty);
        _afd.Set(socket, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
    }

    [TestCase(NtStatus.HandlesClosed, IvError.EBADF)]
    [TestCase(NtStatus.InsufficientResources, IvError.ENOMEM)]
    [TestCase(unchecked((int)0xC0000123), IvError.EIO)]
    public void A_poll_that_fails_is_told_with_its_error_and_ends_the_registration(int status, IvError error)
    {
        nint socket = Watched(IvBands.In, 1);
        nint other = Watched(IvBands.In, 2);
        _afd.Answer(socket, status, AfdEvents.None);
        Assert.That(_rig.Look(), Is.EqualTo([$"1 {error}"]));
        Assert.That(_rig.Look(), Is.Empty);
        _afd.Set(other, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["2 In"]));
        _rig.Remove(socket, 1);
        _rig.Add(socket, IvBands.In, 3);
    }

    [Test]
    public void A_poll_that_is_refused_after_a_report_is_told_with_its_error_once()
    {
        Watched(IvBands.In, 1, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
        (_afd.Refusal, _afd.Refusals) = (NtStatus.InsufficientResources, 1);
        Assert.That(_rig.Look(), Is.EqualTo(["1 ENOMEM"]));
        Assert.That(_rig.Look(), Is.Empty);
    }

    [TestCase(NtStatus.InsufficientResources, IvError.ENOMEM)]
    [TestCase(NtStatus.InvalidHandle, IvError.EBADF)]
    [TestCase(NtStatus.ObjectTypeMismatch, IvError.EBADF)]
    [TestCase(NtStatus.AccessDenied, IvError.EACCES)]
    public void A_poll_that_is_refused_in_Add_is_its_error_and_nothing_has_changed(int status, IvError error)
    {
        nint socket = _afd.Open(AfdEvents.Receive);
        (_afd.Refusal, _afd.Refusals) = (status, 1);
        Assert.That(_rig.TryAdd(socket, IvBands.In, 1), Is.EqualTo(error));
        Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.Registered)).Zero.And.Property(nameof(AfdCounters.InFlight)).Zero);
        _rig.Add(socket, IvBands.In, 2);
        Assert.That(_rig.Look(), Is.EqualTo(["2 In"]));
    }

    [Test]
    public void Handles_that_are_used_up_are_the_error_of_Add()
    {
        for (ulong token = 0; token < 32; token++)
        {
            Watched(IvBands.In, token);
        }

        nint socket = _afd.Open();
        _afd.DeviceError = IvError.EMFILE;
        Assert.That(_rig.TryAdd(socket, IvBands.In, 100), Is.EqualTo(IvError.EMFILE));
        _afd.DeviceError = IvError.None;
        _rig.Add(socket, IvBands.In, 100);
    }

    [Test]
    public void A_layer_that_hides_the_socket_is_the_error_of_Add()
    {
        _afd.BaseError = IvError.EOPNOTSUPP;
        Assert.That(_rig.TryAdd(_afd.Open(), IvBands.In, 1), Is.EqualTo(IvError.EOPNOTSUPP));
    }

    [Test]
    public void A_socket_is_registered_once_whether_it_is_polled_for_or_has_just_been_reported()
    {
        nint socket = Watched(IvBands.In, 1);
        Assert.That(_rig.TryAdd(socket, IvBands.In, 2), Is.EqualTo(IvError.EEXIST));
        _afd.Set(socket, AfdEvents.Receive);
        Assert.That(_rig.TryAdd(socket, IvBands.In, 2), Is.EqualTo(IvError.EEXIST));
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
        Assert.That(_rig.TryAdd(socket, IvBands.In, 2), Is.EqualTo(IvError.EEXIST));
        Assert.That(_rig.TryAdd(Watched(IvBands.None, 3), IvBands.In, 4), Is.EqualTo(IvError.EEXIST));
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
    }

    [Test]
    public void What_is_closed_is_EBADF() => Assert.That(_rig.TryAdd(400, IvBands.In, 1), Is.EqualTo(IvError.EBADF));

    [Test]
    public void A_socket_closed_while_it_is_polled_for_falls_silent()
    {
        nint socket = Watched(IvBands.In, 1);
        _afd.CloseSocket(socket);
        Assert.That(_rig.Look(), Is.Empty);
        Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.LocalCloses)).EqualTo(1).And.Property(nameof(AfdCounters.Registered)).Zero);
        Assert.That(_rig.Poller.Holds(socket, 1), Is.False);
        _rig.Remove(socket, 1);
    }

    [Test]
    public void A_socket_closed_after_its_report_falls_silent()
    {
        nint socket = Watched(IvBands.In, 1, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
        _afd.CloseSocket(socket);
        Assert.That(_rig.Poller.Holds(socket, 1), Is.False);
        Assert.That(_rig.Look(), Is.Empty);
        Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.LocalCloses)).EqualTo(1).And.Property(nameof(AfdCounters.Registered)).Zero);
    }

    [Test]
    public void Wines_answer_for_a_handle_that_was_just_closed_is_taken_as_that()
    {
        Watched(IvBands.In, 1, AfdEvents.Receive);
        _rig.Look();
        (_afd.Refusal, _afd.Refusals) = (NtStatus.ObjectTypeMismatch, 1);
        Assert.That(_rig.Look(), Is.Empty);
        Assert.That(_rig.Counters.Registered, Is.Zero);
    }

    [Test]
    public void A_handle_given_out_anew_is_not_taken_for_the_one_that_was_closed_while_registered()
    {
        nint old = Watched(IvBands.In, 1);
        _afd.CloseSocket(old);
        nint reused = Watched(IvBands.In, 2);
        Assert.That(reused, Is.EqualTo(old));
        _rig.Remove(old, 1);
        Assert.That(_rig.Look(), Is.Empty);
        _afd.Set(reused, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["2 In"]));
    }

    [Test]
    public void The_late_end_of_a_closed_socket_does_not_touch_the_one_that_has_its_handle_now()
    {
        _afd.HoldsCancelled = true;
        nint old = Watched(IvBands.In, 1);
        _rig.Remove(old, 1);
        _afd.CloseSocket(old);
        nint reused = _afd.Open();
        Assert.That(reused, Is.EqualTo(old));
        _rig.Add(reused, IvBands.In, 2);
        _afd.TurnHeldInto(NtStatus.Success, AfdEvents.LocalClose);
        Assert.That(_rig.Look(), Is.Empty);
        Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.Registered)).EqualTo(1).And.Property(nameof(AfdCounters.LocalCloses)).Zero);
        _afd.Set(reused, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["2 In"]));
    }

    [Test]
    public void A_registration_made_anew_waits_for_the_poll_of_the_old_one()
    {
        _afd.HoldsCancelled = true;
        nint socket = Watched(IvBands.In, 1, AfdEvents.Send);
        for (ulong token = 2; token < 20; token++)
        {
            _rig.Remove(socket, token - 1);
            _rig.Add(socket, IvBands.Out, token);
            Assert.That(_afd.PollsInFlight, Is.EqualTo(1));
        }

        Assert.That(_rig.Look(), Is.EqualTo(["19 Out"]));
    }

    [Test]
    public void A_removed_registration_is_not_reported_whatever_its_poll_answers()
    {
        _afd.HoldsCancelled = true;
        nint cancelled = Watched(IvBands.In, 1);
        nint answered = Watched(IvBands.In, 2);
        nint reported = Watched(IvBands.In, 3, AfdEvents.Receive);
        _afd.Set(answered, AfdEvents.Receive);
        _rig.Remove(cancelled, 1);
        _rig.Remove(answered, 2);
        Assert.That(_rig.Look(), Is.EqualTo(["3 In"]));
        _rig.Remove(reported, 3);
        _afd.TurnHeldInto(NtStatus.Success, AfdEvents.Receive);
        _afd.Release();
        Assert.That(_rig.Settle(), Is.Empty);
        Assert.That(_afd.PollsInFlight, Is.Zero);
    }

    [Test]
    public void Another_token_ends_nothing()
    {
        nint socket = Watched(IvBands.In, 1);
        _rig.Poller.Remove(socket, 2);
        _rig.Look(new IvChange(socket, 2, IvBands.In, IvBands.None));
        _afd.Set(socket, AfdEvents.Receive);
        Assert.That(_rig.Look(), Is.EqualTo(["1 In"]));
    }

    [Test]
    public void Without_answers_at_once_all_come_by_packets()
    {
        var model = new AfdModel { CanSkip = false };
        using (var rig = new AfdRig(model))
        {
            nint socket = model.Open(AfdEvents.Receive);
            rig.Add(socket, IvBands.In, 1);
            for (int i = 0; i < 10; i++)
            {
                Assert.That(rig.Look(), Is.EqualTo(["1 In"]));
            }

            Assert.That(rig.Counters.Inline, Is.Zero);
        }

        Assert.That(model.Violations, Is.Empty);
    }

    [Test]
    public void What_is_always_ready_starves_nobody_and_nobody_starves_it([Values(1, 3, 8)] int room)
    {
        const int sockets = 40;
        for (ulong token = 1; token <= sockets; token++)
        {
            Watched(IvBands.In, token, token % 4 == 0 ? AfdEvents.None : AfdEvents.Receive);
        }

        for (nint socket = 16; socket <= sockets * 4; socket += 16)
        {
            // By a packet.
            _afd.Set(socket, AfdEvents.Receive);
        }

        Dictionary<string, int> seen = [];
        for (int i = 0; i < 6 * sockets / room; i++)
        {
            foreach (string found in _rig.Wait(IvTimestamp.MinValue, room))
            {
                seen[found] = seen.GetValueOrDefault(found) + 1;
            }
        }

        Assert.That(seen, Has.Count.EqualTo(sockets));
        Assert.That(seen.Values, Is.All.InRange(3, 9));
    }

    [Test]
    public void The_thirty_third_socket_has_a_device_of_its_own_which_is_closed_when_nobody_needs_it()
    {
        for (ulong token = 1; token <= 64; token++)
        {
            Watched(IvBands.In, token);
            Assert.That(_afd.OpenDevices, Is.EqualTo(token <= 32 ? 1 : 2));
        }

        Watched(IvBands.In, 65);
        _afd.HoldsCancelled = true;
        for (int i = 64; i >= 0; i--)
        {
            _rig.Remove((i + 1) * 4, (ulong)i + 1);
        }

        Assert.That(_afd.OpenDevices, Is.EqualTo(3), "polls are in flight through them");
        _afd.Release();
        _rig.Look();
        Assert.That(_afd.OpenDevices, Is.EqualTo(1));
        Assert.That(_afd.PollsInFlight, Is.Zero);
    }

    [Test]
    public void Wake_ends_the_wait_at_hand_or_the_next_one_and_several_are_one()
    {
        for (int i = 0; i < 5; i++)
        {
            _rig.Poller.Wake();
        }

        Assert.That(_afd.Posts, Is.EqualTo(1));
        Assert.That(_rig.Wait(), Is.Empty);
        _afd.WhenIdle = _rig.Poller.Wake;
        Assert.That(_rig.Wait(), Is.Empty);
        Assert.That(_afd.Posts, Is.EqualTo(2));
    }

    [Test]
    public void A_wake_that_comes_with_something_ready_is_used_up_by_it()
    {
        Watched(IvBands.In, 1, AfdEvents.Receive);
        _rig.Poller.Wake();
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In"]));
        _rig.Poller.Wake();
        Assert.That(_afd.Posts, Is.EqualTo(2));
    }

    [Test]
    public void A_wake_that_Add_comes_across_is_not_lost()
    {
        nint socket = Watched(IvBands.In, 1);
        _rig.Poller.Wake();
        Assert.That(_rig.TryAdd(socket, IvBands.In, 2), Is.EqualTo(IvError.EEXIST));
        Assert.That(_rig.Wait(), Is.Empty, "returns, and does not wait for ever");
    }

    [Test]
    public void What_Add_comes_across_is_reported_by_the_next_wait_if_it_is_still_so()
    {
        nint twice = Watched(IvBands.In, 1);
        nint drained = Watched(IvBands.In, 2);
        nint ready = Watched(IvBands.In, 3);
        _afd.Set(drained, AfdEvents.Receive);
        _afd.Set(ready, AfdEvents.Receive);
        Assert.That(_rig.TryAdd(twice, IvBands.In, 4), Is.EqualTo(IvError.EEXIST));
        _afd.Set(drained, AfdEvents.None);
        Assert.That(_rig.Look(), Is.EqualTo(["3 In"]));
    }

    [Test]
    public void What_is_over_between_Add_and_the_wait_is_not_reported()
    {
        nint socket = Watched(IvBands.In, 1, AfdEvents.Receive);
        _afd.Set(socket, AfdEvents.None);
        Assert.That(_rig.Look(), Is.Empty);
    }

    [Test]
    public void A_wait_without_room_hands_over_the_changes_and_does_not_wait()
    {
        nint socket = Watched(IvBands.In, 1, AfdEvents.Send);
        Assert.That(_rig.Wait(IvTimestamp.MaxValue, 0, _rig.Change(1, IvBands.Out)), Is.Empty);
        Assert.That(_rig.Look(), Is.EqualTo(["1 Out"]));
        Assert.That(_afd.IsOpen(socket), Is.True);
    }

    [Test]
    public void A_deadline_is_rounded_up_and_the_longest_wait_is_a_day()
    {
        _afd.WhenIdle = _rig.Poller.Wake;
        _rig.Wait(IvTimestamp.System + TimeSpan.FromMicroseconds(200), 10);
        Assert.That(_afd.LastWait, Is.LessThanOrEqualTo(1));
        _afd.WhenIdle = _rig.Poller.Wake;
        _rig.Wait(IvTimestamp.MaxValue, 10);
        Assert.That(_afd.LastWait, Is.EqualTo(86_400_000));
        Assert.That(PortWaitTime.Until(1_000_001, 1_000_000), Is.EqualTo(1));
        Assert.That(PortWaitTime.Until(3_000_001, 1_000_000), Is.EqualTo(3));
        Assert.That(PortWaitTime.Until(long.MinValue, 0), Is.Zero);
        Assert.That(PortWaitTime.Until(5, 5), Is.Zero);
    }

    [Test]
    public void Dispose_waits_for_the_polls_in_flight()
    {
        _afd.HoldsCancelled = true;
        int abandoned = AfdEngine.Abandoned;
        for (ulong token = 1; token <= 100; token++)
        {
            Watched(IvBands.In, token, token % 2 == 0 ? AfdEvents.Receive : AfdEvents.None);
        }

        _rig.Look();
        _rig.Remove(4, 1);
        _rig.Poller.Wake();
        _rig.Dispose();
        Assert.That(_afd.PollsInFlight, Is.Zero);
        Assert.That(AfdEngine.Abandoned, Is.EqualTo(abandoned));
        _rig.Dispose();
        _rig.Poller.Wake();
    }

    [Test]
    [NonParallelizable]
    public void Dispose_keeps_the_memory_of_a_poll_that_is_never_answered()
    {
        int abandoned = AfdEngine.Abandoned;
        Watched(IvBands.In, 1);
        _afd.LosesCancelled = true;
        _rig.Dispose();
        Assert.That(AfdEngine.Abandoned - abandoned, Is.EqualTo(1));
        _afd.Release();
        unsafe
        {
            OverlappedEntry entry;
            Assert.That(_afd.Wait(0, &entry, 1, 0), Is.EqualTo(1), "the late answer writes to memory that is still there");
            Assert.That(entry.Block->Iosb.Status, Is.EqualTo(NtStatus.Cancelled));
        }
    }

    [Test]
    [Provokes("IVF0060")]
    public void A_wait_that_fails_is_an_internal_failure()
    {
        _afd.WaitError = IvError.EBADF;
        IvFatalInfo info = FatalScope.Expect(FatalCondition.PollFailed, () => _rig.Look());
        Assert.That(info.Message, Does.Contain("afd").And.Contain("EBADF"));
        _afd.WaitError = IvError.None;
    }

    [Test]
    [Provokes("IVF0061")]
    public void A_wakeup_that_fails_is_an_internal_failure()
    {
        _afd.PostError = IvError.EBADF;
        Assert.That(FatalScope.Expect(FatalCondition.WakeFailed, () => _rig.Poller.Wake()).Message, Does.Contain("EBADF"));
    }

    [Test]
    public void A_system_without_AFD_says_so()
    {
        var model = new AfdModel { DeviceError = IvError.ENOSYS };
        IvException? refused = Assert.Throws<IvException>(() => new AfdPoller(model).Dispose());
        Assert.That(refused!.Error, Is.EqualTo(IvError.ENOSYS));
        Assert.That(refused.Message, Does.Contain("AFD").And.Not.Contain("\n"));
        Assert.That(model.IsPortOpen, Is.False);
        Assert.That(() => new AfdPoller(new AfdModel { PortError = IvError.EMFILE }), Throws.TypeOf<IvException>().With.Property("Error").EqualTo(IvError.EMFILE));
    }

    [Test]
    public void A_socket_on_two_pollers_is_EBUSY()
    {
        nint socket = Watched(IvBands.In, 1);
        using (var other = new AfdRig(_afd))
        {
            Assert.That(other.TryAdd(socket, IvBands.In, 2), Is.EqualTo(IvError.EBUSY));
            Assert.That(other.Counters, Has.Property(nameof(AfdCounters.Registered)).Zero.And.Property(nameof(AfdCounters.InFlight)).Zero);
            _rig.Remove(socket, 1);
            _rig.Look();
            other.Add(socket, IvBands.In, 2);
        }

        _rig.Add(socket, IvBands.In, 3);
    }

    [Test]
    public void The_layouts_are_those_of_the_system()
    {
        unsafe
        {
            Assert.That(
                new[] { sizeof(IoStatusBlock), sizeof(AfdPollHandle), sizeof(AfdPollInfo), sizeof(AfdPollBlock), sizeof(OverlappedEntry), sizeof(UnicodeString), sizeof(ObjectAttributes) },
                Is.EqualTo(new[] { 16, 16, 32, 64, 32, 16, 48 }));
        }
    }

    private nint Watched(IvBands want, ulong token, AfdEvents state = AfdEvents.None)
    {
        nint socket = _afd.Open(state);
        _rig.Add(socket, want, token);
        return socket;
    }
}
