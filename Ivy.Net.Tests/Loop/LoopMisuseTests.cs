using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>L5, X1: broken rules are found before anything changes, and the state is intact after them.</summary>
internal sealed class LoopMisuseTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly Dictionary<string, Action<TestLoop>> NestedRuns = new()
    {
        ["Run()"] = static test => test.Loop.Run(),
        ["Run(NonBlocking)"] = static test => test.Loop.Run(IvRunMode.NonBlocking),
        ["Run(TimeSpan)"] = static test => test.Loop.Run(Second),
        ["RunUntil"] = static test => test.Loop.RunUntil(() => false),
        ["RunUntil of what holds already"] = static test => test.Loop.RunUntil(() => true),
    };

    private static readonly Dictionary<string, Action<WrongThreadCase>> OwnersMembers = new()
    {
        ["loop.Run"] = static c => c.Loop.Run(),
        ["loop.Run(mode)"] = static c => c.Loop.Run(IvRunMode.NonBlocking),
        ["loop.Run(time)"] = static c => c.Loop.Run(Second),
        ["loop.RunUntil"] = static c => c.Loop.RunUntil(() => true),
        ["loop.Break"] = static c => c.Loop.Break(),
        ["loop.Now"] = static c => _ = c.Loop.Now,
        ["loop.InvalidateNow"] = static c => c.Loop.InvalidateNow(),
        ["loop.NextDeadline"] = static c => _ = c.Loop.NextDeadline,
        ["loop.BackendHandle"] = static c => _ = c.Loop.BackendHandle,
        ["loop.Dump"] = static c => c.Loop.Dump(TextWriter.Null),
        ["loop.Dispose"] = static c => c.Loop.Dispose(),
        ["fd.Register"] = static c => c.Fd.Register(),
        ["fd.TryRegister"] = static c => c.Fd.TryRegister(),
        ["fd.Unregister"] = static c => c.Fd.Unregister(),
        ["fd.Dispose"] = static c => c.Fd.Dispose(),
        ["fd.KeepsLoopAlive"] = static c => c.Fd.KeepsLoopAlive = false,
        ["fd.HandlerIn"] = static c => c.Fd.HandlerIn = _ => { },
        ["fd.HandlerOut"] = static c => c.Fd.HandlerOut = _ => { },
        ["fd.HandlerErr"] = static c => c.Fd.HandlerErr = _ => { },
        ["fd.HandlerHangup"] = static c => c.Fd.HandlerHangup = _ => { },
        ["fd.HandlerPri"] = static c => c.Fd.HandlerPri = _ => { },
        ["fd.Read"] = static c => c.Fd.Read([]),
        ["fd.Write"] = static c => c.Fd.Write([]),
        ["fd.ReadV"] = static c => c.Fd.ReadV([]),
        ["fd.WriteV"] = static c => c.Fd.WriteV([]),
        ["timer.Register"] = static c => c.Timer.Register(),
        ["timer.Unregister"] = static c => c.Timer.Unregister(),
        ["timer.Start"] = static c => c.Timer.Start(Second),
        ["timer.Start periodic"] = static c => c.Timer.Start(Second, Second),
        ["timer.StartAt"] = static c => c.Timer.StartAt(IvTimestamp.MaxValue),
        ["timer.StartAt periodic"] = static c => c.Timer.StartAt(IvTimestamp.MaxValue, Second),
        ["timer.Stop"] = static c => c.Timer.Stop(),
        ["timer.Expires"] = static c => c.Timer.Expires = IvTimestamp.MaxValue,
        ["timer.Period"] = static c => c.Timer.Period = Second,
        ["timer.Handler"] = static c => c.Timer.Handler = _ => { },
        ["timer.KeepsLoopAlive"] = static c => c.Timer.KeepsLoopAlive = false,
        ["timer.Dispose"] = static c => c.Timer.Dispose(),
        ["timeout.Start"] = static c => c.Timeout.Start(),
        ["timeout.Stop"] = static c => c.Timeout.Stop(),
        ["timeout.Duration"] = static c => c.Timeout.Duration = Second,
        ["timeout.Handler"] = static c => c.Timeout.Handler = _ => { },
        ["timeout.KeepsLoopAlive"] = static c => c.Timeout.KeepsLoopAlive = false,
        ["timeout.Dispose"] = static c => c.Timeout.Dispose(),
        ["task.Register"] = static c => c.Task.Register(),
        ["task.Unregister"] = static c => c.Task.Unregister(),
        ["task.Handler"] = static c => c.Task.Handler = _ => { },
        ["task.KeepsLoopAlive"] = static c => c.Task.KeepsLoopAlive = false,
        ["task.Dispose"] = static c => c.Task.Dispose(),
        ["event.Register"] = static c => c.Event.Register(),
        ["event.Unregister"] = static c => c.Event.Unregister(),
        ["event.Handler"] = static c => c.Event.Handler = _ => { },
        ["event.KeepsLoopAlive"] = static c => c.Event.KeepsLoopAlive = false,
        ["event.Dispose"] = static c => c.Event.Dispose(),
        ["raw.Register"] = static c => c.Raw.Register(),
        ["raw.Unregister"] = static c => c.Raw.Unregister(),
        ["raw.Handler"] = static c => c.Raw.Handler = _ => { },
        ["raw.KeepsLoopAlive"] = static c => c.Raw.KeepsLoopAlive = false,
        ["raw.Dispose"] = static c => c.Raw.Dispose(),
    };

    [TestCaseSource(nameof(Keys), new object[] { nameof(NestedRuns) })]
    [Provokes("IVF0004")]
    public void L5_A_handler_must_not_run_its_own_loop_again(string call)
    {
        using var test = new TestLoop();
        test.Task(_ => FatalScope.Expect(FatalCondition.NestedRun, () => NestedRuns[call](test)));
        test.Task("the round goes on");
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["the round goes on"]));
    }

    [Test]
    [Provokes("IVF0003")]
    public void L5_A_thread_has_at_most_one_loop_and_a_second_makes_no_poller()
    {
        using var test = new TestLoop();
        bool made = false;
        var options = new IvLoopOptions
        {
            PollMethods = [new IvPollMethod("second", () =>
            {
                made = true;
                return new ScriptedPoller();
            })],
        };
        IvFatalInfo info = FatalScope.Expect(FatalCondition.SecondLoop, () => new IvLoop(options).Dispose());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(made, Is.False);
            Assert.That(IvLoop.Current, Is.SameAs(test.Loop));
            Assert.That(info.Message, Does.Contain(test.Loop.ToString()));
        }
    }

    [TestCaseSource(nameof(Keys), new object[] { nameof(OwnersMembers) })]
    [Provokes("IVF0001")]
    public void L5_Members_of_the_owner_on_another_thread_are_a_misuse_and_change_nothing(string member) => LoopThread.Run(loop =>
    {
        using var c = new WrongThreadCase(loop);
        string before = c.Describe();
        LoopThread.Elsewhere(() =>
        {
            using var own = new TestLoop();
            IvFatalInfo info = FatalScope.Expect(FatalCondition.WrongThread, () => OwnersMembers[member](c));
            Assert.That(info.Message, Does.Contain(loop.ToString()));
        });
        Assert.That(c.Describe(), Is.EqualTo(before));
    });

    [Test]
    public void L5_Members_for_any_thread_work_on_any_thread() => LoopThread.Run(loop =>
    {
        using var c = new WrongThreadCase(loop);
        LoopThread.Elsewhere(() =>
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(c.Event.Post(), Is.True);
                Assert.That(c.Raw.Post(), Is.True);
                Assert.That(loop.Post(_ => { }, null), Is.True);
                Assert.That(loop.Post(_ => { }, 1), Is.True);
                Assert.That(loop.Counters.Active, Is.EqualTo(6));
                Assert.That(loop.IsOnThread, Is.False);
                Assert.That(loop.PollMethod, Is.Not.Empty);
                Assert.That(c.Timer.Loop, Is.SameAs(loop));
                Assert.That(c.Timer.IsRegistered, Is.True);
                Assert.That(IvLoop.Current, Is.Null);
            }

            loop.Quit();
        });
        Assert.That(loop.Run(), Is.True);
    });

    [Test]
    [Provokes("IVF0002")]
    public void Registering_needs_a_loop_on_the_thread() => LoopThread.Elsewhere(() =>
    {
        FatalScope.Expect(FatalCondition.NoLoop, () => TestLoop.Fd(5).Register());
        FatalScope.Expect(FatalCondition.NoLoop, () => new IvTimer(_ => { }).Start(Second));
        FatalScope.Expect(FatalCondition.NoLoop, () => new IvTimer(_ => { }).Register());
        FatalScope.Expect(FatalCondition.NoLoop, () => new IvTimeout(Second, _ => { }).Start());
        FatalScope.Expect(FatalCondition.NoLoop, () => new IvTask(_ => { }).Register());
        FatalScope.Expect(FatalCondition.NoLoop, () => new IvEvent(_ => { }).Register());
        using var raw = new IvEventRaw(_ => { });
        FatalScope.Expect(FatalCondition.NoLoop, raw.Register);
    });

    [Test]
    [Provokes("IVF0020")]
    public void An_object_is_registered_at_most_once()
    {
        using var test = new TestLoop();
        using IvFd fd = test.RegisteredFd(5);
        using IvTimer timer = test.Timer(Second, "timer");
        using IvTask task = test.Task("task");
        using IvEvent item = test.Event(_ => { });
        string before = test.Loop.Counters.ToString();
        FatalScope.Expect(FatalCondition.AlreadyRegistered, fd.Register);
        FatalScope.Expect(FatalCondition.AlreadyRegistered, () => fd.TryRegister());
        FatalScope.Expect(FatalCondition.AlreadyRegistered, timer.Register);
        FatalScope.Expect(FatalCondition.AlreadyRegistered, task.Register);
        FatalScope.Expect(FatalCondition.AlreadyRegistered, item.Register);
        Assert.That(test.Loop.Counters.ToString(), Is.EqualTo(before));
    }

    [Test]
    [Provokes("IVF0021")]
    public void Only_what_is_registered_can_be_unregistered()
    {
        using var test = new TestLoop();
        FatalScope.Expect(FatalCondition.NotRegistered, TestLoop.Fd(5).Unregister);
        FatalScope.Expect(FatalCondition.NotRegistered, new IvTimer(_ => { }).Unregister);
        FatalScope.Expect(FatalCondition.NotRegistered, new IvTask(_ => { }).Unregister);
        FatalScope.Expect(FatalCondition.NotRegistered, new IvEvent(_ => { }).Unregister);
        using var raw = new IvEventRaw(_ => { });
        FatalScope.Expect(FatalCondition.NotRegistered, raw.Unregister);
    }

    [Test]
    public void Stop_and_Dispose_of_what_is_not_registered_do_nothing()
    {
        using var test = new TestLoop();
        using var timer = new IvTimer(_ => { });
        timer.Stop();
        using var timeout = new IvTimeout(Second, _ => { });
        timeout.Stop();
        timer.Dispose();
        timer.Dispose();
    }

    [Test]
    [Provokes("IVF0024")]
    public void A_disposed_object_cannot_be_registered()
    {
        using var test = new TestLoop();
        IvFd fd = test.RegisteredFd(5);
        IvTimer timer = test.Timer(Second, "timer");
        var timeout = new IvTimeout(Second, _ => { });
        timeout.Start();
        IvTask task = test.Task("task");
        IvEvent item = test.Event(_ => { });
        Array.ForEach<IvObject>([fd, timer, timeout, task, item], one => one.Dispose());
        FatalScope.Expect(FatalCondition.DisposedObject, fd.Register);
        FatalScope.Expect(FatalCondition.DisposedObject, timer.Register);
        FatalScope.Expect(FatalCondition.DisposedObject, () => timer.Start(Second));
        FatalScope.Expect(FatalCondition.DisposedObject, timeout.Start);
        FatalScope.Expect(FatalCondition.DisposedObject, task.Register);
        FatalScope.Expect(FatalCondition.DisposedObject, item.Register);
        Assert.That(item.Post(), Is.False, "a member for any thread");
        Assert.That(test.Loop.Run(), Is.False);
    }

    [Test]
    [Provokes("IVF0023")]
    public void What_a_registration_is_made_from_cannot_change_under_it()
    {
        using var test = new TestLoop();
        using IvTimer timer = test.Timer(Second, "timer");
        IvTimestamp expires = timer.Expires;
        FatalScope.Expect(FatalCondition.ImmutableWhileRegistered, () => timer.Expires = IvTimestamp.MaxValue);
        using var timeout = new IvTimeout(Second, _ => { });
        timeout.Start();
        FatalScope.Expect(FatalCondition.ImmutableWhileRegistered, () => timeout.Duration = 2 * Second);
        Assert.That(timer.Expires, Is.EqualTo(expires));
        Assert.That(timeout.Duration, Is.EqualTo(Second));
    }

    [Test]
    public void A_missing_handler_is_a_bad_argument()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new IvTimer(null!), Throws.ArgumentNullException);
            Assert.That(() => new IvTimeout(Second, null!), Throws.ArgumentNullException);
            Assert.That(() => new IvTask(null!), Throws.ArgumentNullException);
            Assert.That(() => new IvEvent(null!), Throws.ArgumentNullException);
            Assert.That(() => new IvEventRaw(null!), Throws.ArgumentNullException);
            Assert.That(() => new IvTimer(_ => { }) { Handler = null! }, Throws.ArgumentNullException);
            Assert.That(() => new IvTask(_ => { }) { Handler = null! }, Throws.ArgumentNullException);
            Assert.That(() => new IvEvent(_ => { }) { Handler = null! }, Throws.ArgumentNullException);
            Assert.That(() => new IvTimeout(Second, _ => { }) { Handler = null! }, Throws.ArgumentNullException);
            Assert.That(() => new IvTimeout(TimeSpan.Zero, _ => { }), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void A_misuse_in_a_handler_leaves_the_loop_runnable()
    {
        using var test = new TestLoop();
        test.Task(task => task.Unregister());
        test.Task("second");
        IvFatalException? thrown = Assert.Throws<IvFatalException>(() => test.Loop.Run());
        Assert.That(thrown!.Info.Id, Is.EqualTo("IVF0021"));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["second"]));
    }

    [Test]
    public void An_unregistered_object_belongs_to_no_thread()
    {
        using var test = new TestLoop();
        IvTimer timer = test.Timer(Second, "timer");
        timer.Stop();
        LoopThread.Run(loop =>
        {
            timer.Handler = _ => test.Say("elsewhere");
            timer.Start(TimeSpan.Zero);
            loop.Run();
        });
        Assert.That(test.Log, Is.EqualTo(["elsewhere"]));
    }

    private static IEnumerable<string> Keys(string table) =>
        table == nameof(NestedRuns) ? NestedRuns.Keys : OwnersMembers.Keys;

    // One of each kind, registered on a loop.
    private sealed class WrongThreadCase : IDisposable
    {
        public WrongThreadCase(IvLoop loop)
        {
            Loop = loop;
            Raw = new IvEventRaw(_ => { });
            Raw.Register();
            Inner = new IvEventRaw(_ => { });
            Fd = new IvFd(Inner.Handle) { SetsNonBlocking = false };
            Fd.Register();
            Timer.Start(TimeSpan.FromHours(1));
            Timeout.Start();
            Task.Register();
            Event.Register();
        }

        public IvLoop Loop { get; }

        public IvFd Fd { get; }

        public IvEventRaw Raw { get; }

        public IvTimer Timer { get; } = new(_ => { });

        public IvTimeout Timeout { get; } = new(TimeSpan.FromHours(1), _ => { });

        public IvTask Task { get; } = new(_ => { });

        public IvEvent Event { get; } = new(_ => { });

        private IvEventRaw Inner { get; }

        public string Describe() => $"{Loop.Counters} {Fd.Interest} {Timer.Expires} {Timer.Period} {Timer.Handler.GetHashCode()} {Timeout.Duration} {Timeout.Expires} "
            + string.Join(' ', new IvObject[] { Fd, Raw, Timer, Timeout, Task, Event }.Select(one => $"{one.IsRegistered} {one.IsDisposed} {one.KeepsLoopAlive}"));

        public void Dispose()
        {
            Array.ForEach<IvObject>([Fd, Raw, Inner, Timer, Timeout, Task, Event], one => one.Dispose());
        }
    }
}
