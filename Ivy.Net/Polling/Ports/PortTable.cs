namespace Ivy.Net.Polling;

/// <summary>The sockets of a port, and the tokens that the kernel keeps for them: slot and generation.</summary>
/// <remarks>
/// Kernels drop a closed socket without a word, so an entry may be out of date; it is found out, and replaced, when the number
/// comes again. There are never more entries than there are numbers. For one thread at a time.
/// </remarks>
internal sealed class PortTable
{
    private readonly Dictionary<nint, int> _slots = [];
    private readonly Stack<int> _free = [];
    private PortEntry[] _entries = new PortEntry[16];
    private int _used;

    /// <summary>How many sockets there are, those that were closed without a word included.</summary>
    public int Count => _slots.Count;

    public ref PortEntry this[int slot] => ref _entries[slot];

    /// <summary>The slot of a socket, or -1.</summary>
    public int Find(nint socket) => _slots.TryGetValue(socket, out int slot) ? slot : -1;

    /// <summary>The slot that a token was made for, or -1 if that registration is over.</summary>
    public int Find(ulong token)
    {
        int slot = (int)(uint)token;
        return (uint)slot < (uint)_used && _entries[slot].Generation == (uint)(token >> 32) ? slot : -1;
    }

    public ulong TokenOf(int slot) => ((ulong)_entries[slot].Generation << 32) | (uint)slot;

    /// <summary>The token that the next registration of a socket will have; nothing changes before <see cref="Commit"/>.</summary>
    public ulong Prepare(nint socket, out int slot)
    {
        slot = Find(socket);
        if (slot < 0 && !_free.TryPeek(out slot))
        {
            slot = _used;
            if (slot == _entries.Length)
            {
                Array.Resize(ref _entries, slot * 2);
            }
        }

        return ((ulong)(_entries[slot].Generation + 1) << 32) | (uint)slot;
    }

    /// <summary>Enters the socket under the token that was prepared for it; an entry of before is out of date from now on.</summary>
    public void Commit(int slot, nint socket, EpollEvents events, ulong data)
    {
        if (slot == _used)
        {
            _used++;
            _slots.Add(socket, slot);
        }
        else if (_slots.TryAdd(socket, slot))
        {
            _free.Pop();
        }

        ref PortEntry entry = ref _entries[slot];
        entry.Generation++;
        entry.Socket = socket;
        entry.Events = events;
        entry.Data = data;
    }

    /// <summary>Events of before are not for this registration any more.</summary>
    public void Renew(int slot) => _entries[slot].Generation++;

    public void Remove(int slot)
    {
        ref PortEntry entry = ref _entries[slot];
        _slots.Remove(entry.Socket);
        entry.Generation++;
        entry.Socket = default;
        _free.Push(slot);
    }
}
