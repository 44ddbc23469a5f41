using System.Diagnostics.CodeAnalysis;

namespace Ivy.Net;

/// <summary>The armed timers of a loop, by deadline, then by registration: a heap of those that are due next, and a ladder of wheels for the rest.</summary>
/// <remarks>
/// <para>Most timers are moved or stopped long before they are due, so that order is made late: a timer is put into a bucket,
/// unordered, and only a bucket whose time has come is spread over a finer wheel, or put into the heap if it is small. Adding and
/// removing cost O(1) there; a timer is moved down a few times in its life, each time with many others. With few timers there
/// is the heap alone.</para>
/// <para>H1: an entry's key is never later than its timer's deadline. Moving a deadline later writes the timer only; the entry is
/// brought up to date when it gets into the heap or to its root.</para>
/// <para>H3: equal keys are ordered by the sequence number of the registration.</para>
/// <para>L1: what is in the heap is before the start of the last rung, and what is in a rung is before the start of the rung
/// above it. L2: an empty rung is only ever the last one.</para>
/// </remarks>
internal sealed class TimerLadder
{
    // A bucket up to this size goes into the heap: 2 KiB, three levels of it.
    private const int DefaultSmallBucket = 128;

    // A heap that outgrows this, of timers that come too near to be put into a bucket, becomes a rung; so does the first one.
    private const int DefaultLargeHeap = 512;

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

    /// <summary>Adds a timer with its Deadline and Order, and sets its Place.</summary>
    public void Add(IvTimer timer)
    {
        TimerEntry entry = EntryOf(timer);
        Put(Find(entry.Key), entry);
    }

    /// <summary>The timer's Deadline and Order have changed: nothing to do if it moved later, else it rises.</summary>
    public void Moved(IvTimer timer)
    {
        if (TimerEntry.ToKey(timer.Deadline) >= timer.EntryKey)
        {
            return;
        }

        TimerEntry entry = EntryOf(timer);
        int place = timer.Place;
        if (place < 0)
        {
            _heap.Raise(timer.HeapIndex, entry);
            return;
        }

        int target = Find(entry.Key);
        if (target == _buckets.Owner(place) && target % BucketsPerRung != TimerRung.Beyond)
        {
            _buckets.Replace(place, entry);
            return;
        }

        RemoveFromBucket(timer);
        Put(target, entry);
    }

