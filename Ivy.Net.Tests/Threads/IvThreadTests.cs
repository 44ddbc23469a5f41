using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>H1 and the scenarios of iv_thread_test: the creator's loop outlives its threads, joins them, and hears of their end.</summary>
[TestFixtureSource(nameof(Backends))]
[NonParallelizable] // faults are the process's
internal sealed class IvThreadTests(ConformanceBackend backend)
{
    private readonly List<string> _log = [];

    private static IEnumerable<ConformanceBackend> Backends => ConformanceBackend.OfTheKernel;

    [SetUp]
    public void Forget() => _log.Clear();

    [Test]
    public void H1_Run_returns_when_all_threads_have_ended_and_were_joined() => backend.Run(bench =>
    {
        const int count = 4;
        int ended = 0;
        int told = 0;
        using var gate = new Gate(count);
        for (int i = 0; i < count; i++)
        {
            new IvThread($"child {i}", _ =>
            {
                gate.SignalAndWait();
                Interlocked.Increment(ref ended);
            })
            {
                HandlerExit = child =>
                {
                    Assert.That(bench.Loop.IsOnThread, Is.True);
                    Assert.That(child.IsAlive, Is.False);
                    Assert.That(child.IsRegistered, Is.False);
                    told++;
                },
            }.Start();
        }

        Assert.That(bench.Loop.Counters.Threads, Is.EqualTo(count));
        Assert.That(bench.Loop.Counters.Active, Is.EqualTo(count));
        bench.Loop.Run();
        Assert.That((ended, told), Is.EqualTo((count, count)));
        Assert.That(bench.Loop.Counters.Threads, Is.Zero);
    });

    [Test]
    public void Threads_that_return_throw_or_leave_a_loop_behind_are_all_joined() => backend.Run(bench =>
    {
        Start("returns", static _ => { });
        Start("throws", static _ => throw new InvalidDataException("thrown"));
        Start("returns from a loop", static _ =>
        {
            using var loop = new IvLoop();
            new IvTask(static _ => { }).Register();
            loop.Run();
        });
        bench.Loop.Run();
        Assert.That(_log, Is.EquivalentTo(["returns: ", "throws: thrown", "returns from a loop: "]));
        Assert.That(IvThread.Children, Is.Empty);
    });

    [Test]
    public void Joining_means_that_the_thread_is_gone() => backend.Run(bench =>
    {
        Thread? inside = null;
        new IvThread("child", _ => inside = Thread.CurrentThread)
        {
            HandlerExit = _ => Assert.That(inside!.IsAlive, Is.False),
        }.Start();
        bench.Loop.Run();
        Assert.That(inside, Is.Not.Null);
    });

    [Test]
    [Platform("Linux", Reason = "reads /proc")]
    public void A_thread_has_its_name_and_number_where_the_system_shows_them_and_a_clean_signal_mask() => backend.Run(bench =>
    {
        string shown = string.Empty;
        string blocked = string.Empty;
        string? managed = null;
        bool background = false;
        new IvThread("resolver 1", child =>
        {
            shown = File.ReadAllText($"/proc/self/task/{child.ThreadId}/comm").TrimEnd();
            blocked = File.ReadLines($"/proc/self/task/{child.ThreadId}/status").Single(static line => line.StartsWith("SigBlk:", StringComparison.Ordinal));
            managed = Thread.CurrentThread.Name;
            background = Thread.CurrentThread.IsBackground;
        }).Start();
        bench.Loop.Run();
        Assert.That(shown, Is.EqualTo("resolver 1"));
        Assert.That(blocked, Does.EndWith("0000000000000000"));
        Assert.That(managed, Is.EqualTo("resolver 1"));
        Assert.That(background, Is.True);
    });

    [Test]
    public void Children_are_listed_in_the_order_of_their_start_and_in_the_dump() => backend.Run(bench =>
    {
        using var go = new ManualResetEventSlim();
        foreach (string name in (string[])["one", "two"])
        {
            new IvThread(name, _ => go.Wait()).Start();
        }

        Wait.For(static () => IvThread.Children.All(static child => child.ThreadId > 0));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IvThread.Children.Select(static child => child.Name), Is.EqualTo(["one", "two"]));
            Assert.That(IvThread.Children.Select(static child => child.IsAlive), Is.All.True);
            LoopThread.Elsewhere(static () => Assert.That(IvThread.Children, Is.Empty));
            using var writer = new StringWriter { NewLine = "\n" };
            bench.Loop.Dump(writer);
            Assert.That(writer.ToString(), Does.Match(@"\n  thread    tid=\d+ running  ""one""\n").And.Match(@"\n  thread    tid=\d+ running  ""two""\n"));
        }

