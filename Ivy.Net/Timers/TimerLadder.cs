using System.Diagnostics.CodeAnalysis;

namespace Ivy.Net;

/// <summary>The armed timers of a loop, by deadline, then by registration: a heap of those that are due next, and a ladder of wheels for the rest.</summary>
/// <remarks>
/// <para>Most timers are moved or stopped long before they are due, so that order is made late: a timer is put into a bucket,
/// unordered, and only a bucket whose time has come is spread over a finer wheel, or put into the heap if it is small. Adding and
/// removing cost O(1) there; a timer is moved down a few times in its life, each time with many others. With few timers there
/// is the heap alone.</para>
/// <para>H1: a timer has a floor, the earliest key that fits to where it is: the key of its entry in the heap, the start of its
/// bucket. Its own key is never before that. Moving it to anywhere from the floor on writes the timer only; it is put where it belongs
/// when its bucket is taken, or its entry gets to the root of the heap.</para>
/// <para>H3: equal keys are ordered by the number of the registration.</para>
/// <para>L1: what is in the heap is before the start of the last rung, and what is in a rung is before the start of the rung
/// above it, but for timers that have moved later. L2: an empty rung is only ever the last one. The first rung begins as a wheel of
/// nothing: while the heap has what is due next, all the rest is in the one bucket beyond.</para>
/// </remarks>
internal sealed class TimerLadder
{
    // A bucket up to this size goes into the heap: 6 KiB, four levels of it.
    private const int DefaultSmallBucket = 256;

    // A heap that outgrows this, of timers that come too near to be put into a bucket, becomes a rung; so does the first one.
    private const int DefaultLargeHeap = 256;

    // Each rung has buckets of at most 1/32 the width of those of the rung above, so that 13 go down to nanoseconds.
    private const int MaxRungs = 13;

    // A power of two, so that a bucket's number tells its rung.
    private const int BucketsPerRung = 128;

    private readonly TimerHeap _heap = new();
    private readonly TimerBuckets _buckets = new();
    private readonly TimerRung[] _rungs = new TimerRung[MaxRungs];
    private int _rungCount;
    private int _heapLimit;

    // For tests, which want many rungs of few timers.
    internal int SmallBucket { get; set; } = DefaultSmallBucket;

    internal int LargeHeap { get; set; } = DefaultLargeHeap;

    internal int Room => _buckets.Room;

    public int Count => _heap.Count + _buckets.Count;

    /// <summary>The earliest deadline, <see cref="long.MaxValue"/> if there is none. Brings the first entry up to date.</summary>
    public long NextDeadline() => TryFindFirst() ? TimerEntry.ToDeadline(_heap.Root.Key) : long.MaxValue;

    /// <summary>Adds a timer with its Deadline and Order, and sets its Place and Floor.</summary>
    public void Add(IvTimer timer) => Put(Find(timer.Key), timer);

    /// <summary>The timer's Deadline and Order have changed, to what is not after its floor: it rises.</summary>
    public void MoveEarlier(IvTimer timer)
    {
        if (timer.Key == timer.Floor)
        {
            return;
        }

        if (timer.Place < 0)
        {
            _heap.Raise(timer.HeapIndex, EntryOf(timer));
        }
        else
        {
            _buckets.Remove(timer);
            Put(Find(timer.Key), timer);
        }
    }

    /// <summary>Takes a timer out.</summary>
    public void Remove(IvTimer timer)
    {
        // A bucket that becomes empty stays marked: whoever takes it finds that out.
        if (timer.Place >= 0)
        {
            _buckets.Remove(timer);
        }
        else if (!_heap.TryRemove(timer))
        {
            RaiseMisplaced(timer);
        }
    }

    /// <summary>The timer whose deadline is the earliest, taken out; null unless it is due.</summary>
    public IvTimer? PopDue(long now)
    {
        ulong limit = TimerEntry.ToKey(now);
        if ((_heap.Count > 0 && _heap.Root.Key > limit) || !TryFindFirst() || _heap.Root.Key > limit)
        {
            return null;
        }

        IvTimer timer = _heap.Root.Timer;
        _heap.RemoveRoot();
        return timer;
    }