    /// <summary>Takes a timer out.</summary>
    public void Remove(IvTimer timer)
    {
        if (timer.Place >= 0)
        {
            RemoveFromBucket(timer);
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
        ulong key = TimerEntry.ToKey(timer.Deadline);
        timer.EntryKey = key;
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

            TimerEntry moved = EntryOf(root.Timer);
            int bucket = Find(moved.Key);
            if (bucket < 0)
            {
                _heap.ReplaceRoot(moved);
            }
            else
            {
                _heap.RemoveRoot();
                Put(bucket, moved);
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

    private void Put(int bucket, in TimerEntry entry)
    {
        if (bucket >= 0)
        {
            AddToBucket(bucket, entry);
            return;
        }

        _heap.Add(entry);
        if (_heap.Count > Math.Max(_heapLimit, LargeHeap))
        {
            SpreadHeap();
        }
    }

    private void AddToBucket(int bucket, in TimerEntry entry)
    {
        _buckets.Add(bucket, entry);
        ref TimerRung rung = ref _rungs[bucket / BucketsPerRung];
        int number = bucket % BucketsPerRung;
        if (number != TimerRung.Beyond)
        {
            rung.Occupied |= 1UL << number;
        }
        else if (!rung.HasBeyond || entry.Key < rung.BeyondKey)
        {
            rung.HasBeyond = true;
            rung.BeyondKey = entry.Key;
        }
    }

    // A bucket that has become empty stays marked: whoever takes it finds that out.
    private void RemoveFromBucket(IvTimer timer)
    {
        if (!_buckets.TryRemove(timer))
        {
            RaiseMisplaced(timer);
        }
    }

    [DoesNotReturn]
    private static void RaiseMisplaced(IvTimer timer) => IvFatal.Raise(
        FatalCondition.HeapBroken,
        $"{timer}: its place {timer.Place} belongs to another timer. Please report this with the program that shows it.",
        timer);

    private void Unmark(int bucket)
    {
        ref TimerRung rung = ref _rungs[bucket / BucketsPerRung];
        int number = bucket % BucketsPerRung;
        if (number == TimerRung.Beyond)
        {
            rung.HasBeyond = false;
        }
        else
        {
            rung.Occupied &= ~(1UL << number);
        }
    }

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
        Unmark(bucket);
        while (_buckets.TryTakeChunk(bucket, out int chunk, out ReadOnlySpan<TimerEntry> entries))
        {
            foreach (ref readonly TimerEntry entry in entries)
            {
                if (entry.Timer is not null)
                {
                    _heap.AddUnordered(entry);
                }
            }

            _buckets.Release(chunk);
        }

        // Those that have moved later in the meantime go back up, without ever having been in order.
        SendBack();
        _heap.Heapify();

        // Many of one nanosecond can't be told apart: spreading is tried again when the heap has doubled.
        _heapLimit = _heap.Count * 2;
    }

    private void SendBack()
    {
        // What stays moves to the front.
        Span<TimerEntry> taken = _heap.Entries;
        int kept = 0;
        foreach (ref readonly TimerEntry entry in taken)
        {
            TimerEntry current = entry.IsCurrent ? entry : EntryOf(entry.Timer);
            int bucket = Find(current.Key);
            if (bucket < 0)
            {
                taken[kept++] = current;
            }
            else
            {
                AddToBucket(bucket, current);
            }
        }

        _heap.Truncate(kept);
    }

    // A bucket that is too large for the heap becomes a rung of its own.
    private void SpreadBucket(int bucket)
    {
        if (!_buckets.TryMeasure(bucket, out ulong lowest, out ulong highest) || lowest == highest || _rungCount == MaxRungs)
        {
            TakeIntoHeap(bucket);
            return;
        }

        Unmark(bucket);
        AddRung(lowest, highest);
        Spread(bucket, _rungCount - 1);
    }

    // The wheel is empty, and what was beyond it becomes the wheel.
    private void TurnOver(ref TimerRung rung, int beyond)
    {
        if (!_buckets.TryMeasure(beyond, out ulong lowest, out ulong highest) || lowest == highest || _buckets.IsSmall(beyond, SmallBucket))
        {
            _rungCount--;
            rung.HasBeyond = false;
            TakeIntoHeap(beyond);
            return;
        }

        rung.Span(lowest, highest);
        Spread(beyond, beyond / BucketsPerRung);
    }

    private void Spread(int bucket, int rung)
    {
        while (_buckets.TryTakeChunk(bucket, out int chunk, out ReadOnlySpan<TimerEntry> entries))
        {
            foreach (ref readonly TimerEntry entry in entries)
            {
                if (entry.Timer is null)
                {
                    continue;
                }

                AddToBucket((rung * BucketsPerRung) + _rungs[rung].Find(entry.Key), entry);
            }

            _buckets.Release(chunk);
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
            return;
        }

        AddRung(lowest, highest);
        int first = (_rungCount - 1) * BucketsPerRung;
        foreach (ref readonly TimerEntry entry in _heap.Entries)
        {
            AddToBucket(first + _rungs[_rungCount - 1].Find(entry.Key), entry);
        }

        _heap.Truncate(0);
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
            foreach ((int place, TimerEntry entry) in _buckets.List(bucket))
            {
                count++;
                isGood &= isMarked && IsOf(entry) && entry.Timer.Place == place && _buckets.Owner(place) == bucket && Find(entry.Key) == bucket;
                isGood &= number != TimerRung.Beyond || rung.BeyondKey <= entry.Key;
            }
        }

        return isGood && count == Count;
    }

    private static bool IsOf(in TimerEntry entry) =>
        entry.Timer.EntryKey == entry.Key && TimerEntry.ToKey(entry.Timer.Deadline) >= entry.Key;
}
