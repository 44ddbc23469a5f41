using System.Net;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>What arms itself anew for ever, in whatever way, keeps nobody else from its turn.</summary>
internal sealed class StarvationTests
{
    // Far more than a few rounds or Runs need, and reached at once by what never lets go.
    private const int TooMany = 100_000;

    [Test]
    public void Tasks_that_make_tasks_let_posts_in() => LoopThread.Run(loop =>
    {
        int calls = 0;
        Action<IvTask>? handler = null;
        handler = _ =>
        {
            Assert.That(++calls, Is.LessThan(TooMany));
            new IvTask(handler!).Register();
        };
        new IvTask(handler).Register();
        loop.Post(static state => ((IvLoop)state!).Quit(), loop);
        loop.Run();
        Assert.That(calls, Is.GreaterThan(0));
    });

    [Test]
    public void A_task_that_arms_itself_anew_and_throws_lets_posts_in() => LoopThread.Run(loop =>
    {
        new IvTask(static task =>
        {
            task.Register();
            throw new FormatException();
        }).Register();
        RunToTheEnd(loop);
    });

    [Test]
    public void A_timer_that_arms_itself_anew_and_throws_lets_posts_in() => LoopThread.Run(loop =>
    {
        new IvTimer(static timer =>
        {
            timer.Start(TimeSpan.Zero);
            throw new FormatException();
        }).Start(TimeSpan.Zero);
        RunToTheEnd(loop);
    });

    [Test]
    public void Posts_that_post_again_let_descriptors_and_timers_in_and_cost_few_looks() => LoopThread.Run(loop =>
    {
        using var raw = new IvEventRaw(static raw => ((IvLoop)raw.State!).Quit()) { State = loop };
        raw.Register();
        bool fired = false;
        using var timer = new IvTimer(_ => fired = raw.Post());
        int posts = 0;
        Action<object?>? again = null;
        again = _ =>
        {
            Assert.That(++posts, Is.LessThan(100 * TooMany));
            loop.Post(again!, state: null);
        };
        loop.Post(again, state: null);
        timer.Start(TimeSpan.FromMilliseconds(1));
        loop.Run();
        Assert.That(fired, Is.True);
        Assert.That(loop.Counters.Polls, Is.LessThan((posts / 16) + 10), "a look for each sixteen posts of which each is a turn");
    });

    [Test]
    public void One_connections_AsyncLocal_is_not_seen_by_the_next_of_its_batch() => LoopThread.Run(loop =>
    {
        var local = new AsyncLocal<int>();
        List<int> seen = [];
        using var socket = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using IvSocket first = IvSocket.Connect(socket.LocalEndPoint!);
        using IvSocket second = IvSocket.Connect(socket.LocalEndPoint!);
        using var listener = new IvListener(socket, (_, peer) =>
        {
            seen.Add(local.Value);
            local.Value = 1;
            peer.Dispose();
        });
        listener.Register();
        Assert.That(loop.RunUntil(() => seen.Count == 2, LoopThread.Patience), Is.True);
        Assert.That(seen, Is.All.Zero);
    });

    [Test]
    public void An_older_change_of_a_provided_timer_does_not_undo_a_newer_one() => LoopThread.Run(loop =>
    {
        bool fired = false;
        using ITimer timer = loop.TimeProvider.CreateTimer(_ => fired = true, state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        LoopThread.Elsewhere(() => timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        timer.Change(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        Assert.That(loop.RunUntil(() => fired, LoopThread.Patience), Is.True);
    });

    private static void RunToTheEnd(IvLoop loop)
    {
        bool isPosted = false;
        loop.Post(_ => isPosted = true, state: null);
        for (int runs = 0; !isPosted; runs++)
        {
            Assert.That(runs, Is.LessThan(TooMany));
            try
            {
                loop.Run();
            }
            catch (FormatException)
            {
                // As a program does that goes on after an error.
            }
        }
    }
}
