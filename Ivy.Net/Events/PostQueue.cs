using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net;

/// <summary>Many producers, one consumer: what other threads (and the loop itself) want run on the loop.</summary>
/// <remarks>
/// <para>A list of arrays. A producer claims a slot of the newest one by one interlocked addition, writes what it posts, and
/// publishes that by writing <see cref="PostSlot.Target"/> last. The loop takes slots in the order of the claims, up to the first
/// that is not written yet. An array that is used up goes to a pool, and comes back from it when another one is full.</para>
/// <para>Q1: one order for all: a slot is claimed in a segment only if all of the segments before are full. Who posts after it has
/// heard of a post comes after that, whichever thread it is.</para>
/// <para>Q2: a sleep costs at most one wakeup, and a loop that is awake costs none: only who takes the mark of the sleep away
/// (<see cref="PostSegment.Asleep"/>, <see cref="Stalled"/>) wakes the loop.</para>
/// <para>Q3: no wakeup is lost. The loop falls asleep by setting the mark in the very word by which slots are claimed, if none is
/// claimed that it has not taken: who claims the next one finds the mark. There is no moment between.</para>
/// <para>Q4: a producer that is held up between claim and publication is waited for, by nobody but the loop, and asleep. The
/// producer's look at the marks may be older than what it has published, so the loop has all processors finish what they
/// have begun (<see cref="Interlocked.MemoryBarrierProcessWide"/>): then the slot is there, or its producer sees
/// <see cref="Stalled"/>. This costs microseconds, seldom, and saves each post a second fence. What others post meanwhile wakes
/// nobody.</para>
/// <para>Q5: after <see cref="Close"/> each post has one fate: it was run, it is dropped by Close, or its producer takes it back and is
/// told so. Who takes the target out of the slot decides.</para>
/// <para>Q6: a batch is what was there when it was taken; what its handlers post runs in a later one.</para>
/// <para>Q7: a producer that comes late to a segment which has been used up finds it full, in the pool too, or finds it in
/// use again: then its claim is as good as any.</para>
/// </remarks>
internal sealed class PostQueue
{
    private const int Nothing = 0;

    // The loop sleeps, although there are posts: the slot at _stalledAt is claimed, and not written. Its producer wakes the loop.
    private const int Stalled = 1;
    private const int Closed = 2;

    private const int CacheLine = 64;

    private readonly ObjectPool<PostSegment> _pool;
    private readonly Lock _growth = new();
    private PostSegment _tail = new() { Claimed = PostSegment.Asleep };
    private long _stalledAt;

    // What producers have to look at when they have published: seldom written, as _tail is.
    private int _mark;
    private Consumer _consumer;

    /// <summary>Makes a queue that is asleep, as that of a loop is which does not run.</summary>
    /// <param name="pool">Where segments come from and go to; for any thread.</param>
    public PostQueue(ObjectPool<PostSegment> pool)
    {
        _pool = pool;
        _consumer.Head = _tail;
        _consumer.IsAsleep = true;
    }

    /// <summary>The loop's thread: how many have been posted and not taken, with those that are still being written.</summary>
    public long Count
    {
        get
        {
            PostSegment tail = Volatile.Read(ref _tail);
            return tail.Base + tail.Count - _consumer.Position;
        }
    }

    /// <summary>The loop's thread: whether anything has been posted, and be it still being written.</summary>
    public bool HasPosts => Count > 0;

    /// <summary>The loop's thread: whether a batch would have something in it.</summary>
    public bool HasReady
    {
        get
        {
            PostSegment head = _consumer.Head;
            long position = _consumer.Position;
            PostSegment? segment = position == head.End ? head.Next : head;
            return segment is not null && Volatile.Read(ref segment[position].Target) is not null;
        }
    }

    // Whether the post behind the one that is ready is, too; the last of a segment counts as followed.
    private bool IsFollowed
    {
        get
        {
            long position = _consumer.Position;
            PostSegment head = _consumer.Head;
            return position + 1 >= head.End || Volatile.Read(ref head[position + 1].Target) is not null;
        }
    }

    /// <summary>The loop's thread: how much is left of the batch that was taken.</summary>
    public long BatchCount => _consumer.BatchEnd - _consumer.Position;

