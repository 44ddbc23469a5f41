using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Events;

/// <summary>B11: eight threads, 100,000 posts each: none lost, FIFO for each, and far fewer wakeups than posts.</summary>
internal sealed class PostStormTests
{
    private const int Threads = 8;
    private const int Posts = 100_000;

    [Test]
    public void B11_None_is_lost_and_each_producers_order_is_kept([ValueSource(typeof(RealBackends), nameof(RealBackends.Names))] string method)
    {
        IvPollMethod chosen = IvPollMethod.All.Single(known => known.Name == method);
        LoopThread.Run(new IvLoopOptions { PollMethods = [chosen] }, loop =>
        {
            var storm = new Storm(loop);
            Action wait = LoopThread.Begin(Threads, storm.Produce);
            loop.Run(IvRunMode.KeepAlive);
            wait();
            storm.Check();
            Assert.That(loop.Counters.Posts, Is.EqualTo((long)Threads * Posts));
        });
    }

    [Test]
    public void B11_While_a_handler_holds_the_loop_all_posts_cost_at_most_one_wakeup()
    {
        LoopThread.Run(loop =>
        {
            var storm = new Storm(loop);
            var hold = new IvTask(_ => LoopThread.Begin(Threads, storm.Produce)());
            hold.Register();
            loop.Run(IvRunMode.KeepAlive);
            storm.Check();
            Assert.That(loop.Counters.Wakeups, Is.LessThanOrEqualTo(1));
        });
    }

    [Test]
    public void B11_Before_Run_all_posts_cost_one_wakeup()
    {
        using var test = new TestLoop();
        var storm = new Storm(test.Loop);
        LoopThread.Begin(Threads, storm.Produce)();
        Assert.That(test.Poller.Wakes, Is.EqualTo(1));
        test.Loop.Run(IvRunMode.KeepAlive);
        storm.Check();
    }

    private sealed class Storm(IvLoop loop)
    {
        private readonly int[] _next = new int[Threads];
        private int _ran;
        private int _disorders;

        public void Produce(int producer)
        {
            for (int i = 0; i < Posts; i++)
            {
                // By value and by reference in turn: both kinds share one order.
                bool taken = (i & 1) == 0
                    ? loop.Post(static post => post.Storm.Arrive(post.Producer, post.Number), (Storm: this, Producer: producer, Number: i))
                    : loop.Post(static post => post.Run(), new Message(this, producer, i));
                Assert.That(taken, Is.True);
            }
        }

        public void Check()
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(_disorders, Is.Zero);
                Assert.That(_next, Is.All.EqualTo(Posts));
            }
        }

        private void Arrive(int producer, int number)
        {
            _disorders += _next[producer]++ == number ? 0 : 1;
            if (++_ran == Threads * Posts)
            {
                loop.Quit();
            }
        }

        private sealed record Message(Storm Storm, int Producer, int Number)
        {
            public void Run() => Storm.Arrive(Producer, Number);
        }
    }
}
