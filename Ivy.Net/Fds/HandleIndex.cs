namespace Ivy.Net;

/// <summary>From a descriptor's number to the slot of its registration.</summary>
/// <remarks>
/// A kernel hands out the lowest free number, and Windows low multiples of four, so an array serves; a number far out costs a
/// dictionary entry instead.
/// </remarks>
internal sealed class HandleIndex
{
    // Above this an array could be almost empty: 1 M numbers are 4 MB.
    private const int ArrayLimit = 1 << 20;

    // Slot plus one; 0 is free.
    private int[] _slots = new int[64];
    private Dictionary<nint, int>? _far;

    public int Find(nint handle)
    {
        if ((nuint)handle < (nuint)_slots.Length)
        {
            return _slots[handle] - 1;
        }

        return _far is not null && _far.TryGetValue(handle, out int slot) ? slot : -1;
    }

    public void Set(nint handle, int slot)
    {
        if ((nuint)handle >= ArrayLimit)
        {
            (_far ??= [])[handle] = slot;
            return;
        }

        if (handle >= _slots.Length)
        {
            Array.Resize(ref _slots, (int)Math.Max(handle + 1, Math.Min(_slots.Length * 2L, ArrayLimit)));
        }

        _slots[handle] = slot + 1;
    }

    public void Clear(nint handle)
    {
        if ((nuint)handle < (nuint)_slots.Length)
        {
            _slots[handle] = 0;
        }
        else
        {
            _far?.Remove(handle);
        }
    }
}
