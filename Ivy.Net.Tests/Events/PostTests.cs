using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Events;

/// <summary>Posted callbacks: states of any type, order among themselves and with events, and what a disposed loop says.</summary>
internal sealed class PostTests
{
    [Test]
    public void States_of_every_kind_arrive()
    {
        using var test = new TestLoop();
        var big = (1L, 2L, "three", 4.0);
        test.Loop.Post(state => test.Say($"{state ?? "null"}"), null);
        test.Loop.Post(state => test.Say($"{state}"), (object)"object");
        test.Loop.Post<string>(state => test.Say(state), "string");
        test.Loop.Post<string?>(state => test.Say(state ?? "null string"), null);
        test.Loop.Post(state => test.Say($"{state}"), 42);
        test.Loop.Post(state => test.Say($"{state}"), big);
        test.Loop.Post<int?>(state => test.Say($"{state?.ToString() ?? "no number"}"), null);
        test.Loop.Post<IReadOnlyList<int>>(state => test.Say($"{state.Count}"), [1, 2, 3]);
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["null", "object", "string", "null string", "42", $"{big}", "no number", "3"]));
    }

    [Test]
    public void E1_Posts_of_all_kinds_and_events_run_in_the_order_in_which_one_thread_posted_them()
    {
        using var test = new TestLoop();
        IvEvent[] events = [.. Enumerable.Range(0, 3).Select(i => test.Event(_ => test.Say($"event {i}")))];
        LoopThread.Elsewhere(() =>
        {
            for (int i = 0; i < 3; i++)
            {
                test.Loop.Post(static state => state.Test.Say($"value {state.I}"), (Test: test, I: i));
                events[i].Post();
                test.Loop.Post(static state => ((TestLoop)state!).Say("object"), (object)test);
                test.Loop.Post(static test => test.Say("reference"), test);
            }
        });
        test.Loop.Run(IvRunMode.NonBlocking);
        Assert.That(test.Log, Is.EqualTo(Enumerable.Range(0, 3).SelectMany(i => (string[])[$"value {i}", $"event {i}", "object", "reference"])));
        Array.ForEach(events, item => item.Dispose());
    }

    [Test]
    public void B12_A_post_of_a_post_runs_in_a_later_batch_never_recursively()
    {
        using var test = new TestLoop();
        test.Loop.Post(
            static test =>
            {
                test.Loop.Post(static test => test.Say($"inner after {test.Poller.Waits}"), test);
                test.Say("outer");
            },
            test);
        test.Loop.Post(static test => test.Say($"second after {test.Poller.Waits}"), test);
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["outer", "second after 1", "inner after 2"]));
    }

    [Test]
    public void A_post_that_posts_itself_for_ever_starves_neither_timers_nor_tasks_nor_descriptors()
    {
        using var test = new TestLoop();
        static void Again(TestLoop test) => test.Loop.Post(Again, test);
        Again(test);
        IvFd fd = test.RegisteredFd(5, _ => test.Timer(TimeSpan.Zero, _ => test.Task(_ => test.Loop.Quit())));
        test.Poller.Ready((5, IvBands.In));
        test.Loop.Run();
        fd.Unregister();
    }

    [Test]
    public void E3_A_disposed_loop_says_false_and_keeps_nothing_of_the_state()
    {
        var test = new TestLoop();
        test.Dispose();
        WeakReference state = PostWhatIsForgotten(test.Loop);
        GC.Collect();
        Assert.That(state.IsAlive, Is.False);
    }

    [Test]
    public void A_posted_state_is_not_kept_after_the_callback_ran()
    {
        using var test = new TestLoop();
        WeakReference state = PostAndRun(test);
        GC.Collect();
        Assert.That(state.IsAlive, Is.False);
    }

    [Test]
    public void E3_Posts_that_race_with_Dispose_run_or_are_refused_or_are_reported()
    {
        for (int round = 0; round < 50; round++)
        {
            int ran = 0;
            int accepted = 0;
            int dropped = 0;
            using var started = new CountdownEvent(2);
            Action wait = null!;
            LoopThread.Run(new IvLoopOptions { LeakReport = report => dropped = report.DroppedPosts }, loop =>
            {
                wait = LoopThread.Begin(2, number =>
                {
                    started.Signal();
                    for (int i = 0; i < 1000; i++)
                    {
                        bool taken = number == 0 ? loop.Post(_ => ran++, i) : loop.Post(_ => ran++, null);
                        if (!taken)
                        {
                            return;
                        }

                        Interlocked.Increment(ref accepted);
                    }
                });
                started.Wait();
                loop.Run(IvRunMode.NonBlocking);
            });
            wait();
            Assert.That(ran + dropped, Is.EqualTo(accepted));
        }
    }

    [Test]
    public void A_missing_callback_is_a_bad_argument()
    {
        using var test = new TestLoop();
        Assert.That(() => test.Loop.Post(null!, null), Throws.ArgumentNullException);
        Assert.That(() => test.Loop.Post<int>(null!, 1), Throws.ArgumentNullException);
        Assert.That(test.Loop.Run(), Is.False);
    }

    [Test]
    public void More_posts_than_the_pool_keeps_are_no_trouble()
    {
        using var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], PostPoolSize = 4 });
        int ran = 0;
        for (int i = 0; i < 1000; i++)
        {
            test.Loop.Post(_ => ran++, null);
            test.Loop.Post(_ => ran++, "text");
        }

        test.Loop.Run();
        Assert.That(ran, Is.EqualTo(2000));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference PostWhatIsForgotten(IvLoop loop)
    {
        object state = new();
        Assert.That(loop.Post(_ => Assert.Fail(), state), Is.False);
        Assert.That(loop.Post(_ => Assert.Fail(), (state, 1)), Is.False);
        return new WeakReference(state);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference PostAndRun(TestLoop test)
    {
        object state = new();
        test.Loop.Post(_ => { }, state);
        test.Loop.Post(_ => { }, (state, 1));
        test.Loop.Run();
        return new WeakReference(state);
    }
}
