namespace Ivy.Net.Tests.Conformance;

/// <summary>Numbers that are closed while they are registered, given out anew, or have duplicates: rows B7, F5.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class ClosedNumberTests(ConformanceBackend backend)
{
    [Test]
    [Category("B7")]
    public void A_duplicate_goes_on_when_the_other_number_is_closed() => backend.Run(bench =>
    {
        (nint near, nint far) = bench.Numbers();
        nint duplicate = bench.Duplicate(near);
        IvFd first = bench.Watch(near, bench.Say("first"));
        bench.Watch(duplicate, bench.Say("second"));
        first.Unregister();
        bench.Close(near);
        bench.Write(far);
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["second", "second"]));
    });

    [Test]
    [Category("B7")]
    public void A_number_closed_while_registered_with_its_duplicate_open_leaves_no_ghost() => backend.Run(bench =>
    {
        backend.Require(Need.OpenFileDescriptions);
        bench.ExpectsWarnings = true;
        bench.Watch(bench.EventNumber());
        for (int i = 0; i < 2; i++)
        {
            (nint near, nint far) = bench.Numbers();
            nint duplicate = bench.Duplicate(near);
            IvFd fd = bench.Watch(near, bench.Say("ghost"));
            bench.Close(near);
            fd.Unregister();
            bench.Write(far);
            bench.Turn(10);
            IvLoopCounters counters = bench.Loop.Counters;
            Assert.That(counters.Rebuilds, Is.EqualTo(i + 1), "one rebuild for each");
            long stale = counters.Stale;
            bench.AssertSleeps("the poll set was rebuilt");
            Assert.That(bench.Loop.Counters.Stale, Is.EqualTo(stale), "nothing is reported any more");
            bench.Close(duplicate);
        }

        Assert.That(bench.Log, Is.Empty);
        Assert.That(bench.Warnings, Has.Count.EqualTo(1), "warned of once");
        Assert.That(bench.Warnings[0], Does.Contain("closed while it was registered").And.Not.Contain("\n"));
    });

    [Test]
    [Category("B7")]
    public void A_rebuild_keeps_all_other_registrations_and_their_interests() => backend.Run(bench =>
    {
        backend.Require(Need.OpenFileDescriptions);
        bench.ExpectsWarnings = true;
        (IvSocket reader, IvSocket farReader) = bench.Pair();
        (IvSocket idle, IvSocket farIdle) = bench.Pair();
        bench.Watch(reader, fd => bench.Log.Add(bench.Receive(fd.Socket!)));
        IvFd disarmed = bench.Watch(idle);
        (nint near, nint far) = bench.Numbers();
        bench.Duplicate(near);
        IvFd ghost = bench.Watch(near, bench.Say("ghost"));
        bench.Close(near);
        ghost.Unregister();
        bench.Write(far);
        bench.Turn(5);
        Assert.That(bench.Loop.Counters.Rebuilds, Is.EqualTo(1));
        bench.Send(farReader, "data");
        bench.Send(farIdle, "idle");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["data"]));
        disarmed.HandlerIn = fd => bench.Log.Add(bench.Receive(fd.Socket!));
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["data", "idle"]));
    });

    [Test]
    [Category("B7")]
    public void A_rebuild_does_not_take_a_stranger_for_the_one_that_had_its_number() => backend.Run(bench =>
    {
        backend.Require(Need.OpenFileDescriptions);
        bench.ExpectsWarnings = true;
        bench.Watch(bench.EventNumber());
        (nint near, nint far) = bench.Numbers();
        (nint gone, _) = bench.Numbers();
        bench.Duplicate(near);
        IvFd ghost = bench.Watch(near, bench.Say("ghost"));
        bench.Watch(gone, bench.Say("gone"));
        bench.Close(gone);
        (nint stranger, nint farStranger) = bench.Numbers();
        Assert.That(stranger, Is.EqualTo(gone));
        bench.Close(near);
        ghost.Unregister();
        bench.Write(far);
        bench.Write(farStranger);
        bench.Turn(5);
        Assert.That(bench.Loop.Counters.Rebuilds, Is.EqualTo(1));
        Assert.That(bench.Log, Is.Empty);
        bench.Watch(stranger, bench.Say("stranger"));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["stranger"]));
    });

    [Test]
    [Category("B7")]
    public void A_reused_number_is_not_taken_out_by_the_object_that_had_it_before() => backend.Run(bench =>
    {
        (nint near, _) = bench.Numbers();
        IvFd old = bench.Watch(near, bench.Say("old"));
        bench.Close(near);
        (nint reused, nint far) = bench.Numbers();
        Assert.That(reused, Is.EqualTo(near));
        bench.Watch(reused, bench.Say("new"));
        old.HandlerOut = bench.Say("old");
        old.Unregister();
        bench.Write(far);
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["new", "new"]));
    });

    [Test]
    [Category("B7")]
    public void A_reused_number_with_the_old_duplicate_open_calls_the_new_owner_only() => backend.Run(bench =>
    {
        backend.Require(Need.Identity);
        bench.ExpectsWarnings = true;
        (nint near, nint far) = bench.Numbers();
        bench.Duplicate(near);
        IvFd old = bench.Watch(near, bench.Say("old"));
        bench.Close(near);
        (nint reused, nint farReused) = bench.Numbers();
        Assert.That(reused, Is.EqualTo(near));
        bench.Watch(reused, bench.Say("new"));
        bench.Write(far);
        bench.Turn(5);
        Assert.That(bench.Log, Is.Empty, "the old registration ended with its number");
        Assert.That(old.IsRegistered, Is.True, "until it is unregistered, it counts");
        bench.AssertSleeps("no ghost");
        bench.Write(farReused);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["new"]));
        old.Unregister();
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["new", "new"]));
    });

    [Test]
    [Category("F5")]
    public void Unregister_after_close_is_tolerated() => backend.Run(bench =>
    {
        (nint near, _) = bench.Numbers();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        bench.Close(near);
        fd.Unregister();
        bench.Turn();
        Assert.That(bench.Loop.Counters.Fds, Is.Zero);
    });
}