    /// <summary>Any thread: whether the loop sleeps, or is not running at all.</summary>
    public bool IsAsleep => (Volatile.Read(ref Volatile.Read(ref _tail).Claimed) & PostSegment.Asleep) != 0 || Volatile.Read(ref _mark) == Stalled;

    /// <summary>Any thread: how many posts have been taken so far.</summary>
    public long Taken => Volatile.Read(ref _consumer.Position);

    /// <summary>Any thread. False if the loop has been disposed; <paramref name="wake"/> tells whether the caller must wake it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(object target, object? state, out bool wake)
    {
        wake = false;
        return TryClaim(out PostSegment? segment, out int claim) && TryPublish(segment, claim, target, state, out wake);
    }

    /// <summary>The first half of <see cref="TryAdd"/>. False if the loop has been disposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClaim([NotNullWhen(true)] out PostSegment? segment, out int claim)
    {
        do
        {
            segment = Volatile.Read(ref _tail);
            claim = Interlocked.Increment(ref segment.Claimed) - 1;
            if ((claim & ~PostSegment.Asleep) < PostSegment.Size)
            {
                return true;
            }
        }
        while (TryGrow(segment));
        return false;
    }

    /// <summary>The second half, which must follow: nothing that was claimed later runs before. False if the loop has been disposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPublish(PostSegment segment, int claim, object target, object? state, out bool wake)
    {
        ref PostSlot slot = ref segment.Slots[claim & (PostSegment.Size - 1)];
        slot.State = state;
        Volatile.Write(ref slot.Target, target);
        wake = false;
        return ((claim & PostSegment.Asleep) | Volatile.Read(ref _mark)) == 0 || TryPublishToIdle(segment, claim, out wake);
    }

    /// <summary>The loop, when it begins to run: from here on it looks for itself.</summary>
    public void WakeUp()
    {
        if (!_consumer.IsAsleep)
        {
            return;
        }

        // A producer may have been quicker, and wakes the loop for nothing. The mark is where it was set: that one is not full.
        _consumer.IsAsleep = false;
        Interlocked.And(ref _consumer.Head.Claimed, ~PostSegment.Asleep);
        Interlocked.CompareExchange(ref _mark, Nothing, Stalled);
    }

    /// <summary>The loop, before it waits: false if there are posts, and it must not sleep.</summary>
    public bool TrySleep()
    {
        if (_consumer.IsAsleep)
        {
            WakeUp();
        }

        if (HasReady || Volatile.Read(ref _mark) == Closed)
        {
            return false;
        }

        if (_consumer.Position == _consumer.Head.End && (_consumer.Head.Next is not null || TryGrow(_consumer.Head)))
        {
            TryAdvance();
        }

        int taken = (int)(_consumer.Position - _consumer.Head.Base);
        _consumer.IsAsleep = true;
        if (Interlocked.CompareExchange(ref _consumer.Head.Claimed, taken | PostSegment.Asleep, taken) == taken)
        {
            return true;
        }

        if (!HasReady)
        {
            _stalledAt = _consumer.Position;
            Interlocked.Exchange(ref _mark, Stalled);
            Interlocked.MemoryBarrierProcessWide();
            if (!HasReady)
            {
                return true;
            }
        }

        WakeUp();
        return false;
    }

    /// <summary>The loop, after it waited: takes what there is as the batch, and counts as awake from here on. False if there is nothing.</summary>
    public bool Take()
    {
        WakeUp();
        if (!HasReady)
        {
            return false;
        }

        // Of a single post nothing is asked by way of the word that all producers write.
        _consumer.BatchEnd = _consumer.Position + (IsFollowed ? Count : 1);
        if (Planted.Active == PlantedBug.ReorderedPosts)
        {
            Reorder();
        }

        return true;
    }

    /// <summary>The loop: the next post of the batch, which is out of the queue then. False if the batch is over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeNext([NotNullWhen(true)] out object? target, out object? state)
    {
        long position = _consumer.Position;
        if (position >= _consumer.BatchEnd || (position == _consumer.Head.End && !TryAdvance()))
        {
            target = state = null;
            return false;
        }

        ref PostSlot slot = ref _consumer.Head[position];
        target = Volatile.Read(ref slot.Target);
        state = slot.State;
        if (target is null)
        {
            // Its producer is held up: what comes behind has to wait for it.
            _consumer.BatchEnd = position;
            return false;
        }

        slot.Target = null;
        slot.State = null;
        _consumer.Position = position + 1;
        return true;
    }

