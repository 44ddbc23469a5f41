using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>Buckets of timers in no order: adding to one and taking any timer out of it are a few stores.</summary>
/// <remarks>
/// <para>Timers lie in chunks of one array, so that no bucket has an array of its own to grow. A timer that is taken out leaves a
/// hole; a chunk of holes is used again, and so are all holes before the array grows for them. With very many timers each place
/// is a miss of the cache: it is written and not read, so that nothing waits for it.</para>
/// <para>C1: a bucket's chunks have been filled, but for the last one. C2: no chunk that has been filled consists of holes.</para>
/// </remarks>
internal sealed class TimerBuckets
{
    // 512 bytes: few enough that nearly empty buckets cost little, many enough to be read in a stream.
    private const int ChunkSize = 1 << ChunkShift;
    private const int ChunkMask = ChunkSize - 1;
    private const int ChunkShift = 6;
    private const int None = -1;

    private IvTimer?[] _timers = [];
    private Chunk[] _chunks = [];

    // By chunk: how many holes it has. Apart, as these are few bytes.
    private byte[] _holesOf = [];
    private int _freeChunk = None;
    private int _holes;

    // By bucket: where its next timer goes, 0 if it has no chunk. At the edge of a chunk the last one is full.
    private int[] _ends = [];

    /// <summary>How many timers there are in all buckets.</summary>
    public int Count { get; private set; }

    /// <summary>For how many there is room, for tests.</summary>
    internal int Room => _timers.Length;

    /// <summary>Makes sure that buckets below this number exist.</summary>
    public void Provide(int buckets)
    {
        if (_ends.Length < buckets)
        {
            Array.Resize(ref _ends, buckets);
        }
    }

    /// <summary>The bucket that a place belongs to.</summary>
    public int Owner(int place) => _chunks[place >> ChunkShift].Owner;

    public void Add(int bucket, IvTimer timer)
    {
        int place = _ends[bucket];
        if ((place & ChunkMask) == 0)
        {
            place = OpenChunk(bucket);
        }

        _timers[place] = timer;
        timer.Place = place;
        _ends[bucket] = place + 1;
        Count++;
    }

    /// <summary>Takes a timer out of whatever bucket it is in. That it is where it says shows when the bucket is taken.</summary>
    public void Remove(IvTimer timer)
    {
        int place = timer.Place;
        _timers[place] = null;
        Count--;
        _holes++;
        if (++_holesOf[place >> ChunkShift] == ChunkSize)
        {
            Unlink(place >> ChunkShift);
        }
    }

    /// <summary>Whether a bucket has at most so many timers.</summary>
    public bool IsSmall(int bucket, int most)
    {
        for (int end = _ends[bucket]; end > 0 && most >= 0;)
        {
            int chunk = (end - 1) >> ChunkShift;
            most -= end - (chunk << ChunkShift) - _holesOf[chunk];
            end = EndBefore(chunk);
        }

        return most >= 0;
    }

    /// <summary>The lowest and the highest key in a bucket, of those up to a last one; false if there is none.</summary>
    public bool TryMeasure(int bucket, ulong last, out ulong lowest, out ulong highest)
    {
        lowest = ulong.MaxValue;
        highest = 0;
        for (int end = _ends[bucket]; end > 0;)
        {
            int chunk = (end - 1) >> ChunkShift;
            int start = chunk << ChunkShift;
            foreach (IvTimer? timer in _timers.AsSpan(start, end - start))
            {
                if (timer is not null && timer.Key <= last)
                {
                    lowest = Math.Min(lowest, timer.Key);
                    highest = Math.Max(highest, timer.Key);
                }
            }

            end = EndBefore(chunk);
        }

        return lowest <= highest;
    }

    /// <summary>
    /// Empties a bucket, chunk by chunk: takes the last one off; false at the end. Its timers, holes among them, stay readable,
    /// whatever is added meanwhile, until it is given back.
    /// </summary>
    public bool TryTakeChunk(int bucket, out int place, out ReadOnlySpan<IvTimer?> timers)
    {
        int end = _ends[bucket];
        if (end == 0)
        {
            place = None;
            timers = default;
            return false;
        }

        int chunk = (end - 1) >> ChunkShift;
        place = chunk << ChunkShift;
        timers = _timers.AsSpan(place, end - place);
        Count -= timers.Length - _holesOf[chunk];
        _holes -= _holesOf[chunk];
        _ends[bucket] = EndBefore(chunk);
        return true;
    }

    /// <summary>Gives back a chunk that was taken, and forgets its timers.</summary>
    public void Release(int place)
    {
        // By number: the array may be another one by now.
        _timers.AsSpan(place, ChunkSize).Clear();
        Free(place >> ChunkShift);
    }

