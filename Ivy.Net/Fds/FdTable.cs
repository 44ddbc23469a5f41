using System.Numerics;
using System.Runtime.InteropServices;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <summary>The descriptors of a loop: their slots, their numbers, and the changes of interest of the turn.</summary>
/// <remarks>
/// <para>D1: a token is slot and generation; a slot's generation changes when it is freed, so that a token of the past finds nobody.</para>
/// <para>D2: a number has at most one registration here. A registration whose number has been taken over (its descriptor was
/// closed) is an orphan: it stays registered, and never reaches the kernel again.</para>
/// <para>D3: a descriptor is at most once on the list of changes, and is told to the poller only if what it wants differs
/// from what the poller was told last.</para>
/// <para>D4: where telling costs a system call, a socket of which data was wanted, and nothing is for the moment, stays armed: mostly it is
/// wanted again before anything comes. Something that does come is one report without an addressee, which disarms it; and from then
/// on, in that registration, the poller is told each time.</para>
/// </remarks>
internal sealed class FdTable(IvLoop loop)
{
    private const int InitialCapacity = 16;

    private readonly HandleIndex _byHandle = new();
    private readonly BlockingModes _modes = new(loop.Network);
    private readonly Stack<int> _freeSlots = new();
    private readonly Queue<IvReady> _refused = new();
    private Slot[] _slots = new Slot[InitialCapacity];
    private int _slotCount;
    private int[] _dirty = new int[InitialCapacity];
    private int _dirtyCount;
    private IvChange[] _changes = new IvChange[InitialCapacity];

    public AlwaysReadyList AlwaysReady { get; } = new(loop);

    /// <summary>What the loop's pumps move bytes through.</summary>
    public PipeCache Pipes { get; } = new(loop.Network);

    public bool HasChanges => _dirtyCount > 0;

    /// <summary>Whether somebody is still to be told that a rebuild lost it.</summary>
    public bool HasRefused => _refused.Count > 0;

    /// <summary>The registration of a token, null if it has ended; then <paramref name="ghost"/> tells whether it had before this turn.</summary>
    public IvFd? Find(ulong token, out bool ghost)
    {
        uint slot = (uint)token;
        Slot[] slots = _slots;
        if (slot < (uint)slots.Length)
        {
            ref Slot entry = ref slots[slot];
            if (entry.Generation == (uint)(token >> 32) && entry.Fd is { } fd)
            {
                ghost = false;
                return fd;
            }

            ghost = entry.RetiredTurn != (uint)loop.Turns;
            return Planted.Active == PlantedBug.StaleToken ? entry.Fd : null;
        }

        ghost = true;
        return null;
    }

    /// <summary>Who has the slot of a token now: mostly its registration, but that is not looked at. For hints only.</summary>
    public IvFd? Guess(ulong token)
    {
        uint slot = (uint)token;
        Slot[] slots = _slots;
        return slot < (uint)slots.Length ? slots[slot].Fd : null;
    }

    /// <summary>Who holds a number; null if nobody does.</summary>
    public IvFd? At(nint handle) => handle < 0 ? null : Occupant(handle);

    /// <summary>Registers a descriptor with the poller and here; on an error nothing has changed.</summary>
    public IvError Add(IvFd fd, IvBands want)
    {
        IvPoller poller = loop.Poller;
        nint handle = fd.Handle;
        if (handle < 0 || handle > loop.Network.MaxHandle)
        {
            // A number of more bits than the kernel's would be cut to that of a stranger.
            return IvError.EBADF;
        }

        DescriptorIdentity identity = default;
        if (!poller.ValidatesHandles && fd.Socket is null)
        {
            IvError bad = loop.Network.Identify(handle, out identity);
            if (bad != IvError.None)
            {
                return bad;
            }

            if (!identity.IsPollable)
            {
                return fd.AlwaysReady ? AlwaysReady.Add(fd) : IvError.EPERM;
            }
        }

        IvFd? occupant = Occupant(handle);
        if (occupant is not null && !poller.ValidatesHandles)
        {
            if (IsStillOpen(occupant, identity))
            {
                return IvError.EEXIST;
            }

            poller.Remove(handle, occupant.Token);
        }

        IvError error = _modes.TryPrepare(fd, ref identity, out bool restore);
        if (error != IvError.None)
        {
            return error;
        }

        int slot = TakeSlot();
        ulong token = ((ulong)_slots[slot].Generation << 32) | (uint)slot;
        error = poller.Add(handle, want, token);
        if (error != IvError.None)
        {
            FreeSlot(slot);
            _modes.Undo(fd, restore);
            return error == IvError.EPERM && fd.AlwaysReady ? AlwaysReady.Add(fd) : error;
        }

        if (occupant is not null)
        {
            // The kernel took the number anew: what was registered under it has been closed.
            Orphan(occupant);
        }

        _slots[slot].Fd = fd;
        _byHandle.Set(handle, slot);
        fd.Attach(token, want);
        _modes.Begin(fd, identity, restore);
        return IvError.None;
    }

    /// <summary>Ends a registration; it has reached the kernel on return.</summary>
    public void Remove(IvFd fd)
    {
        if (fd.IsAlwaysReady)
        {
            AlwaysReady.Remove(fd);
            return;
        }

        int slot = (int)(uint)fd.Token;
        if (!fd.IsOrphan)
        {
            loop.Poller.Remove(fd.Handle, fd.Token);
            _byHandle.Clear(fd.Handle);
        }

        _modes.End(fd);
        FreeSlot(slot);
    }