        go.Set();
        bench.Loop.Run();
        Assert.That(IvThread.Children, Is.Empty);
    });

    [Test]
    public void A_thread_that_does_not_keep_the_loop_alive_is_let_go() => backend.Run(bench =>
    {
        using var go = new ManualResetEventSlim();
        using var thread = new IvThread("background", _ => go.Wait()) { KeepsLoopAlive = false };
        thread.Start();
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(thread.IsAlive, Is.True);
        thread.KeepsLoopAlive = true;
        go.Set();
        bench.Loop.Run();
        Assert.That(thread.IsAlive, Is.False);
    });

    [Test]
    public void The_handler_of_the_end_may_start_the_next_thread_and_dispose_its_own() => backend.Run(bench =>
    {
        IvThread Make(int left) => new($"{left} left", _ => { })
        {
            HandlerExit = child =>
            {
                _log.Add(child.Name!);
                child.Dispose();
                if (left > 0)
                {
                    Make(left - 1).Start();
                }
            },
        };

        Make(2).Start();
        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["2 left", "1 left", "0 left"]));
    });

    [Test]
    public void A_disposed_thread_goes_on_and_nobody_is_told() => backend.Run(bench =>
    {
        using var go = new ManualResetEventSlim();
        using var done = new ManualResetEventSlim();
        var thread = new IvThread("detached", _ =>
        {
            go.Wait();
            done.Set();
        })
        {
            HandlerExit = static _ => Assert.Fail("told"),
        };
        thread.Start();
        thread.Dispose();
        thread.Dispose();
        Assert.That(bench.Loop.Run(), Is.False);
        go.Set();
        Assert.That(done.Wait(LoopThread.Patience), Is.True);
        bench.Turn(2);
    });

    [Test]
    public void A_loop_that_is_disposed_earlier_lets_its_threads_go_and_reports_them()
    {
        using var go = new ManualResetEventSlim();
        IvLeakReport? report = null;
        IvThread? good = null;
        IvThread? bad = null;
        using var fatal = new FatalWatch();
        LoopThread.Run(new IvLoopOptions { LeakReport = leaks => report = leaks }, _ =>
        {
            good = new IvThread("good", _ => go.Wait()) { HandlerExit = static _ => Assert.Fail("told") };
            bad = new IvThread("bad", _ =>
            {
                go.Wait();
                throw new InvalidDataException("into the void");
            })
            {
                HandlerExit = static _ => Assert.Fail("told"),
            };
            good.Start();
            bad.Start();
        });

        Assert.That(report!.Objects, Is.EquivalentTo(new[] { good, bad }));
        Assert.That(good!.Loop, Is.Null);
        go.Set();
        Wait.For(() => !good.IsAlive && !bad!.IsAlive);
        Wait.For(() => fatal.Seen.Any(info => info.Subject == bad));
        IvFatalInfo lost = fatal.Seen.Single(info => info.Subject == bad);
        Assert.That(lost.Id, Is.EqualTo(FatalCondition.LostException.Id));
        Assert.That(lost.Exception, Is.TypeOf<InvalidDataException>());
    }

    [Test]
    [Provokes("IVF0123")]
    public void An_exception_without_a_HandlerExit_leaves_the_creator_s_Run() => backend.Run(bench =>
    {
        var thread = new IvThread("careless", static _ => throw new InvalidDataException("two\nlines"));
        thread.Start();
        IvFatalInfo info = FatalScope.Expect(FatalCondition.LostException, () => bench.Loop.Run());
        Assert.That(info.Message, Does.Contain("IvThread \"careless\": its body has thrown System.IO.InvalidDataException (two lines)"));
        Assert.That(info.Exception, Is.TypeOf<InvalidDataException>());
        Assert.That(info.Exception!.StackTrace, Does.Contain(nameof(An_exception_without_a_HandlerExit_leaves_the_creator_s_Run)));
        Assert.That(info.Subject, Is.SameAs(thread));
        Assert.That(thread.Exception, Is.SameAs(info.Exception));
        Assert.That(bench.Loop.Run(), Is.False, "the loop goes on");
    });

    [Test]
    public void A_loop_that_the_thread_leaves_behind_is_disposed_with_a_warning() => backend.Run(bench =>
    {
        List<string> warnings = [];
        List<IvLeakReport> leaks = [];
        IvLoop? left = null;
        Start("untidy", _ =>
        {
            left = new IvLoop(new IvLoopOptions { Name = "left", Warning = warnings.Add, LeakReport = leaks.Add });
            new IvTimer(static _ => { }) { Name = "tick" }.Start(TimeSpan.FromHours(1));
        });
        Start("untidy and failing", static _ =>
        {
            var loop = new IvLoop(new IvLoopOptions { Warning = static _ => throw new InvalidDataException("second") });
            Assert.That(new IvLoopLocal<int>(static _ => 1, static (_, _) => throw new InvalidDataException("third")).Get(loop), Is.EqualTo(1));
            throw new InvalidDataException("first");
        });
        bench.Loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_log, Is.EquivalentTo(["untidy: ", "untidy and failing: first"]));
            Assert.That(warnings, Has.Count.EqualTo(1));
            Assert.That(warnings[0], Does.Contain("\"left\": IvThread \"untidy\" has ended without disposing its loop"));
            Assert.That(leaks, Has.Count.EqualTo(1));
            Assert.That(leaks[0].Objects, Has.Count.EqualTo(1));
            Assert.That(left!.Post(static _ => { }, null), Is.False);
        }
    });

    [Test]
    public void A_tear_down_that_throws_at_the_thread_s_end_is_the_thread_s_exception() => backend.Run(bench =>
    {
        var local = new IvLoopLocal<int>(static _ => 1, static (_, _) => throw new InvalidDataException("tear-down"));
        Start("child", _ => Assert.That(local.Get(new IvLoop(new IvLoopOptions { Warning = static _ => { } })), Is.EqualTo(1)));
        bench.Loop.Run();
        Assert.That(_log, Is.EqualTo(["child: tear-down"]));
    });

    [Test]
    [Platform("Linux", Reason = "errors injected into system calls of Linux")]
    public void A_thread_that_can_not_start_is_an_error_at_Start_and_changes_nothing() => backend.Run(bench =>
    {
        bool ran = false;
        var thread = new IvThread("no room", _ => ran = true);
        using (new ScriptedFaults(SysCall.PthreadCreate, IvError.EAGAIN, times: 2))
        {
            IvException? refused = Assert.Throws<IvException>(thread.Start);
            Assert.That(refused!.Error, Is.EqualTo(IvError.ENOMEM));
            Assert.That(refused.Message, Does.StartWith("IvThread \"no room\": start a thread: ENOMEM"));
            Assert.That(refused.Subject, Is.SameAs(thread));
            Assert.That(thread.TryStart(), Is.EqualTo(IvError.ENOMEM));
        }

        Assert.That(bench.Loop.Counters, Has.Property("Threads").EqualTo(0).And.Property("Active").EqualTo(0));
        Assert.That(IvThread.Children, Is.Empty);
        Assert.That((thread.IsAlive, thread.IsRegistered), Is.EqualTo((false, false)));
        Assert.That(thread.TryStart(), Is.EqualTo(IvError.None), "later there is room");
        bench.Loop.Run();
        Assert.That(ran, Is.True);
    });

    [Test]
    [Provokes("IVF0122")]
    public void A_thread_is_started_once() => backend.Run(bench =>
    {
        using var go = new ManualResetEventSlim();
        var thread = new IvThread("once", _ => go.Wait());
        thread.Start();
        Assert.That(FatalScope.Expect(FatalCondition.ThreadStartedTwice, thread.Start).Message, Does.Contain("but it runs"));
        go.Set();
        bench.Loop.Run();
        Assert.That(FatalScope.Expect(FatalCondition.ThreadStartedTwice, () => thread.TryStart()).Message, Does.Contain("but it has ended"));
    });

    [Test]
    public void Start_needs_a_loop_and_members_the_creator_s_thread() => backend.Run(bench =>
    {
        using var go = new ManualResetEventSlim();
        var thread = new IvThread("child", _ => go.Wait());
        LoopThread.Elsewhere(() => FatalScope.Expect(FatalCondition.NoLoop, thread.Start));
        thread.Start();
        LoopThread.Elsewhere(() =>
        {
            FatalScope.Expect(FatalCondition.WrongThread, () => thread.HandlerExit = null);
            FatalScope.Expect(FatalCondition.WrongThread, thread.Dispose);
        });
        go.Set();
        bench.Loop.Run();
        var disposed = new IvThread("disposed", static _ => { });
        disposed.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, disposed.Start);
        Assert.That(() => new IvThread(null!, static _ => { }), Throws.ArgumentNullException);
        Assert.That(() => new IvThread("x", null!), Throws.ArgumentNullException);
    });

    [Test]
    public void Two_hundred_threads_come_and_go() => backend.Run(bench =>
    {
        const int total = 200;
        const int atOnce = 20;
        int left = total - atOnce;
        int ended = 0;
        void OnExit(IvThread child)
        {
            ended++;
            if (left-- > 0)
            {
                new IvThread("next", static _ => { }) { HandlerExit = OnExit }.Start();
            }
        }

        for (int i = 0; i < atOnce; i++)
        {
            new IvThread("first", static _ => { }) { HandlerExit = OnExit }.Start();
        }

        bench.Loop.Run();
        Assert.That(ended, Is.EqualTo(total));
    });

    private void Start(string name, Action<IvThread> body) =>
        new IvThread(name, body) { HandlerExit = child => _log.Add($"{child.Name}: {child.Exception?.Message}") }.Start();
}
