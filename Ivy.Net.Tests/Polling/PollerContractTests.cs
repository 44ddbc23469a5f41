using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>What the loop tells a poller, how often, and what it makes of the answers: the contract of the seam.</summary>
internal sealed class PollerContractTests
{
    [Test]
    public void B6_Toggles_within_a_turn_coalesce_to_nothing()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Task(_ =>
        {
            fd.HandlerIn = null;
            fd.HandlerIn = _ => test.Say("fd");
            fd.HandlerOut = _ => { };
            fd.HandlerOut = null;
        });
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 In", "wait always"]));
        Assert.That(test.Log, Is.EqualTo(["fd"]));
        fd.Unregister();
    }

    [Test]
    public void F4_Any_number_of_changes_of_a_turn_is_one_call_for_each_descriptor()
    {
        using var test = new TestLoop();
        IvFd[] fds = [.. Enumerable.Range(5, 40).Select(i => test.RegisteredFd(i))];
        test.Poller.Calls.Clear();
        for (int round = 0; round < 10; round++)
        {
            foreach (IvFd fd in fds)
            {
                fd.HandlerIn = _ => { };
                fd.HandlerOut = _ => { };
                fd.HandlerIn = null;
                fd.HandlerHangup = _ => { };
            }
        }

        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Is.EqualTo(fds.Select(fd => $"change {fd.Handle} None -> Out, Hangup").Append("wait always")));
        Array.ForEach(fds, fd => fd.Dispose());
    }

    [Test]
    public void F4_Register_and_Unregister_reach_the_poller_before_they_return_and_take_pending_changes_along()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => { });
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 In"]));
        fd.HandlerIn = null;
        fd.Unregister();
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 In", "remove 5"]));
        test.Loop.Run(IvRunMode.Once);
        test.Task(_ => { });
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Has.None.StartsWith("change"));
    }

    [Test]
    public void F4_A_change_that_was_pending_on_a_slot_is_not_taken_for_one_of_its_next_owner()
    {
        using var test = new TestLoop();
        IvFd first = test.RegisteredFd(5, _ => { });
        first.HandlerIn = null;
        first.Unregister();
        IvFd second = test.RegisteredFd(6, _ => { });
        second.HandlerOut = _ => { };
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 In", "remove 5", "add 6 In", "change 6 In -> In, Out", "wait always"]));
        second.Unregister();
    }

    [Test]
    public void A_change_made_in_a_handler_is_handed_over_with_the_next_wait()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, fd =>
        {
            fd.HandlerIn = null;
            fd.HandlerOut = _ => test.Loop.Quit();
        });
        test.Poller.Ready((5, IvBands.In));
        test.Poller.Ready((5, IvBands.Out));
        test.Loop.Run();
        Assert.That(test.Poller.Calls, Is.EqualTo(["add 5 In", "wait never", "change 5 In -> Out", "wait never"]));
        fd.Unregister();
    }

    [Test]
    public void F2_B4_A_descriptor_that_was_unregistered_gets_no_call_of_the_batch_at_hand_even_if_registered_again()
    {
        using var test = new TestLoop();
        IvFd gone = null!;
        IvFd again = null!;
        IvFd first = test.RegisteredFd(5, _ =>
        {
            gone.Unregister();
            again.Unregister();
            again.Register();
        });
        gone = test.RegisteredFd(6, _ => test.Say("gone"));
        again = test.RegisteredFd(7, _ => test.Say("again"));
        test.Poller.Ready((5, IvBands.In), (6, IvBands.In), (7, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.Empty);
        Assert.That(test.Loop.Counters.Stale, Is.EqualTo(2));
        first.Unregister();
        again.Unregister();
    }

    [Test]
    public void B5_A_number_that_is_closed_and_taken_again_in_a_handler_gets_no_stale_call()
    {
        using var test = new TestLoop();
        IvFd old = null!;
        IvFd fresh = TestLoop.Fd(7, _ => test.Say("fresh"));
        IvFd first = test.RegisteredFd(5, _ =>
        {
            old.Unregister();
            fresh.Register();
        });
        old = test.RegisteredFd(7, _ => test.Say("old"));
        test.Poller.ReadyRaw(new IvReady(test.Poller.TokenOf(5), IvBands.In), new IvReady(test.Poller.TokenOf(7), IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.Empty);
        first.Unregister();
        fresh.Unregister();
    }

    [Test]
    public void Tokens_of_all_registrations_differ_also_those_of_one_slot()
    {
        using var test = new TestLoop();
        HashSet<ulong> tokens = [];
        IvFd fd = TestLoop.Fd(5);
        for (int i = 0; i < 1000; i++)
        {
            fd.Register();
            Assert.That(tokens.Add(test.Poller.TokenOf(5)), Is.True);
            fd.Unregister();
        }
    }

    [Test]
    public void A_token_that_nobody_ever_had_is_dropped()
    {
        List<string> warnings = [];
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], Warning = warnings.Add });
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        test.Poller.ReadyRaw(new IvReady(ulong.MaxValue, IvBands.In), new IvReady(0, IvBands.In), new IvReady(0xFFFF_FFFF, IvBands.In, IvError.EBADF));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.Empty);
        Assert.That(test.Loop.Counters.Stale, Is.EqualTo(3));
        fd.Unregister();
    }

    [Test]
    public void F1_With_an_error_all_handlers_are_called_error_first()
    {
        using var test = new TestLoop();
        IvFd fd = Full(test);
        test.Poller.Ready((5, IvBands.Err));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["err", "pri", "in", "out", "hangup"]));
        fd.Unregister();
    }

    [Test]
    public void F1_When_both_sides_are_closed_without_an_error_the_data_comes_first()
    {
        using var test = new TestLoop();
        IvFd fd = Full(test);
        test.Poller.Ready((5, IvBands.Closed));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["pri", "in", "out", "hangup", "err"]));
        fd.Unregister();
    }

    [Test]
    public void F1_A_hangup_calls_those_who_asked_for_it_only()
    {
        using var test = new TestLoop();
        IvFd fd = Full(test);
        test.Poller.Ready((5, IvBands.In | IvBands.Hangup));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["in", "hangup"]));
        fd.Unregister();
    }

    [Test]
    public void F1_Later_bands_are_skipped_after_the_registration_has_ended_also_if_there_is_a_new_one()
    {
        using var test = new TestLoop();
        IvFd fd = Full(test);
        fd.HandlerErr = fd =>
        {
            test.Say("err");
            fd.Unregister();
            fd.Register();
        };
        test.Poller.Ready((5, IvBands.Err));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["err"]));
        fd.Unregister();
    }

    [Test]
    public void F1_A_handler_that_was_cleared_or_replaced_by_an_earlier_band_is_not_called()
    {
        using var test = new TestLoop();
        IvFd fd = Full(test);
        fd.HandlerIn = fd =>
        {
            fd.HandlerOut = null;
            fd.HandlerHangup = _ => test.Say("new");
        };
        test.Poller.Ready((5, IvBands.In | IvBands.Out | IvBands.Hangup));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["new"]));
        fd.Unregister();
    }

    [Test]
    public void A_refused_change_goes_to_the_error_handler_with_the_reason_and_disarms_the_descriptor()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5, _ => test.Say("in"));
        fd.HandlerErr = fd => test.Say($"refused: {fd.Error}");
        test.Loop.Run(IvRunMode.NonBlocking);
        test.Poller.ReadyRaw(new IvReady(test.Poller.TokenOf(5), IvBands.None, IvError.ENOMEM));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["refused: ENOMEM"]));
        test.Poller.Calls.Clear();
        fd.HandlerOut = _ => { };
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Poller.Calls, Is.EqualTo(["wait always"]), "disarmed until it is registered anew");
        fd.Unregister();
        fd.Register();
        Assert.That(fd.Error, Is.EqualTo(IvError.None));
        fd.Unregister();
    }

    [Test]
    [Provokes("IVF0026")]
    public void A_refused_change_that_nobody_can_be_told_of_is_a_misuse_that_names_the_descriptor()
    {
        using var test = new TestLoop();
        IvFd fd = TestLoop.Fd(5, _ => { });
        fd.Name = "upstream";
        fd.Register();
        test.Poller.ReadyRaw(new IvReady(test.Poller.TokenOf(5), IvBands.None, IvError.EBADF));
        IvFatalInfo info = FatalScope.Expect(FatalCondition.ChangeRefused, () => test.Loop.Run(IvRunMode.NonBlocking));
        Assert.That(info.Subject, Is.SameAs(fd));
        Assert.That(info.Message, Does.Contain("IvFd 5 (\"upstream\")").And.Contain("EBADF"));
        fd.Unregister();
    }

    [TestCase(-1)]
    [TestCase(5)]
    [TestCase(int.MaxValue)]
    [TestCase(int.MinValue)]
    [Provokes("IVF0062")]
    public void A_poller_that_reports_more_or_less_than_there_is_room_for_is_broken(int count)
    {
        var poller = new ScriptedPoller();
        using var test = new TestLoop(poller, method => new IvLoopOptions { PollMethods = [method], BatchSize = 4 });
        IvFd fd = test.RegisteredFd(5, _ => test.Say("fd"));
        poller.WaitOverride = _ => count;
        FatalScope.Expect(FatalCondition.PollerBroken, () => test.Loop.Run());
        poller.WaitOverride = null;
        poller.Ready((5, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["fd"]));
        fd.Unregister();
    }

    [Test]
    public void A_batch_larger_than_the_room_comes_in_pieces_with_timers_and_posts_between()
    {
        var poller = new ScriptedPoller();
        using var test = new TestLoop(poller, method => new IvLoopOptions { PollMethods = [method], BatchSize = 2 });
        IvFd[] fds = [.. Enumerable.Range(5, 5).Select(i => test.RegisteredFd(i, fd => test.Say($"{fd.Handle}")))];
        poller.Ready([.. fds.Select(fd => (fd.Handle, IvBands.In))]);
        test.Task(task =>
        {
            test.Say("task");
            if (poller.Waits < 3)
            {
                task.Register();
            }
        });
        test.Loop.Run(TimeSpan.Zero);
        test.Loop.Run(TimeSpan.Zero);
        test.Loop.Run(TimeSpan.Zero);
        Assert.That(test.Log.Where(what => what != "task"), Is.EqualTo(["5", "6", "7", "8", "9"]));
        Array.ForEach(fds, fd => fd.Dispose());
    }

    [Test]
    public void B7_A_token_that_goes_on_firing_after_its_end_makes_the_loop_rebuild_the_set_and_say_so_once()
    {
        List<string> warnings = [];
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], Warning = warnings.Add });
        IvFd kept = test.RegisteredFd(5, _ => { });
        IvFd closed = test.RegisteredFd(6, _ => test.Say("ghost"));
        ulong ghost = test.Poller.TokenOf(6);
        closed.Unregister();
        for (int i = 0; i < 8; i++)
        {
            test.Poller.ReadyRaw(new IvReady(ghost, IvBands.In));
            test.Loop.Run(IvRunMode.NonBlocking);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Is.Empty);
            Assert.That(test.Poller.Resets, Is.EqualTo(4));
            Assert.That(test.Loop.Counters.Rebuilds, Is.EqualTo(4));
            Assert.That(test.Loop.Counters.Stale, Is.EqualTo(8));
            Assert.That(warnings, Has.Count.EqualTo(1));
            Assert.That(test.Poller.Calls.SkipWhile(call => call != "reset").Take(2), Is.EqualTo(["reset", "add 5 In"]));
        }

        kept.Unregister();
    }

    [Test]
    public void A_rebuild_registers_what_is_wanted_now_and_tells_those_that_the_poller_refuses()
    {
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], Warning = _ => { } });
        IvFd kept = test.RegisteredFd(5);
        IvFd[] refused = [.. Enumerable.Range(6, 3).Select(handle => test.RegisteredFd(handle))];
        foreach (IvFd fd in refused)
        {
            fd.HandlerErr = fd => test.Say($"{fd.Handle} {fd.Error}");
        }

        IvFd changes = test.RegisteredFd(10, _ => kept.HandlerOut = _ => { });
        MakeGhost(test, () => Array.ForEach(refused, fd => test.Poller.Refusals[fd.Handle] = IvError.ENOMEM), (10, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        string[] calls = ["reset", "add 5 Out", "add 6 Err", "add 7 Err", "add 8 Err", "add 10 In", "wait always"];
        Assert.That(test.Poller.Calls.SkipWhile(call => call != "reset"), Is.EqualTo(calls));
        Assert.That(test.Log, Is.EqualTo(["6 ENOMEM", "7 ENOMEM", "8 ENOMEM"]));
        Array.ForEach([kept, changes, .. refused], fd => fd.Dispose());
    }

    [Test]
    public void A_handler_that_throws_or_breaks_when_a_rebuild_refused_it_keeps_nobody_else_from_being_told()
    {
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], Warning = _ => { } });
        IvFd[] refused = [.. Enumerable.Range(6, 4).Select(handle => test.RegisteredFd(handle))];
        foreach (IvFd fd in refused)
        {
            fd.HandlerErr = fd => test.Say($"{fd.Handle} {fd.Error}");
        }

        refused[0].HandlerErr = _ => throw new FormatException();
        refused[1].HandlerErr = _ =>
        {
            test.Loop.Break();
            refused[2].Unregister();
            refused[2].Register();
        };
        void Refuse() => Array.ForEach(refused, fd => test.Poller.Refusals[fd.Handle] = IvError.ENOMEM);
        Assert.That(() => MakeGhost(test, Refuse), Throws.TypeOf<FormatException>());
        Assert.That(test.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MinValue));
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.Empty);
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(["9 ENOMEM"]), "8 has been registered anew since, which was not refused");
        Array.ForEach(refused, fd => fd.Dispose());
    }

    [Test]
    public void A_poller_that_needs_no_rebuild_is_not_said_to_have_had_one()
    {
        // It may report a registration that has just been removed: its own business.
        List<string> warnings = [];
        using var test = new TestLoop(new ScriptedPoller { CanReset = false }, method => new IvLoopOptions { PollMethods = [method], Warning = warnings.Add });
        IvFd kept = test.RegisteredFd(5);
        IvFd closed = test.RegisteredFd(6);
        ulong ghost = test.Poller.TokenOf(6);
        closed.Unregister();
        for (int i = 0; i < 4; i++)
        {
            test.Poller.ReadyRaw(new IvReady(ghost, IvBands.In));
            test.Loop.Run(IvRunMode.NonBlocking);
        }

        Assert.That(test.Loop.Counters.Rebuilds, Is.Zero);
        Assert.That(warnings, Is.Empty);
        kept.Unregister();
    }

    [Test]
    public void A_stale_token_of_the_batch_that_a_Break_left_is_no_ghost()
    {
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], Warning = _ => Assert.Fail("no ghost") });
        for (int i = 0; i < 5; i++)
        {
            IvFd first = test.RegisteredFd(5, _ => test.Loop.Break());
            IvFd second = test.RegisteredFd(6, _ => test.Say("6"));
            test.Poller.Ready((5, IvBands.In), (6, IvBands.In));
            test.Loop.Run(IvRunMode.NonBlocking);
            second.Unregister();
            test.Loop.Run(IvRunMode.NonBlocking);
            first.Unregister();
        }

        Assert.That(test.Poller.Resets, Is.Zero);
        Assert.That(test.Loop.Counters.Stale, Is.EqualTo(5));
    }

    [Test]
    public void F5_What_the_poller_refuses_is_an_exception_with_the_error_the_operation_and_the_object_and_TryRegister_says_it()
    {
        using var test = new TestLoop();
        foreach (IvError error in (IvError[])[IvError.EBADF, IvError.EPERM, IvError.EEXIST, IvError.ENOSPC, IvError.ENOMEM])
        {
            IvFd fd = TestLoop.Fd(5, _ => { });
            test.Poller.Refusals[5] = error;
            IvException? thrown = Assert.Throws<IvException>(fd.Register);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(thrown!.Error, Is.EqualTo(error));
                Assert.That(thrown.Operation, Is.EqualTo("register"));
                Assert.That(thrown.Subject, Is.SameAs(fd));
                Assert.That(thrown.Message, Does.StartWith($"IvFd 5: register: {error} ({(int)error})"));
                Assert.That(fd.IsRegistered, Is.False);
            }

            test.Poller.Refusals[5] = error;
            Assert.That(fd.TryRegister(), Is.EqualTo(error));
            Assert.That(fd.TryRegister(), Is.EqualTo(IvError.None));
            fd.Unregister();
        }

        Assert.That(TestLoop.Fd(-1).TryRegister(), Is.EqualTo(IvError.EBADF));
    }

    // A token that is reported in two waits after its end: the second one makes the loop rebuild the set.
    private static void MakeGhost(TestLoop test, Action beforeRebuild, params (nint Handle, IvBands Bands)[] withIt)
    {
        IvFd closed = test.RegisteredFd(99);
        ulong ghost = test.Poller.TokenOf(99);
        closed.Unregister();
        test.Poller.ReadyRaw(new IvReady(ghost, IvBands.In));
        test.Loop.Run(IvRunMode.NonBlocking);
        beforeRebuild();
        test.Poller.ReadyRaw([.. withIt.Select(ready => new IvReady(test.Poller.TokenOf(ready.Handle), ready.Bands)), new IvReady(ghost, IvBands.In)]);
        test.Loop.Run(IvRunMode.NonBlocking);
    }

    private static IvFd Full(TestLoop test)
    {
        IvFd fd = test.RegisteredFd(5, _ => test.Say("in"));
        fd.HandlerOut = _ => test.Say("out");
        fd.HandlerErr = _ => test.Say("err");
        fd.HandlerHangup = _ => test.Say("hangup");
        fd.HandlerPri = _ => test.Say("pri");
        return fd;
    }
}