    public void ForEach<TState>(TState state, Action<TState, IvTimer> action)
    {
        // Copied first: an action may take timers out.
        List<IvTimer> timers = new(Count);
        _heap.CopyTo(timers);
        _buckets.CopyTo(timers);
        foreach (IvTimer timer in timers)
        {
            action(state, timer);
        }
    }

    private static TimerEntry EntryOf(IvTimer timer)
    {
        ulong key = timer.Key;
        timer.Floor = key;
        return new TimerEntry(key, timer, timer.Order);
    }

    // Whether there is one; then the root of the heap is the first of all, and up to date.
    private bool TryFindFirst()
    {
        while (true)
        {
            if (_heap.Count == 0)
            {
                if (_buckets.Count == 0)
                {
                    _rungCount = 0;
                    return false;
                }

                Refill();
                continue;
            }

            ref readonly TimerEntry root = ref _heap.Root;
            if (root.IsCurrent)
            {
                return true;
            }

            IvTimer moved = root.Timer;
            int bucket = Find(moved.Key);
            if (bucket < 0)
            {
                _heap.ReplaceRoot(EntryOf(moved));
            }
            else
            {
                _heap.RemoveRoot();
                AddToBucket(bucket, moved, moved.Key);
            }
        }
    }

    // The bucket for a key; -1 for the heap.
    private int Find(ulong key)
    {
        for (int i = 0; i < _rungCount; i++)
        {
            ref TimerRung rung = ref _rungs[i];
            if (key >= rung.Start)
            {
                return (i * BucketsPerRung) + rung.Find(key);
            }
        }

        return -1;
    }

    private void Put(int bucket, IvTimer timer)
    {
        if (bucket >= 0)
        {
            AddToBucket(bucket, timer, timer.Key);
            return;
        }

        _heap.Add(EntryOf(timer));
        if (_heap.Count > Math.Max(_heapLimit, LargeHeap))
        {
            SpreadHeap();
        }
    }

    private void AddToBucket(int bucket, IvTimer timer, ulong key)
    {
        _buckets.Add(bucket, timer);
        timer.Floor = _rungs[bucket / BucketsPerRung].Mark(bucket % BucketsPerRung, key);
    }

    [DoesNotReturn]
    private static void RaiseMisplaced(IvTimer timer) => IvFatal.Raise(
        FatalCondition.HeapBroken,
        $"{timer}: its place {timer.Place} belongs to another timer. Please report this with the program that shows it.",
        timer);

    // One step down of the first bucket that has entries; the heap is empty, and may be so afterwards.
    private void Refill()
    {
        int last = _rungCount - 1;
        ref TimerRung rung = ref _rungs[last];
        int first = last * BucketsPerRung;
        if (rung.Occupied != 0)
        {
            ulong tick = rung.FirstTick();
            int bucket = first + (int)(tick % TimerRung.BucketCount);
            rung.Unmark(bucket % BucketsPerRung);
            if (!rung.TryAdvance(tick + 1))
            {
                // The end of time is in this bucket: nothing is left for the rung when it has been taken.
                _rungCount--;
                TakeIntoHeap(bucket);
            }
            else if (_buckets.IsSmall(bucket, SmallBucket))
            {
                TakeIntoHeap(bucket);
            }
            else
            {
                SpreadBucket(bucket);
            }
        }
        else if (rung.HasBeyond)
        {
            TurnOver(ref rung, first + TimerRung.Beyond);
        }
        else
        {
            _rungCount--;
        }
    }

    private void TakeIntoHeap(int bucket)
    {
        Distribute(bucket);
        _heap.Heapify();

        // Many of one nanosecond can't be told apart: spreading is tried again when the heap has doubled.
        _heapLimit = _heap.Count * 2;
    }

    // A bucket that is too large for the heap becomes a rung of its own; those that have moved past the bucket don't count.
    private void SpreadBucket(int bucket)
    {
        ulong last = _rungs[_rungCount - 1].Start - 1;
        if (!_buckets.TryMeasure(bucket, last, out ulong lowest, out ulong highest) || lowest == highest || _rungCount == MaxRungs)
        {
            TakeIntoHeap(bucket);
            return;
        }

        AddRung(lowest, highest);
        Distribute(bucket);
    }