    /// <summary>The loop is disposed: nothing is taken any more, and what is posted later is refused.</summary>
    /// <param name="drop">Gets what there was, oldest first.</param>
    public void Close(Action<object> drop)
    {
        Interlocked.Exchange(ref _mark, Closed);
        _consumer.BatchEnd = _consumer.Position;
        if (!HasPosts)
        {
            return;
        }

        Interlocked.MemoryBarrierProcessWide();
        for (PostSegment? segment = _consumer.Head; segment is not null; segment = segment.Next)
        {
            foreach (ref PostSlot slot in segment.Slots.AsSpan())
            {
                if (Interlocked.Exchange(ref slot.Target, null) is { } target)
                {
                    slot.State = null;
                    drop(target);
                }
            }
        }
    }

    // The loop slept when the slot was claimed, sleeps until it is written, or is no more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryPublishToIdle(PostSegment segment, int claim, out bool wake)
    {
        int index = claim & ~PostSegment.Asleep;
        int mark = Volatile.Read(ref _mark);
        wake = false;
        if (mark == Closed)
        {
            ref PostSlot slot = ref segment.Slots[index];
            if (Interlocked.Exchange(ref slot.Target, null) is null)
            {
                // Close found it, and has dropped it.
                return true;
            }

            slot.State = null;
            return false;
        }

        if (claim != index)
        {
            wake = (Interlocked.And(ref segment.Claimed, ~PostSegment.Asleep) & PostSegment.Asleep) != 0;
        }

        if (mark == Stalled && segment.Base + index == Volatile.Read(ref _stalledAt))
        {
            wake |= Interlocked.CompareExchange(ref _mark, Nothing, Stalled) == Stalled;
        }

        return true;
    }

    // Who comes here has claimed nothing: if there is no memory, nothing has happened.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryGrow(PostSegment full)
    {
        if (Volatile.Read(ref _mark) == Closed)
        {
            return false;
        }

        if (Volatile.Read(ref _tail) != full)
        {
            return true;
        }

        // Outside of the lock: the pool may be the user's.
        PostSegment? next = _pool.Get();
        lock (_growth)
        {
            // It may have been used up meanwhile, and be the newest again, with slots that are free.
            if (_tail == full && full.Count == PostSegment.Size)
            {
                next.Next = null;
                next.Base = full.End;
                Volatile.Write(ref next.Claimed, 0);

                // The link first: who finds another tail finds the way to it too.
                full.Next = next;
                Volatile.Write(ref _tail, next);
                next = null;
            }
        }

        if (next is not null)
        {
            _pool.Return(next);
        }

        return true;
    }

    // The loop, which has taken all of a segment.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryAdvance()
    {
        PostSegment old = _consumer.Head;
        if (old.Next is not { } next)
        {
            _consumer.BatchEnd = _consumer.Position;
            return false;
        }

        _consumer.Head = next;
        _pool.Return(old);
        return true;
    }

    // Planted.
    private void Reorder()
    {
        long position = _consumer.Position;
        PostSegment head = _consumer.Head;
        if (position + 1 < Math.Min(head.End, _consumer.BatchEnd) && head[position + 1].Target is not null)
        {
            (head[position], head[position + 1]) = (head[position + 1], head[position]);
        }
    }

    // Of the loop alone, and away from what producers read: it is written at each post that is taken.
    [StructLayout(LayoutKind.Explicit, Size = 4 * CacheLine)]
    private struct Consumer
    {
        [FieldOffset(2 * CacheLine)]
        public PostSegment Head;

        // Of the next post to be taken, as if all that were ever posted lay in one array.
        [FieldOffset((2 * CacheLine) + sizeof(long))]
        public long Position;

        [FieldOffset((2 * CacheLine) + (2 * sizeof(long)))]
        public long BatchEnd;

        [FieldOffset((2 * CacheLine) + (3 * sizeof(long)))]
        public bool IsAsleep;
    }
}