    /// <summary>The descriptor's handlers have changed: the poller is told in the next wait, if it still has to be.</summary>
    public void MarkChanged(IvFd fd)
    {
        if (fd.IsChanged || fd.IsAlwaysReady || fd.IsOrphan)
        {
            return;
        }

        fd.IsChanged = true;
        if (_dirtyCount == _dirty.Length)
        {
            Array.Resize(ref _dirty, _dirtyCount * 2);
        }

        _dirty[_dirtyCount++] = (int)(uint)fd.Token;
    }

    /// <summary>The changes that the poller has to be told; they count as told.</summary>
    public ReadOnlySpan<IvChange> TakeChanges()
    {
        if (_dirtyCount == 0)
        {
            return default;
        }

        if (_changes.Length < _dirtyCount)
        {
            _changes = new IvChange[(int)BitOperations.RoundUpToPowerOf2((uint)_dirtyCount)];
        }

        int count = 0;
        bool savesCalls = loop.Poller.ChangesCostCalls;
        for (int i = 0; i < _dirtyCount; i++)
        {
            // The slot may have been freed since, or belong to another one, which is looked at once more at no harm.
            if (_slots[_dirty[i]].Fd is not { IsChanged: true } fd)
            {
                continue;
            }

            fd.IsChanged = false;
            IvBands want = fd.Interest;
            bool staysArmed = want == IvBands.None && savesCalls && fd.MayStayArmed;
            if (want != fd.Told && !staysArmed && fd.Error == IvError.None && !fd.IsOrphan)
            {
                IvBands told = Planted.Active == PlantedBug.LostInterest ? want & ~IvBands.Out : want;
                _changes[count++] = new IvChange(fd.Handle, fd.Token, fd.Told, told);
                fd.Told = want;
            }
        }

        _dirtyCount = 0;
        return _changes.AsSpan(0, count);
    }

    /// <summary>A change was refused: nothing that is still reported of the registration reaches it.</summary>
    public void Disarm(IvFd fd) => Retire((int)(uint)fd.Token);

    /// <summary>
    /// Throws the poller's set away and fills it anew, without what the kernel holds of closed descriptors. False if the
    /// poller has no need of it, or can't at the moment; then nothing has changed.
    /// </summary>
    public bool TryRebuild()
    {
        IvPoller poller = loop.Poller;
        ExpelClosed(poller);
        if (!poller.Reset())
        {
            return false;
        }

        for (int slot = 0; slot < _slotCount; slot++)
        {
            if (_slots[slot].Fd is not { IsOrphan: false } fd || fd.Error != IvError.None)
            {
                continue;
            }

            IvBands want = fd.Interest;
            IvError error = poller.Add(fd.Handle, want, fd.Token);
            fd.Told = want;
            if (error != IvError.None)
            {
                _refused.Enqueue(new IvReady(fd.Token, IvBands.None, error));
            }
        }

        return true;
    }

    /// <summary>Tells those that the last rebuild lost; false if Break ended it early. What it or an exception leaves is told in the next Run.</summary>
    public bool DispatchRefused()
    {
        while (_refused.TryDequeue(out IvReady refused))
        {
            if (Find(refused.Token, out _) is { } fd)
            {
                fd.DispatchRefused(loop, refused.Error);
                if (loop.IsBroken)
                {
                    return false;
                }
            }
        }

        return true;
    }

    public void ForEach<TState>(TState state, Action<TState, IvFd> action)
    {
        for (int slot = 0; slot < _slotCount; slot++)
        {
            if (_slots[slot].Fd is { } fd)
            {
                action(state, fd);
            }
        }

        AlwaysReady.ForEach(state, action);
    }

    // Closed without being unregistered: that is how the ghost came about. The number may be a stranger's by now, who must
    // not be taken for the one that is gone.
    private void ExpelClosed(IvPoller poller)
    {
        for (int slot = 0; slot < _slotCount; slot++)
        {
            if (_slots[slot].Fd is { IsOrphan: false, Error: IvError.None } fd && !poller.Holds(fd.Handle, fd.Token))
            {
                _byHandle.Clear(fd.Handle);
                Orphan(fd);
            }
        }
    }

    // Its token dies with it: a duplicate of the closed descriptor may go on being reported under it.
    private void Orphan(IvFd fd)
    {
        fd.IsOrphan = true;
        Retire((int)(uint)fd.Token);
    }

    private void Retire(int slot)
    {
        ref Slot entry = ref _slots[slot];
        entry.Generation++;
        entry.RetiredTurn = (uint)loop.Turns;
    }

    private IvFd? Occupant(nint handle)
    {
        int slot = _byHandle.Find(handle);
        return slot < 0 ? null : _slots[slot].Fd;
    }

    // For a backend whose kernel would take a number twice: is the one that holds it still what it was?
    private bool IsStillOpen(IvFd occupant, DescriptorIdentity identity)
    {
        if (occupant.Socket is { } socket)
        {
            return !socket.IsDisposed;
        }

        if (identity.Kind == DescriptorKind.Unknown && loop.Network.Identify(occupant.Handle, out identity) != IvError.None)
        {
            return false;
        }

        return _modes.IsStill(occupant, identity);
    }

    private int TakeSlot()
    {
        if (_freeSlots.TryPop(out int free))
        {
            return free;
        }

        if (_slotCount == _slots.Length)
        {
            Array.Resize(ref _slots, _slotCount * 2);
        }

        _slots[_slotCount].Generation = 1;
        return _slotCount++;
    }

    private void FreeSlot(int slot)
    {
        Retire(slot);
        _slots[slot].Fd = null;
        _freeSlots.Push(slot);
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Slot
    {
        public IvFd? Fd;
        public uint Generation;

        // The turn in which the slot was freed last; the free slots themselves are in a list of their own.
        public uint RetiredTurn;
    }
}