    // The wheel is empty, and what was beyond it becomes the wheel.
    private void TurnOver(ref TimerRung rung, int beyond)
    {
        ulong last = _rungCount > 1 ? _rungs[_rungCount - 2].Start - 1 : ulong.MaxValue;
        if (_buckets.IsSmall(beyond, SmallBucket) || !_buckets.TryMeasure(beyond, last, out ulong lowest, out ulong highest) || lowest == highest)
        {
            _rungCount--;
            TakeIntoHeap(beyond);
            return;
        }

        rung.Span(lowest, highest);
        Distribute(beyond);
    }

    // Empties a bucket: each of its timers goes to where it belongs now, into a bucket or, in no order yet, into the heap.
    private void Distribute(int bucket)
    {
        while (_buckets.TryTakeChunk(bucket, out int first, out ReadOnlySpan<IvTimer?> timers))
        {
            for (int i = 0; i < timers.Length; i++)
            {
                if (timers[i] is not { } timer)
                {
                    continue;
                }

                if (timer.Place != first + i)
                {
                    RaiseMisplaced(timer);
                }

                ulong key = timer.Key;
                int target = Find(key);
                if (target < 0)
                {
                    _heap.AddUnordered(EntryOf(timer));
                }
                else
                {
                    AddToBucket(target, timer, key);
                }
            }

            _buckets.Release(first);
        }
    }

    private void SpreadHeap()
    {
        ulong lowest = ulong.MaxValue;
        ulong highest = 0;
        foreach (ref readonly TimerEntry entry in _heap.Entries)
        {
            lowest = Math.Min(lowest, entry.Key);
            highest = Math.Max(highest, entry.Key);
        }

        if (lowest == highest || _rungCount == MaxRungs)
        {
            _heapLimit = _heap.Count * 2;
        }
        else if (_rungCount == 0)
        {
            _buckets.Provide(BucketsPerRung);
            _rungs[_rungCount++].SpanNothing(Math.Max(EarlyKey(highest), lowest + 1));
            SendBack();
        }
        else
        {
            AddRung(lowest, highest);
            SendBack();
        }
    }

    // A key that one or two of a hundred in the heap are before: the first of every second one in its lower half, which has no order.
    private ulong EarlyKey(ulong highest)
    {
        ulong early = highest;
        for (int i = _heap.Count / 2; i < _heap.Count; i += 2)
        {
            early = Math.Min(early, _heap.Entries[i].Key);
        }

        return early;
    }

    // What belongs into buckets leaves the heap.
    private void SendBack()
    {
        Span<TimerEntry> entries = _heap.Entries;
        int kept = 0;
        foreach (ref readonly TimerEntry entry in entries)
        {
            int bucket = Find(entry.Key);
            if (bucket < 0)
            {
                entries[kept++] = entry;
            }
            else
            {
                AddToBucket(bucket, entry.Timer, entry.Key);
            }
        }

        _heap.Truncate(kept);
        _heap.Heapify();
        _heapLimit = 0;
    }

    private void AddRung(ulong lowest, ulong highest)
    {
        _buckets.Provide((_rungCount + 1) * BucketsPerRung);
        _rungs[_rungCount++].Span(lowest, highest);
    }

    /// <summary>Checks H1 to H3, L1, R1 and R2, and the way back from timers to entries; for tests.</summary>
    internal bool IsConsistent()
    {
        int count = _heap.Count;
        bool isGood = _heap.IsConsistent() && Array.TrueForAll(_heap.Entries.ToArray(), entry => IsOf(entry) && Find(entry.Key) < 0);
        for (int bucket = 0; bucket < _rungCount * BucketsPerRung; bucket++)
        {
            int number = bucket % BucketsPerRung;
            ref TimerRung rung = ref _rungs[bucket / BucketsPerRung];
            if (number > TimerRung.Beyond)
            {
                continue;
            }

            bool isMarked = number == TimerRung.Beyond ? rung.HasBeyond : (rung.Occupied >> number & 1) != 0;
            foreach ((int place, IvTimer timer) in _buckets.List(bucket))
            {
                count++;
                isGood &= isMarked && timer.Place == place && _buckets.Owner(place) == bucket && timer.Key >= timer.Floor && Find(timer.Floor) == bucket;
                isGood &= number != TimerRung.Beyond || rung.BeyondKey <= timer.Floor;
            }
        }

        return isGood && count == Count;
    }

    private static bool IsOf(in TimerEntry entry) => entry.Timer.Floor == entry.Key && entry.Timer.Key >= entry.Key;
}