    public void CopyTo(List<IvTimer> timers)
    {
        for (int bucket = 0; bucket < _ends.Length; bucket++)
        {
            foreach ((_, IvTimer timer) in List(bucket))
            {
                timers.Add(timer);
            }
        }
    }

    /// <summary>The timers of a bucket with their places.</summary>
    internal IEnumerable<(int Place, IvTimer Timer)> List(int bucket)
    {
        for (int end = _ends[bucket]; end > 0;)
        {
            int chunk = (end - 1) >> ChunkShift;
            for (int place = chunk << ChunkShift; place < end; place++)
            {
                if (_timers[place] is { } timer)
                {
                    yield return (place, timer);
                }
            }

            end = EndBefore(chunk);
        }
    }

    // The end of what comes before a chunk in its bucket: 0, or that of a full chunk.
    private int EndBefore(int chunk) => (_chunks[chunk].Previous + 1) << ChunkShift;

    // A bucket's first place, or the one after its last chunk, which is full.
    private int OpenChunk(int bucket)
    {
        if (_freeChunk == None)
        {
            MakeRoom();
        }

        int end = _ends[bucket];
        if ((end & ChunkMask) != 0)
        {
            // Packing has made room in the bucket itself.
            return end;
        }

        int chunk = _freeChunk;
        _freeChunk = _chunks[chunk].Next;
        Append(bucket, (end >> ChunkShift) - 1, chunk);
        return chunk << ChunkShift;
    }

    private void Append(int bucket, int last, int chunk)
    {
        _chunks[chunk] = new Chunk { Owner = bucket, Previous = last, Next = None };
        _holesOf[chunk] = 0;
        if (last != None)
        {
            _chunks[last].Next = chunk;
        }
    }

    // A filled chunk of holes leaves its bucket.
    private void Unlink(int chunk)
    {
        ref Chunk gone = ref _chunks[chunk];
        _holes -= ChunkSize;
        if (gone.Next == None)
        {
            _ends[gone.Owner] = EndBefore(chunk);
        }
        else
        {
            _chunks[gone.Next].Previous = gone.Previous;
        }

        if (gone.Previous != None)
        {
            _chunks[gone.Previous].Next = gone.Next;
        }

        Free(chunk);
    }

    private void Free(int chunk)
    {
        _chunks[chunk].Next = _freeChunk;
        _freeChunk = chunk;
    }

    // Holes are filled before memory is taken, if they are the half of it: then each of them pays for two moves at the most.
    private void MakeRoom()
    {
        if (_holes > _timers.Length / 2)
        {
            for (int bucket = 0; bucket < _ends.Length; bucket++)
            {
                if (_ends[bucket] != 0)
                {
                    Pack(bucket);
                }
            }

            _holes = 0;
        }

        if (_freeChunk == None)
        {
            Grow();
        }
    }

    // From the last chunk to the first, what is no hole moves into as few of the chunks that have been passed as it needs.
    private void Pack(int bucket)
    {
        int end = _ends[bucket];
        int source = (end - 1) >> ChunkShift;
        int count = end - (source << ChunkShift);
        int target = source;
        int filled = 0;
        int packed = None;
        while (source != None)
        {
            int before = _chunks[source].Previous;
            for (int place = source << ChunkShift; place < (source << ChunkShift) + count; place++)
            {
                if (_timers[place] is not { } timer)
                {
                    continue;
                }

                if (filled == ChunkSize)
                {
                    int next = _chunks[target].Previous;
                    Append(bucket, packed, target);
                    packed = target;
                    target = next;
                    filled = 0;
                }

                int free = (target << ChunkShift) + filled++;
                _timers[place] = null;
                _timers[free] = timer;
                timer.Place = free;
            }

            source = before;
            count = ChunkSize;
        }

        int rest = _chunks[target].Previous;
        if (filled > 0)
        {
            Append(bucket, packed, target);
            _ends[bucket] = (target << ChunkShift) + filled;
        }
        else
        {
            Free(target);
            _ends[bucket] = (packed + 1) << ChunkShift;
        }

        while (rest != None)
        {
            int before = _chunks[rest].Previous;
            Free(rest);
            rest = before;
        }
    }

    private void Grow()
    {
        int count = _chunks.Length;
        int capacity = Math.Max(count * 2, ChunkSize);
        Array.Resize(ref _timers, capacity << ChunkShift);
        Array.Resize(ref _chunks, capacity);
        Array.Resize(ref _holesOf, capacity);

        // Backwards, so that they are taken in the order of their addresses.
        for (int chunk = capacity - 1; chunk >= count; chunk--)
        {
            Free(chunk);
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Chunk
    {
        public int Owner;
        public int Previous;

        // Of a free one: the next free one.
        public int Next;
    }
}
