using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Rows L1 to L5 and the scenario null, on each backend as it is: its own clock, its own waits.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class LoopRowTests(ConformanceBackend backend)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Test]
    [Category("L1")]
    public void A_turn_runs_timers_then_tasks_then_looks_then_events_then_descriptors() => backend.Run(bench =>
    {
        void Say(string what) => bench.Log.Add($"{what} {bench.Polls}");
        bench.Readable(_ => Say("fd"));
        bench.Event(_ => Say("event")).Post();
        bench.Task(_ => Say("task"));
        bench.Timer(TimeSpan.Zero, _ => Say("timer"));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["timer 0", "task 0", "event 1", "fd 1"]));
    });

    [Test]
    [Category("L1")]
    public void A_task_of_a_timer_runs_in_its_turn_and_one_of_a_descriptor_in_the_next_without_a_sleep_between() => backend.Run(bench =>
    {
        IvFd silent = bench.Watch(bench.Pair().Near, bench.Say("never"));
        bench.Timer(TimeSpan.Zero, _ => bench.Task(_ => bench.Log.Add($"timer's {bench.Polls}")));
        bench.Readable(fd =>
        {
            fd.Unregister();
            bench.Task(_ =>
            {
                bench.Log.Add($"fd's {bench.Polls}");
                silent.Unregister();
            });
        });
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["timer's 0", "fd's 1"]));
    });

    [Test]
    [Category("L2")]
    public void Run_returns_before_its_wait_when_a_timer_or_a_task_takes_the_last_object_away() => backend.Run(bench =>
    {
        IvFd first = bench.Watch(bench.Pair().Near, bench.Say("never"));
        IvFd second = bench.Watch(bench.Pair().Near);
        bench.Timer(TimeSpan.Zero, _ => first.Unregister());
        bench.Task(_ => second.Unregister());
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Polls, Is.Zero);
        Assert.That(bench.Loop.Counters.Active, Is.Zero);
    });

    [Test]
    [Category("L2")]
    [Category("null")]
    public void A_descriptor_without_handlers_keeps_the_loop_alive_and_asleep() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near);
        bench.Send(far);
        bench.AssertSleeps("nothing is wanted of it");
        bench.Timer(TimeSpan.FromMilliseconds(5), _ =>
        {
            bench.Log.Add("still here");
            bench.Loop.Quit();
        });
        Assert.That(bench.Loop.Run(), Is.True, "without the timer it would go on");
        Assert.That(bench.Log, Is.EqualTo(["still here"]));
        fd.Unregister();
        Assert.That(bench.Loop.Run(), Is.False);
    });

    [Test]
    [Category("L3")]
    public void Quit_in_a_descriptor_s_handler_lets_its_batch_then_timers_then_tasks_run_and_Run_may_be_called_again() => backend.Run(bench =>
    {
        for (int i = 0; i < 3; i++)
        {
            bench.Readable(_ =>
            {
                bench.Log.Add("fd");
                if (bench.Log[^1] == "fd" && (bench.Log.Count == 1 || bench.Log[^2] != "fd"))
                {
                    bench.Loop.Quit();
                    bench.Task(_ => bench.Log.Add("task"));
                    bench.Timer(TimeSpan.Zero, _ => bench.Log.Add("timer"));
                }
            });
        }

        string[] once = ["fd", "fd", "fd", "timer", "task"];
        Assert.That(bench.Loop.Run(), Is.True);
        Assert.That(bench.Log, Is.EqualTo(once));
        Assert.That(bench.Loop.Run(), Is.True);
        Assert.That(bench.Log, Is.EqualTo([.. once, .. once]));
        Assert.That(bench.Polls, Is.EqualTo(2), "one wait for each Run");
    });

    [Test]
    [Category("L3")]
    public void Quit_in_an_event_s_handler_lets_the_events_and_descriptors_of_its_batch_run() => backend.Run(bench =>
    {
        bench.Readable(bench.Say("fd"));
        IvEvent second = bench.Event(_ => bench.Log.Add("second"));
        IvEvent first = bench.Event(_ =>
        {
            bench.Log.Add("first");
            bench.Loop.Quit();
        });
        first.Post();
        second.Post();
        Assert.That(bench.Loop.Run(), Is.True);
        Assert.That(bench.Log, Is.EqualTo(["first", "second", "fd"]));
    });

    [TestCase(true)]
    [TestCase(false)]
    [Category("L3")]
    public void Quit_in_a_timer_or_a_task_lets_the_expired_timers_and_the_round_run_and_no_descriptor(bool inTimer) => backend.Run(bench =>
    {
        void Say(string what, bool quits)
        {
            bench.Log.Add(what);
            if (quits)
            {
                bench.Loop.Quit();
            }
        }

        bench.Readable(bench.Say("fd"));
        bench.Timer(TimeSpan.Zero, _ => Say("timer", inTimer));
        bench.Timer(TimeSpan.Zero, _ => Say("timer", quits: false));
        bench.Task(_ => Say("task", !inTimer));
        bench.Task(_ => Say("task", quits: false));
        Assert.That(bench.Loop.Run(), Is.True);
        Assert.That(bench.Log, Is.EqualTo(["timer", "timer", "task", "task"]));
        Assert.That(bench.Polls, Is.Zero);
    });

    [Test]
    [Category("L4")]
    public void Quit_before_Run_ends_one_Run_after_its_timers_and_tasks() => backend.Run(bench =>
    {
        bench.Readable(bench.Say("fd"));
        bench.Timer(TimeSpan.Zero, _ => bench.Log.Add("timer"));
        bench.Task(_ => bench.Log.Add("task"));
        bench.Loop.Quit();
        bench.Loop.Quit();
        Assert.That(bench.Loop.Run(), Is.True);
        Assert.That(bench.Log, Is.EqualTo(["timer", "task"]));
        Assert.That(bench.Polls, Is.Zero);
        bench.Loop.Run(IvRunMode.Once);
        Assert.That(bench.Log, Is.EqualTo(["timer", "task", "fd"]), "the latch is used up");
    });

    [Test]
    [Category("L4")]
    public void Quit_of_another_thread_wakes_a_sleeping_loop_and_is_kept_for_one_that_does_not_run() => backend.Run(bench =>
    {
        backend.Require(Need.Threads);
        bench.Watch(bench.Pair().Near, bench.Say("never"));
        LoopThread.Elsewhere(bench.Loop.Quit);
        Assert.That(bench.Loop.Run(), Is.True);
        Assert.That(bench.Polls, Is.Zero, "kept");

        // Each Run would last for ever; which of them sleep already when Quit comes is chance, one at least must.
        long before = bench.Loop.Counters.Wakeups;
        for (int i = 0; i < 50 || bench.Loop.Counters.Wakeups == before; i++)
        {
            Action wait = LoopThread.Begin(1, _ => bench.Loop.Quit());
            Assert.That(bench.Loop.Run(), Is.True);
            wait();
        }
    });

    [Test]
    [Category("L5")]
    public void A_nested_Run_is_refused_and_the_round_goes_on() => backend.Run(bench =>
    {
        bench.Readable(fd =>
        {
            FatalScope.Expect(FatalCondition.NestedRun, () => bench.Loop.Run());
            bench.Log.Add("fd");
            fd.Unregister();
        });
        bench.Task(_ => FatalScope.Expect(FatalCondition.NestedRun, () => bench.Loop.Run(IvRunMode.NonBlocking)));
        bench.Task(_ => bench.Log.Add("task"));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["task", "fd"]));
    });

    [Test]
    [Category("L5")]
    public void A_second_loop_on_the_thread_is_refused_and_the_first_goes_on() => backend.Run(bench =>
    {
        FatalScope.Expect(FatalCondition.SecondLoop, () => new IvLoop(backend.Options(bench)).Dispose());
        Assert.That(IvLoop.Current, Is.SameAs(bench.Loop));
        bench.Readable(bench.Say("fd"));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["fd"]));
    });

    [Test]
    [Category("L5")]
    public void What_another_thread_does_to_registered_objects_is_refused_and_changes_nothing() => backend.Run(bench =>
    {
        IvFd fd = bench.Readable(bench.Say("fd"));
        IvTimer timer = bench.Timer(Hour, _ => bench.Log.Add("timer"));
        IvTimestamp due = timer.Expires;
        IvTask task = bench.Task(_ => bench.Log.Add("task"));
        IvEvent item = bench.Event(_ => bench.Log.Add("event"));
        item.Post();
        int active = bench.Loop.Counters.Active;

        // A simulation may notice first that the thread is none of its own.
        FatalCondition elsewhere = backend.IsSimulated ? FatalCondition.SimulationThread : FatalCondition.WrongThread;
        LoopThread.Elsewhere(() =>
        {
            foreach (Action mutation in (Action[])[fd.Unregister, () => fd.HandlerIn = null, () => timer.Start(Hour), timer.Stop, task.Unregister, item.Unregister])
            {
                IvFatalException? refused = Assert.Throws<IvFatalException>(() => mutation());
                Assert.That(refused!.Info.Id, Is.EqualTo(FatalCondition.WrongThread.Id).Or.EqualTo(elsewhere.Id));
            }
        });
        Assert.That(bench.Loop.Counters.Active, Is.EqualTo(active));
        Assert.That(timer.Expires, Is.EqualTo(due));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["task", "event", "fd"]));
    });
}
