using Ivy.Net.Tests.Support;
using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net.Tests.Events;

/// <summary>The queue of posts by itself: order, sleep and wakeups, producers that are held up between claim and publication, its segments, its end.</summary>
internal sealed class PostQueueTests
{
    private const int Size = PostSegment.Size;

    // What the queue does not look at.
    private static readonly object Target = new();

    [Test]
    public void Q1_Q6_It_does_what_a_simple_queue_does([Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        var pool = new CountingPool();
        var queue = new PostQueue(pool);
        Queue<int> model = [];
        int next = 0;
        int batch = 0;
        bool asleep = true;
        for (int step = 0; step < 2000; step++)
        {
            switch (random.Next(5))
            {
                case 0:
                    for (int count = random.Next(random.Next(3 * Size)); count >= 0; count--)
                    {
                        Assert.That(Add(queue, next), Is.EqualTo(asleep), "only the first one wakes");
                        asleep = false;
                        model.Enqueue(next++);
                    }

                    break;
                case 1:
                    asleep = model.Count == 0;
                    Assert.That(queue.TrySleep(), Is.EqualTo(asleep));
                    break;
                case 2:
                    asleep = false;
                    Assert.That(queue.Take(), Is.EqualTo(model.Count > 0));
                    batch = model.Count;
                    break;
                case 3:
                    asleep = false;
                    queue.WakeUp();
                    break;
                default:
                    for (int count = random.Next(2 * Size); count >= 0 && batch > 0; count--, batch--)
                    {
                        Assert.That(TakeNext(queue), Is.EqualTo(model.Dequeue()));
                    }

                    Assert.That(batch > 0 || TakeNext(queue) is null, "a batch ends where it ended when it was taken");
                    break;
            }

            Assert.That(queue.Count, Is.EqualTo(model.Count));
            Assert.That(queue.HasPosts, Is.EqualTo(model.Count > 0));
            Assert.That(queue.HasReady, Is.EqualTo(model.Count > 0));
            Assert.That(queue.BatchCount, Is.EqualTo(batch));
            Assert.That(queue.IsAsleep, Is.EqualTo(asleep));
            Assert.That(queue.Taken, Is.EqualTo(next - model.Count));
        }

        List<int> dropped = [];
        queue.Close(target => dropped.Add((int)target));
        Assert.That(dropped, Is.EqualTo(model), "oldest first");
        Assert.That(queue.TryAdd(Target, null, out bool wake), Is.False);
        Assert.That(wake, Is.False);
    }

    [Test]
    public void Q1_Who_posts_after_it_has_heard_of_a_post_comes_after_it()
    {
        const int threads = 4;
        const int posts = 50 * Size;
        var queue = new PostQueue(new CountingPool());
        int turn = 0;
        Action wait = LoopThread.Begin(threads, number =>
        {
            for (int i = number; i < posts; i += threads)
            {
                while (Volatile.Read(ref turn) != i)
                {
                    Thread.Yield();
                }

                Add(queue, i);
                Volatile.Write(ref turn, i + 1);
            }
        });
        for (int expected = 0; expected < posts;)
        {
            queue.Take();
            while (TakeNext(queue) is { } number)
            {
                Assert.That(number, Is.EqualTo(expected++));
            }

            Thread.Yield();
        }

        wait();
    }

    [Test]
    public void Q4_What_comes_behind_a_producer_that_is_held_up_waits_for_it_and_wakes_nobody([Values(0, 5, Size - 1, Size)] int before)
    {
        var queue = new PostQueue(new CountingPool());
        AddMany(queue, 0, before);
        Assert.That(queue.TryClaim(out PostSegment? segment, out int claim), Is.True);
        AddMany(queue, before + 1, 2 * Size);
        Assert.That(queue.Take(), Is.EqualTo(before > 0));
        for (int i = 0; i < before; i++)
        {
            Assert.That(TakeNext(queue), Is.EqualTo(i));
        }

        Assert.That(TakeNext(queue), Is.Null);
        Assert.That(queue.BatchCount, Is.Zero, "what can't be taken is not of the batch");
        Assert.That(queue.HasReady, Is.False);
        Assert.That(queue.HasPosts, Is.True, "it keeps Run going");
        Assert.That(queue.TrySleep(), Is.True, "the loop may sleep");
        Assert.That(queue.IsAsleep, Is.True);
        int behind = before + 1 + (2 * Size);
        Assert.That(Add(queue, behind), Is.False, "what has to wait anyway wakes nobody");
        Assert.That(queue.TryPublish(segment!, claim, before, Target, out bool wake), Is.True);
        Assert.That(wake, Is.True, "the one that all wait for wakes the loop");
        Assert.That(queue.IsAsleep, Is.False);
        Assert.That(queue.Take(), Is.True);
        for (int i = before; i <= behind; i++)
        {
            Assert.That(TakeNext(queue), Is.EqualTo(i));
        }

        Assert.That(TakeNext(queue), Is.Null);
    }

    [Test]
    public void Q4_A_loop_that_was_woken_by_something_else_waits_for_the_producer_again()
    {
        var queue = new PostQueue(new CountingPool());
        queue.WakeUp();
        queue.TryClaim(out PostSegment? segment, out int claim);
        for (int i = 0; i < 3; i++)
        {
            Assert.That(queue.TrySleep(), Is.True);
            Assert.That(queue.Take(), Is.False);
            Assert.That(queue.IsAsleep, Is.False);
        }

        queue.TryPublish(segment!, claim, 1, Target, out bool wake);
        Assert.That(wake, Is.False, "the loop is awake");
        Assert.That(queue.TrySleep(), Is.False);
        queue.Take();
        Assert.That(TakeNext(queue), Is.EqualTo(1));
        Assert.That(queue.TrySleep(), Is.True);
        Assert.That(Add(queue, 2), Is.True);
    }

    [Test]
    public void Q2_The_mark_of_a_sleep_wakes_once_although_two_have_seen_it()
    {
        var queue = new PostQueue(new CountingPool());
        queue.TryClaim(out PostSegment? first, out int firstClaim);
        queue.TryClaim(out PostSegment? second, out int secondClaim);
        queue.TryPublish(second!, secondClaim, 2, Target, out bool secondWakes);
        queue.TryPublish(first!, firstClaim, 1, Target, out bool firstWakes);
        Assert.That((secondWakes, firstWakes), Is.EqualTo((true, false)));
        queue.Take();
        Assert.That((TakeNext(queue), TakeNext(queue)), Is.EqualTo(((int?)1, (int?)2)));
    }

    [Test]
    public void Q2_The_first_one_wakes_the_loop_at_the_border_of_a_segment_too()
    {
        var queue = new PostQueue(new CountingPool());
        for (int round = 0; round < 3; round++)
        {
            AddMany(queue, 0, Size);
            queue.Take();
            for (int i = 0; i < Size; i++)
            {
                TakeNext(queue);
            }

            Assert.That(queue.TrySleep(), Is.True);
            Assert.That(queue.IsAsleep, Is.True);
            Assert.That(Add(queue, 1), Is.True);
            Assert.That(Add(queue, 2), Is.False);
            queue.Take();
            Assert.That((TakeNext(queue), TakeNext(queue), TakeNext(queue)), Is.EqualTo(((int?)1, (int?)2, (int?)null)));
        }
    }

    [Test]
    public void Q5_A_producer_that_is_overtaken_by_the_end_takes_its_post_back()
    {
        var queue = new PostQueue(new CountingPool());
        AddMany(queue, 0, 3);
        queue.TryClaim(out PostSegment? segment, out int claim);
        AddMany(queue, 4, 3);
        List<int> dropped = [];
        queue.Close(target => dropped.Add((int)target));
        Assert.That(dropped, Is.EqualTo([0, 1, 2, 4, 5, 6]));
        Assert.That(queue.TryPublish(segment!, claim, 3, Target, out bool wake), Is.False);
        Assert.That(wake, Is.False, "the poller is no more");
        Assert.That(segment!.Slots.All(static slot => slot is { Target: null, State: null }), Is.True, "nothing is kept");
        for (int i = 0; i < 2 * Size; i++)
        {
            Assert.That(queue.TryAdd(i, Target, out _), Is.False);
        }

        Assert.That(segment.Slots.All(static slot => slot is { Target: null, State: null }), Is.True, "nothing is kept");
    }

    [Test]
    public void Q7_A_segment_in_the_pool_gives_no_slot_to_who_comes_late()
    {
        var pool = new CountingPool();
        var queue = new PostQueue(pool);
        queue.TryClaim(out PostSegment? late, out _);
        queue.TryPublish(late!, 0, 0, Target, out _);
        AddMany(queue, 1, Size);
        queue.Take();
        for (int i = 0; i <= Size; i++)
        {
            Assert.That(TakeNext(queue), Is.EqualTo(i));
        }

        Assert.That(pool.Kept, Is.EqualTo([late]));
        Assert.That(Interlocked.Increment(ref late!.Claimed) - 1, Is.GreaterThanOrEqualTo(Size));
        AddMany(queue, Size + 1, 2 * Size);
        queue.Take();
        for (int i = Size + 1; i <= 3 * Size; i++)
        {
            Assert.That(TakeNext(queue), Is.EqualTo(i));
        }
    }

    [Test]
    public void Segments_go_round_and_what_a_flood_needed_is_given_back()
    {
        var pool = new CountingPool();
        var queue = new PostQueue(pool);
        AddMany(queue, 0, 10 * Size);
        queue.Take();
        for (int i = 0; i < 10 * Size; i++)
        {
            TakeNext(queue);
        }

        queue.TrySleep();
        Assert.That(pool.Kept, Has.Count.EqualTo(pool.Made), "the queue made one itself, and keeps one");
        int made = pool.Made;
        for (int round = 0; round < 100 * Size; round++)
        {
            Add(queue, round);
            queue.Take();
            Assert.That(TakeNext(queue), Is.EqualTo(round));
        }

        Assert.That(pool.Made, Is.EqualTo(made));
    }

    [Test]
    public void Without_memory_for_a_segment_a_post_throws_and_nothing_has_happened()
    {
        var pool = new CountingPool();
        var queue = new PostQueue(pool);
        AddMany(queue, 0, Size);
        pool.IsExhausted = true;
        for (int i = 0; i < 3; i++)
        {
            Assert.That(() => Add(queue, -1), Throws.InstanceOf<OutOfMemoryException>());
        }

        Assert.That(queue.Count, Is.EqualTo(Size));
        pool.IsExhausted = false;
        AddMany(queue, Size, Size);
        queue.Take();
        for (int i = 0; i < 2 * Size; i++)
        {
            Assert.That(TakeNext(queue), Is.EqualTo(i));
        }

        Assert.That(TakeNext(queue), Is.Null);
    }

    private static bool Add(PostQueue queue, int number)
    {
        Assert.That(queue.TryAdd(number, Target, out bool wake), Is.True);
        return wake;
    }

    private static void AddMany(PostQueue queue, int first, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Add(queue, first + i);
        }
    }

    private static int? TakeNext(PostQueue queue)
    {
        if (!queue.TryTakeNext(out object? target, out object? state))
        {
            return null;
        }

        Assert.That(state, Is.SameAs(Target));
        return (int)target;
    }

    // Keeps all, and lends the oldest first, so that each comes round.
    private sealed class CountingPool : ObjectPool<PostSegment>
    {
        private readonly Queue<PostSegment> _kept = [];

        public bool IsExhausted { get; set; }

        public int Made { get; private set; }

        public IReadOnlyCollection<PostSegment> Kept => _kept;

        public override PostSegment Get()
        {
            lock (_kept)
            {
                if (IsExhausted)
                {
                    throw new InsufficientMemoryException();
                }

                if (_kept.TryDequeue(out PostSegment? segment))
                {
                    return segment;
                }

                Made++;
                return new PostSegment();
            }
        }

        public override void Return(PostSegment obj)
        {
            Assert.That(obj.Slots.All(static slot => slot is { Target: null, State: null }), Is.True, "what goes back is empty");
            lock (_kept)
            {
                _kept.Enqueue(obj);
            }
        }
    }
}
