using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>The timers that are due next: a 4-ary heap of entries.</summary>
/// <remarks>H2: no entry is before its parent.</remarks>
internal sealed class TimerHeap
{
    // Measured faster than 2 and 8.
    private const int Arity = 4;
    private const int InitialCapacity = 16;

    private TimerEntry[] _entries = new TimerEntry[InitialCapacity];
    private int _count;

    public int Count => _count;

    /// <summary>The first of all; there must be one.</summary>
    public ref readonly TimerEntry Root => ref _entries[0];

    public Span<TimerEntry> Entries => _entries.AsSpan(0, _count);

    public void Add(in TimerEntry entry)
    {
        MakeRoom();
        SiftUp(_count++, entry);
    }

    /// <summary>Adds an entry without regard to the order, which <see cref="Heapify"/> makes.</summary>
    public void AddUnordered(in TimerEntry entry)
    {
        MakeRoom();
        _entries[_count++] = entry;
    }

    /// <summary>Makes a heap of whatever order there is.</summary>
    public void Heapify()
    {
        for (int i = _count - 1; i > Parent(_count - 1); i--)
        {
            _entries[i].Timer.Place = IvTimer.HeapPlace(i);
        }

        for (int i = _count > 1 ? Parent(_count - 1) : _count - 1; i >= 0; i--)
        {
            SiftDown(i, _entries[i]);
        }
    }

    public void RemoveRoot()
    {
        TimerEntry last = TakeLast();
        if (_count > 0)
        {
            SiftDown(0, last);
        }
    }

    /// <summary>Puts an entry in the place of the first.</summary>
    public void ReplaceRoot(in TimerEntry entry) => SiftDown(0, entry);

    /// <summary>Puts an entry that is before what was there into a place.</summary>
    public void Raise(int index, in TimerEntry entry) => SiftUp(index, entry);

    /// <summary>Takes a timer's entry out; false if it is not where the timer says.</summary>
    public bool TryRemove(IvTimer timer)
    {
        int index = timer.HeapIndex;
        if ((uint)index >= (uint)_count || _entries[index].Timer != timer)
        {
            return false;
        }

        TimerEntry last = TakeLast();
        if (index == _count)
        {
            return true;
        }

        // The last entry fills the hole, and goes up or down from there.
        if (index > 0 && last.IsBefore(_entries[Parent(index)]))
        {
            SiftUp(index, last);
        }
        else
        {
            SiftDown(index, last);
        }

        return true;
    }

    public void CopyTo(List<IvTimer> timers)
    {
        foreach (ref readonly TimerEntry entry in Entries)
        {
            timers.Add(entry.Timer);
        }
    }

    /// <summary>Forgets the entries from a number on.</summary>
    public void Truncate(int count)
    {
        _entries.AsSpan(count, _count - count).Clear();
        _count = count;
    }

    /// <summary>Checks H2 and the way back from timers to entries; for tests.</summary>
    internal bool IsConsistent()
    {
        for (int i = 0; i < _count; i++)
        {
            if (_entries[i].Timer.Place != IvTimer.HeapPlace(i) || (i > 0 && _entries[i].IsBefore(_entries[Parent(i)])))
            {
                return false;
            }
        }

        return true;
    }

    private static int Parent(int index) => (int)((uint)(index - 1) / Arity);

    private TimerEntry TakeLast()
    {
        ref TimerEntry entry = ref _entries[--_count];
        TimerEntry last = entry;
        entry = default;
        return last;
    }

    private void MakeRoom()
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _count * 2);
        }
    }

    // SAFETY of the two: an index is below _count, which is at most the length of _entries.
    private void SiftUp(int index, in TimerEntry entry)
    {
        TimerEntry moving = entry;
        ref TimerEntry heap = ref MemoryMarshal.GetArrayDataReference(_entries);
        while (index > 0)
        {
            int parent = Parent(index);
            ref TimerEntry above = ref Unsafe.Add(ref heap, parent);
            if (!moving.IsBefore(above))
            {
                break;
            }

            Unsafe.Add(ref heap, index) = above;
            above.Timer.Place = IvTimer.HeapPlace(index);
            index = parent;
        }

        Unsafe.Add(ref heap, index) = moving;
        moving.Timer.Place = IvTimer.HeapPlace(index);
    }

    private void SiftDown(int index, in TimerEntry entry)
    {
        TimerEntry moving = entry;
        ref TimerEntry heap = ref MemoryMarshal.GetArrayDataReference(_entries);
        int count = _count;
        while (true)
        {
            int child = (index * Arity) + 1;
            if (child >= count)
            {
                break;
            }

            int smallest = child;
            int end = Math.Min(child + Arity, count);
            for (int i = child + 1; i < end; i++)
            {
                if (Unsafe.Add(ref heap, i).IsBefore(Unsafe.Add(ref heap, smallest)))
                {
                    smallest = i;
                }
            }

            ref TimerEntry below = ref Unsafe.Add(ref heap, smallest);
            if (!below.IsBefore(moving))
            {
                break;
            }

            Unsafe.Add(ref heap, index) = below;
            below.Timer.Place = IvTimer.HeapPlace(index);
            index = smallest;
        }

        Unsafe.Add(ref heap, index) = moving;
        moving.Timer.Place = IvTimer.HeapPlace(index);
    }
}
