using System.Runtime.CompilerServices;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Events;

/// <summary>Posts from many threads to a loop that runs: producers that are held up, ends at any moment, floods.</summary>
internal sealed class PostRaceTests
{
    [Test]
    public void Q4_A_producer_that_is_held_up_keeps_the_loop_asleep_and_not_busy() => LoopThread.Run(loop =>
    {
        List<int> ran = [];
        Action<object?> run = number => ran.Add((int)number!);
        Action wait = LoopThread.Begin(1, _ =>
        {
            loop.Post(run, 0);
            Assert.That(loop.Posts.TryClaim(out PostSegment? segment, out int claim), Is.True);
            loop.Post(run, 2);
            Wait.For(() => loop.IsAsleep && loop.Counters.Posts == 1);
            IvLoopCounters before = loop.Counters;
            for (int i = 3; i < 1000; i++)
            {
                loop.Post(run, i);
            }

            Assert.That(loop.IsAsleep, Is.True);
            Assert.That(loop.Counters.Wakeups, Is.EqualTo(before.Wakeups));
            Assert.That(loop.Counters.Polls, Is.EqualTo(before.Polls));
            loop.Posts.TryPublish(segment!, claim, run, 1, out bool wake);
            loop.OnPosted(wake);
            Wait.For(() => loop.Counters.Posts == 1000);
            Assert.That(loop.Counters.Wakeups, Is.EqualTo(before.Wakeups + 1));
            loop.Quit();
        });
        loop.Run(IvRunMode.KeepAlive);
        wait();
        Assert.That(ran, Is.EqualTo(Enumerable.Range(0, 1000)));
    });

    [Test]
    public void Q3_Q4_No_wakeup_is_lost_however_long_the_producers_take_between_claim_and_publication()
    {
        const int threads = 4;
        const int posts = 5000;
        LoopThread.Run(loop =>
        {
            int[] next = new int[threads];
            int ran = 0;
            int disorders = 0;
            Action<object?> run = state =>
            {
                (int producer, int number) = ((int, int))state!;
                disorders += next[producer]++ == number ? 0 : 1;
                if (++ran == threads * posts)
                {
                    loop.Quit();
                }
            };
            Action wait = LoopThread.Begin(threads, producer =>
            {
                var random = new Random(producer);
                for (int i = 0; i < posts; i++)
                {
                    object state = (producer, i);
                    Assert.That(loop.Posts.TryClaim(out PostSegment? segment, out int claim), Is.True);
                    Dawdle(random);
                    Assert.That(loop.Posts.TryPublish(segment!, claim, run, state, out bool wake), Is.True);
                    Dawdle(random);
                    loop.OnPosted(wake);

                    // Now and then the loop has time to fall asleep.
                    for (int pause = random.Next(8) == 0 ? random.Next(200) : 0; pause > 0; pause--)
                    {
                        Thread.SpinWait(10);
                    }
                }
            });
            loop.Run(IvRunMode.KeepAlive);
            wait();
            Assert.That((ran, disorders), Is.EqualTo((threads * posts, 0)));
        });
    }

    [Test]
    public void Q5_Posts_that_are_held_up_while_the_loop_ends_run_or_are_refused_or_are_reported()
    {
        for (int round = 0; round < 100; round++)
        {
            const int threads = 3;
            int ran = 0;
            int accepted = 0;
            int dropped = 0;
            int begun = 0;
            Action wait = null!;
            LoopThread.Run(new IvLoopOptions { LeakReport = report => dropped = report.DroppedPosts }, loop =>
            {
                wait = LoopThread.Begin(threads, producer =>
                {
                    var random = new Random((round * threads) + producer);
                    Action<object?> run = _ => ran++;
                    Interlocked.Increment(ref begun);
                    while (loop.Posts.TryClaim(out PostSegment? segment, out int claim))
                    {
                        Dawdle(random);
                        if (!loop.Posts.TryPublish(segment, claim, run, null, out bool wake))
                        {
                            return;
                        }

                        loop.OnPosted(wake);
                        Interlocked.Increment(ref accepted);
                    }
                });
                Wait.For(() => Volatile.Read(ref begun) == threads);
                loop.Run(IvRunMode.NonBlocking);
            });
            wait();
            Assert.That(ran + dropped, Is.EqualTo(accepted));
        }
    }

    [Test]
    public void A_flood_from_another_thread_lets_descriptors_and_timers_in() => LoopThread.Run(loop =>
    {
        using var raw = new IvEventRaw(static raw => ((IvLoop)raw.State!).Quit()) { State = loop };
        raw.Register();
        bool fired = false;
        using var timer = new IvTimer(_ => fired = raw.Post());
        long taken = 0;
        bool over = false;
        Action wait = LoopThread.Begin(1, _ =>
        {
            for (long posted = 0; !Volatile.Read(ref over); posted++)
            {
                // Enough to keep the loop busy, and an end of it.
                while (posted - Volatile.Read(ref taken) > 1000 && !Volatile.Read(ref over))
                {
                    Thread.Yield();
                }

                loop.Post(_ => Volatile.Write(ref taken, taken + 1), null);
            }
        });
        Wait.For(() => loop.Posts.HasPosts);
        timer.Start(TimeSpan.FromMilliseconds(20));
        loop.Run(IvRunMode.KeepAlive);
        Volatile.Write(ref over, true);
        wait();
        Assert.That(fired, Is.True);
        Assert.That(taken, Is.GreaterThan(0));
    });

    [Test]
    public void A_finalizer_may_post() => LoopThread.Run(loop =>
    {
        int ran = 0;
        Abandon(loop, _ => ran++);
        Wait.For(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return loop.Posts.HasPosts;
        });
        loop.Run();
        Assert.That(ran, Is.EqualTo(1));
    });

    [Test]
    public void The_rest_of_the_posts_runs_after_one_that_throws_whatever_segment_it_is_in() => LoopThread.Run(loop =>
    {
        const int posts = 3 * PostSegment.Size;
        List<int> ran = [];
        for (int i = 0; i < posts; i++)
        {
            loop.Post(
                number =>
                {
                    ran.Add(number);
                    if (number % 50 == 0)
                    {
                        throw new FormatException();
                    }
                },
                i);
        }

        int thrown = 0;
        while (ran.Count < posts)
        {
            try
            {
                loop.Run();
            }
            catch (FormatException)
            {
                thrown++;
            }
        }

        Assert.That(ran, Is.EqualTo(Enumerable.Range(0, posts)));
        Assert.That(thrown, Is.EqualTo((posts + 49) / 50));
        Assert.That(loop.Counters.Posts, Is.EqualTo(posts));
    });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(IvLoop loop, Action<object?> callback) => _ = new Poster(loop, callback);

    private static void Dawdle(Random random)
    {
        switch (random.Next(64))
        {
            case 0:
                Thread.Yield();
                break;
            case < 8:
                Thread.SpinWait(random.Next(100));
                break;
            default:
                break;
        }
    }

    private sealed class Poster(IvLoop loop, Action<object?> callback)
    {
        ~Poster() => loop.Post(callback, null);
    }
}
