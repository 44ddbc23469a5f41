using Ivy.Net.Edge;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Edge;

/// <summary>Callbacks that throw, close, dispose; descriptors that vanish; threads that are wrong.</summary>
[TestFixtureSource(typeof(EdgeBackend), nameof(EdgeBackend.All))]
internal sealed class EdgeTroubleTests(EdgeBackend backend)
{
    private static readonly Dictionary<string, Action<EdgeBench, EdgeFd<EdgeTag>, EdgeTimer<EdgeTag>>> OwnersMembers = new()
    {
        ["edge.Arm"] = static (test, fd, _) => test.Edge.Arm(fd.Socket!, IvBands.In, default),
        ["edge.Arm a number"] = static (test, fd, _) => test.Edge.Arm(fd.Handle, IvBands.In, default),
        ["edge.TryArm"] = static (test, fd, _) => test.Edge.TryArm(fd.Socket!, IvBands.In, default, out EdgeFd<EdgeTag>? _),
        ["edge.Disarm"] = static (test, fd, _) => test.Edge.Disarm(fd.Socket!),
        ["edge.Find"] = static (test, fd, _) => test.Edge.Find(fd.Handle),
        ["edge.Review"] = static (test, _, _) => test.Edge.Review(TimeSpan.Zero),
        ["edge.WaitReady"] = static (test, _, _) => test.Edge.WaitReady(TimeSpan.Zero),
        ["edge.CreateTimer"] = static (test, _, _) => test.Edge.CreateTimer(default),
        ["edge.CloseAll"] = static (test, _, _) => test.Edge.CloseAll(),
        ["edge.Dispose"] = static (test, _, _) => test.Edge.Dispose(),
        ["fd.Arm"] = static (_, fd, _) => fd.ArmWrite(),
        ["fd.Disarm"] = static (_, fd, _) => fd.Disarm(),
        ["fd.Drained"] = static (_, fd, _) => fd.Drained(),
        ["fd.Read"] = static (_, fd, _) => fd.Read(new byte[1]),
        ["fd.Write"] = static (_, fd, _) => fd.Write(new byte[1]),
        ["fd.Close"] = static (_, fd, _) => fd.Close(),
        ["timer.Start"] = static (_, _, timer) => timer.Start(TimeSpan.Zero),
        ["timer.Stop"] = static (_, _, timer) => timer.Stop(),
        ["timer.Dispose"] = static (_, _, timer) => timer.Dispose(),
    };

    private static readonly Dictionary<string, Action<EdgeBench, EdgeFd<EdgeTag>, EdgeTimer<EdgeTag>>> MembersOfTheLiving = new()
    {
        ["edge.Arm"] = static (test, fd, _) => test.Edge.Arm(fd.Socket!, IvBands.In, default),
        ["edge.Review"] = static (test, _, _) => test.Edge.Review(TimeSpan.Zero),
        ["edge.WaitReady"] = static (test, _, _) => test.Edge.WaitReady(TimeSpan.Zero),
        ["edge.CreateTimer"] = static (test, _, _) => test.Edge.CreateTimer(default),
        ["edge.CloseAll"] = static (test, _, _) => test.Edge.CloseAll(),
        ["fd.Arm"] = static (_, fd, _) => fd.ArmRead(),
        ["timer.Start"] = static (_, _, timer) => timer.Start(TimeSpan.Zero),
    };

    [Test]
    [Category("evio-E20")]
    [Category("evio-E4")]
    public void Another_thread_is_told_so_before_anything_changes([ValueSource(nameof(OwnersNames))] string member) => backend.Run(test =>
    {
        EdgeFd<EdgeTag> fd = test.Arm(test.Bench.Pair().Near, IvBands.In);
        EdgeTimer<EdgeTag> timer = test.MakeTimer("t");
        timer.Start(TimeSpan.FromHours(1));
        LoopThread.Elsewhere(() => FatalScope.Expect(FatalCondition.WrongThread, () => OwnersMembers[member](test, fd, timer)));
        Assert.That(fd.Armed, Is.EqualTo(IvBands.In));
        Assert.That(timer.IsRunning, Is.True);
        Assert.That(test.Edge.IsActive, Is.True);
        Assert.That(test.Log, Is.Empty);
    });

