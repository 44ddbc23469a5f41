using System.Numerics;
using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>The armed timers of a loop: a 4-ary heap ordered by deadline, then by registration.</summary>
/// <remarks>
/// <para>H1: an entry's key is never later than its timer's deadline. Moving a deadline later writes the timer only (O(1));
/// the entry is brought up to date when it reaches the root.</para>
/// <para>H2: no entry's key is before that of its parent.</para>
/// <para>H3: equal keys are ordered by the sequence number of the registration.</para>
/// <para>The heap holds numbers only: sixteen bytes an entry, four children side by side, no object touched and no
/// reference written while entries move. A timer is a slot; what belongs to a slot lies in arrays beside the heap.</para>
/// </remarks>
internal sealed class TimerHeap
{
    // Four children of 16 bytes are 64 bytes, one cache line or the edge of two; measured faster than 2 and 8 at 1 k and 100 k timers.
    private const int Arity = 4;
    private const int InitialCapacity = 16;

    private Entry[] _heap = new Entry[InitialCapacity];
    private SlotInfo[] _slots = new SlotInfo[InitialCapacity];
    private IvTimer?[] _timers = new IvTimer?[InitialCapacity];
    private int _count;
    private int _slotCount;
    private int _freeSlot = -1;

    public int Count => _count;

    /// <summary>The earliest deadline, <see cref="long.MaxValue"/> if there is none. Brings the root up to date.</summary>
    public long NextDeadline()
    {
        while (_count > 0)
        {
            ref Entry root = ref _heap[0];
            IvTimer timer = _timers[root.Slot]!;
            if (timer.Deadline == root.Key && timer.Sequence == _slots[root.Slot].KeySequence)
            {
                return root.Key;
            }

            Entry moved = new(timer.Deadline, root.Slot);
            _slots[root.Slot].KeySequence = timer.Sequence;
            SiftDown(0, moved);
        }

        return long.MaxValue;
    }

    /// <summary>Adds a timer with its Deadline and Sequence, and sets its Slot.</summary>
    public void Add(IvTimer timer)
    {
        int slot = TakeSlot();
        _timers[slot] = timer;
        _slots[slot].KeySequence = timer.Sequence;
        timer.Slot = slot;
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _count * 2);
        }

        SiftUp(_count++, new Entry(timer.Deadline, slot));
    }

    /// <summary>The timer's Deadline and Sequence have changed: nothing to do if it moved later, else it rises.</summary>
    public void Moved(IvTimer timer)
    {
        int index = _slots[timer.Slot].Index;
        if (timer.Deadline >= _heap[index].Key)
        {
            return;
        }

        _slots[timer.Slot].KeySequence = timer.Sequence;
        SiftUp(index, new Entry(timer.Deadline, timer.Slot));
    }

    /// <summary>Takes a timer out.</summary>
    public void Remove(IvTimer timer)
    {
        int slot = timer.Slot;
        int index = _slots[slot].Index;
        if ((uint)index >= (uint)_count || _timers[slot] != timer || _heap[index].Slot != slot)
        {
            IvFatal.Raise(FatalCondition.HeapBroken, $"{timer}: its heap slot {slot} belongs to another timer. Please report this with the program that shows it.", timer);
        }

        FreeSlot(slot);
        timer.Slot = -1;
        Entry last = _heap[--_count];
        if (index == _count)
        {
            return;
        }

        // The last entry fills the hole, and goes up or down from there.
        if (index > 0 && Before(last, _heap[Parent(index)]))
        {
            SiftUp(index, last);
        }
        else
        {
            SiftDown(index, last);
        }
    }

    /// <summary>The timer whose deadline is the earliest, taken out; null unless it is due.</summary>
    public IvTimer? PopDue(long now)
    {
        if (_count == 0 || _heap[0].Key > now || NextDeadline() > now)
        {
            return null;
        }

        int slot = _heap[0].Slot;
        IvTimer timer = _timers[slot]!;
        FreeSlot(slot);
        timer.Slot = -1;
        Entry last = _heap[--_count];
        if (_count > 0)
        {
            SiftDown(0, last);
        }

        return timer;
    }

    public void ForEach<TState>(TState state, Action<TState, IvTimer> action)
    {
        for (int slot = 0; slot < _slotCount; slot++)
        {
            if (_timers[slot] is { } timer)
            {
                action(state, timer);
            }
        }
    }

    /// <summary>Checks H1 to H3 and the way back from slots to entries; for tests.</summary>
    internal bool IsConsistent()
    {
        for (int i = 0; i < _count; i++)
        {
            Entry entry = _heap[i];
            if (_slots[entry.Slot].Index != i
                || _timers[entry.Slot] is not { } timer
                || timer.Slot != entry.Slot
                || timer.Deadline < entry.Key
                || (i > 0 && Before(entry, _heap[Parent(i)])))
            {
                return false;
            }
        }

        return true;
    }

    private static int Parent(int index) => (index - 1) / Arity;

    private bool Before(in Entry left, in Entry right) =>
        left.Key < right.Key || (left.Key == right.Key && _slots[left.Slot].KeySequence < _slots[right.Slot].KeySequence);

    private void SiftUp(int index, Entry entry)
    {
        Entry[] heap = _heap;
        SlotInfo[] slots = _slots;
        while (index > 0)
        {
            int parent = Parent(index);
            ref Entry above = ref heap[parent];
            if (!Before(entry, above))
            {
                break;
            }

            heap[index] = above;
            slots[above.Slot].Index = index;
            index = parent;
        }

        heap[index] = entry;
        slots[entry.Slot].Index = index;
    }

    private void SiftDown(int index, Entry entry)
    {
        Entry[] heap = _heap;
        SlotInfo[] slots = _slots;
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
                if (Before(heap[i], heap[smallest]))
                {
                    smallest = i;
                }
            }

            ref Entry below = ref heap[smallest];
            if (!Before(below, entry))
            {
                break;
            }

            heap[index] = below;
            slots[below.Slot].Index = index;
            index = smallest;
        }

        heap[index] = entry;
        slots[entry.Slot].Index = index;
    }

    private int TakeSlot()
    {
        int slot = _freeSlot;
        if (slot >= 0)
        {
            _freeSlot = _slots[slot].Index;
            return slot;
        }

        if (_slotCount == _slots.Length)
        {
            int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)_slotCount + 1);
            Array.Resize(ref _slots, capacity);
            Array.Resize(ref _timers, capacity);
        }

        return _slotCount++;
    }

    private void FreeSlot(int slot)
    {
        _timers[slot] = null;
        _slots[slot].Index = _freeSlot;
        _freeSlot = slot;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Entry(long key, int slot)
    {
        public readonly long Key = key;
        public readonly int Slot = slot;
    }

    // Index: where the slot's entry is, or the next free slot. KeySequence: the registration that the entry's key is of.
    [StructLayout(LayoutKind.Sequential)]
    private struct SlotInfo
    {
        public long KeySequence;
        public int Index;
    }
}
