namespace Ivy.Net;

/// <summary>The numbers of a process. The lowest free one is next, as in a kernel, so that numbers are reused at once.</summary>
internal sealed class SimulatedDescriptorTable
{
    // 0 to 2 are standard input, output and error, and not ours.
    private const int FirstNumber = 3;

    private readonly List<SimulatedDescription?> _slots = [];
    private readonly PriorityQueue<int, int> _free = new();

    public int Count { get; private set; }

    public nint Add(SimulatedDescription description)
    {
        if (_free.TryDequeue(out int slot, out _))
        {
            _slots[slot] = description;
        }
        else
        {
            slot = _slots.Count;
            _slots.Add(description);
        }

        description.Refer();
        Count++;
        return slot + FirstNumber;
    }

    public SimulatedDescription? Find(nint handle)
    {
        nint slot = handle - FirstNumber;
        return slot >= 0 && slot < _slots.Count ? _slots[(int)slot] : null;
    }

    public bool Remove(nint handle)
    {
        if (Find(handle) is not { } description)
        {
            return false;
        }

        int slot = (int)(handle - FirstNumber);
        _slots[slot] = null;
        _free.Enqueue(slot, slot);
        Count--;
        description.Release();
        return true;
    }
}