    [Test]
    [Category("evio-E2")]
    public void After_Dispose_nothing_can_be_begun([ValueSource(nameof(LivingNames))] string member) => backend.Run(test =>
    {
        EdgeFd<EdgeTag> fd = test.Arm(test.Bench.Pair().Near, IvBands.In);
        EdgeTimer<EdgeTag> timer = test.MakeTimer("t");
        test.Edge.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, () => MembersOfTheLiving[member](test, fd, timer));
    });

    [Test]
    [Category("evio-E3")]
    [Category("evio-E4")]
    public void Dispose_ends_it_once_and_leaves_the_sockets_open() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        EdgeTimer<EdgeTag> timer = test.MakeTimer("t");
        timer.Start(TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
        test.Bench.Send(far);
        Assert.That(test.Edge.IsActive, Is.True);
        test.Edge.Dispose();
        test.Edge.Dispose();
        Assert.That(test.Edge.IsActive, Is.False);
        Assert.That(timer.IsRunning, Is.False);
        Assert.That(fd.Disarm(), Is.False);
        test.Loop.Run(TimeSpan.FromMilliseconds(5));
        Assert.That(test.Log, Is.Empty);
        Assert.That(test.Bench.Receive(near), Is.EqualTo("x"));
        fd.Close();
        Assert.That(near.IsDisposed, Is.True, "closing is always possible");
        Assert.That(test.Log, Is.Empty, "and is not told any more");
        Assert.That(test.Loop.Counters.Fds + test.Loop.Counters.Timers, Is.Zero);
    });

    [Test]
    public void The_end_of_the_loop_below_ends_it_too() => backend.Run(test =>
    {
        test.Arm(test.Bench.Pair().Near, IvBands.In).Name = "left";
        test.Loop.Dispose();
        Assert.That(test.Edge.IsActive, Is.False);
        FatalScope.Expect(FatalCondition.DisposedObject, () => test.Edge.Review(TimeSpan.Zero));
        Assert.That(test.Bench.Leaks.Single().Objects.Single().Name, Is.EqualTo("left"));
    });

    [Test]
    public void What_a_callback_throws_leaves_Review_and_nothing_is_lost([Values] EdgeTrigger trigger) => backend.Run(
        test =>
        {
            (IvSocket near, IvSocket far) = test.Bench.Pair();
            (IvSocket near2, IvSocket far2) = test.Bench.Pair();
            bool throws = true;
            test.Data = fd =>
            {
                if (throws)
                {
                    throws = false;
                    throw new InvalidDataException("on purpose");
                }

                EdgeBench.ReadAll(fd);
            };
            EdgeFd<EdgeTag> first = test.Arm(near, EdgeBench.Both, "a");
            EdgeFd<EdgeTag> second = test.Arm(near2, EdgeBench.Both, "b");
            test.Bench.Send(far);
            test.Bench.Send(far2);
            far.Dispose();
            far2.Dispose();
            Assert.That(test.Settle, Throws.InstanceOf<InvalidDataException>());
            first.ArmRead();
            second.ArmRead();
            test.Settle();
            Assert.That(first.State.Received, Is.EqualTo(1));
            Assert.That(second.State.Received, Is.EqualTo(1));
            Assert.That(test.Log, Is.SupersetOf((string[])["a ready", "b ready", "a Remote", "b Remote"]));
        },
        new EdgeLoopOptions { Trigger = trigger });

    [Test]
    public void A_hook_gets_what_a_callback_throws_and_the_loop_goes_on()
    {
        List<IvUnhandledException> seen = [];
        backend.Run(
            test =>
            {
                (IvSocket near, IvSocket far) = test.Bench.Pair();
                test.Data = static _ => throw new InvalidDataException("on purpose");
                test.Arm(near, EdgeBench.Both).Name = "thrower";
                test.Bench.Send(far);
                test.Settle();
                Assert.That(test.Log, Is.EqualTo(["a data", "a ready"]));
            },
            hook: seen.Add);
        Assert.That(seen.Single().Subject!.Name, Is.EqualTo("thrower"));
    }

    [Test]
    public void A_callback_may_close_itself_and_everybody_else() => backend.Run(test =>
    {
        List<IvSocket> sockets = [];
        for (int i = 0; i < 8; i++)
        {
            (IvSocket near, IvSocket far) = test.Bench.Pair();
            sockets.Add(near);
            test.Arm(near, EdgeBench.Both, $"{i}");
            test.Bench.Send(far);
        }

        test.Data = _ => test.Edge.CloseAll();
        test.Settle();
        Assert.That(sockets, Has.All.Property(nameof(IvSocket.IsDisposed)).True);
        Assert.That(test.Log.Count(static call => call.EndsWith("data", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(test.Log.Count(static call => call.EndsWith("Local", StringComparison.Ordinal)), Is.EqualTo(8));
        Assert.That(test.Log, Has.Count.EqualTo(9));
    });

    [Test]
    public void A_callback_may_disarm_and_arm_anew_and_the_rest_of_the_event_is_of_the_past() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = fd =>
        {
            EdgeBench.ReadAll(fd);
            fd.Disarm();
            fd.ArmRead();
        };
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        test.Bench.Send(far);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
        Assert.That(fd.Armed, Is.EqualTo(IvBands.In));
        test.Bench.Send(far);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
    });

    [Test]
    public void A_callback_may_dispose_the_loop() => backend.Run(test =>
    {
        for (int i = 0; i < 4; i++)
        {
            (IvSocket near, IvSocket far) = test.Bench.Pair();
            test.Arm(near, EdgeBench.Both, $"{i}");
            test.Bench.Send(far);
        }

        test.Data = _ => test.Edge.Dispose();
        Assert.That(test.Edge.Review(EdgeBench.Patience), Is.EqualTo(1));
        Assert.That(test.Log, Has.Count.EqualTo(1));
        test.Loop.Run(TimeSpan.Zero);
        Assert.That(test.Log, Has.Count.EqualTo(1));
    });

    [Test]
    public void A_callback_may_not_call_Review() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = fd =>
        {
            FatalScope.Expect(FatalCondition.NestedRun, () => test.Edge.Review(TimeSpan.Zero));
            FatalScope.Expect(FatalCondition.NestedRun, () => test.Edge.WaitReady(TimeSpan.Zero));
        };
        test.Arm(near, IvBands.In);
        test.Bench.Send(far);
        Assert.That(test.Edge.Review(TimeSpan.Zero), Is.EqualTo(1));
    });

    [Test]
    public void Break_in_a_callback_leaves_the_rest_of_the_event_for_later() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = fd =>
        {
            EdgeBench.ReadAll(fd);
            test.Loop.Break();
        };
        test.Arm(near, EdgeBench.Both);
        test.Bench.Send(far);
        test.Edge.Review(TimeSpan.Zero);
        Assert.That(test.Calls, Is.EqualTo("a data"));
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a ready"));
    });

    [Test]
    public void Arming_what_cannot_be_watched_says_why_and_changes_nothing() => backend.Run(test =>
    {
        (IvSocket near, _) = test.Bench.Pair();
        Assert.That(test.Edge.TryArm(9_999, IvBands.In, new EdgeTag("a", test), out EdgeFd<EdgeTag>? fd), Is.EqualTo(IvError.EBADF));
        Assert.That(fd, Is.Null);
        Assert.That(() => test.Arm(9_999, IvBands.In), Throws.InstanceOf<IvException>().With.Message.Contains("9999"));
        Assert.That(() => test.Arm(near, IvBands.None), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => test.Arm(near, IvBands.In | IvBands.Hangup), Throws.InstanceOf<ArgumentOutOfRangeException>());
        IvFd other = test.Bench.Watch(near, static _ => { });
        Assert.That(test.Edge.TryArm(near, IvBands.In, new EdgeTag("a", test), out _), Is.EqualTo(IvError.EEXIST));
        Assert.That(test.Edge.Find(near), Is.Null, "another's");
        Assert.That(test.Edge.Disarm(near), Is.False);
        Assert.That(other.IsRegistered, Is.True);
        Assert.That(test.Loop.Counters.Fds, Is.EqualTo(1));
    });

    [Test]
    public void Descriptors_by_number_and_by_handle_are_watched_alike() => backend.Run(test =>
    {
        (nint near, nint far) = test.Bench.Numbers();
        test.Data = EdgeBench.ReadAll;
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        Assert.That(test.Edge.Find(near), Is.SameAs(fd));
        test.Bench.Write(far);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data, a ready"));
        test.Bench.Close(far);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a Remote"));
        Assert.That(fd.ToString(), Does.StartWith($"EdgeFd {near}"));
        fd.Close();
        Assert.That(test.Edge.Find(near), Is.Null);
        test.Bench.Close(near);
    });

    [Test]
    public void A_callback_may_run_for_others_that_were_armed_by_it_in_the_same_turn() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        (IvSocket near2, IvSocket far2) = test.Bench.Pair();
        test.Bench.Send(far2);
        test.Data = fd =>
        {
            EdgeBench.ReadAll(fd);
            if (fd.State.Name == "a")
            {
                test.Arm(near2, IvBands.In, "b");
            }
        };
        test.Arm(near, IvBands.In);
        test.Bench.Send(far);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data, b data"));
    });

    [Test]
    public void The_loop_it_lives_on_may_be_run_instead() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = EdgeBench.ReadAll;
        test.Closed = static (fd, _) => fd.Close();
        test.Arm(near, EdgeBench.Both);
        test.Bench.Send(far, "bye");
        far.Dispose();
        Assert.That(test.Loop.Run(), Is.False, "until nothing is left that keeps it alive");
        Assert.That(test.Calls, Is.EqualTo("a data, a ready, a Remote"));
    });

    private static IEnumerable<string> OwnersNames() => OwnersMembers.Keys;

    private static IEnumerable<string> LivingNames() => MembersOfTheLiving.Keys;
}
