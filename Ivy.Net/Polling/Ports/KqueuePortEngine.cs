using System.Buffers;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Polling;

/// <summary>A port on kqueue(2): the engine of macOS and FreeBSD, for any number of threads.</summary>
/// <remarks>
/// <para>Who waits does so in the kernel without the lock, and all else is under it. A socket has a knote for each direction, whose
/// events come apart, to different threads even: what one wait finds is merged, and what another one has found is reported by that one.</para>
/// <para>As in KqueuePoller a socket has a knote for reading from Add to Remove, disabled while it is not needed: a change that finds none
/// proves that the number was closed, and may be a stranger's by now. close(2) takes the knotes away in silence.</para>
/// <para>One-shot is made of level-triggered knotes that are disabled after the report, all of them, in the wait that reports: EV_ONESHOT
/// and EV_DISPATCH are each knote's own affair, and would leave the other direction armed.</para>
/// </remarks>
internal sealed partial class KqueuePortEngine : PortEngine
{
    // A wait of this size needs no buffer from the pool: 2 KiB.
    private const int OnStack = 64;

    // Nobody has as many sockets ready.
    private const int MaxEvents = 1 << 20;

    private readonly Lock _lock = new();
    private readonly PortTable _table = new();
    private readonly IKqueueApi _api;
    private readonly KqueueDialect _dialect;
    private readonly KqueueHandle _queue;
    private readonly KqueueWake _wake;
    private readonly KnoteChanges _changes;
    private KqueuePortWatch[] _watches = [];
    private KqueueEvent[] _answers = [];
    private ulong _batch;
    private volatile bool _hasEnded;

    /// <summary>Makes a queue, and what wakes it.</summary>
    /// <exception cref="IvException">EMFILE, ENFILE, ENOMEM.</exception>
    public KqueuePortEngine(IKqueueApi api)
    {
        _api = api;
        _dialect = api.Dialect;
        _changes = new KnoteChanges(_dialect);
        _queue = KqueueHandle.Create(api);
        try
        {
            _wake = new KqueueWake(api, _queue);
        }
        catch (IvException)
        {
            _queue.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override EpollEvents Missing => _dialect.UrgentFilter == 0 ? PortEvents.Urgent : EpollEvents.None;

    public override IvError Check(nint socket)
    {
        int result = socket is < 0 or > int.MaxValue ? 0 : _api.CheckSocket((int)socket);
        return socket is < 0 or > int.MaxValue ? IvError.EBADF : result == 0 ? IvError.None : _dialect.ToError(-result);
    }

    public override IvError Add(nint socket, EpollEvents events, ulong data)
    {
        lock (_lock)
        {
            int slot = _table.Find(socket);
            if (slot >= 0)
            {
                _changes.Touch((int)socket, _table.TokenOf(slot), _watches[slot].Read);
                if (HandOver() != IvError.EBADF)
                {
                    return IvError.EEXIST;
                }

                // Closed, and given to another socket: the kernel has dropped its knotes.
                Forget(slot);
            }

            ulong token = _table.Prepare(socket, out slot);
            if (slot >= _watches.Length)
            {
                Array.Resize(ref _watches, Math.Max(16, slot * 2));
            }

            ref KqueuePortWatch watch = ref _watches[slot];
            watch = new KqueuePortWatch { IsArmed = true };
            Set((int)socket, token, events, ref watch);
            IvError error = HandOver();
            if (error != IvError.None)
            {
                Delete((int)socket, token, ref watch);
                return error;
            }

            _table.Commit(slot, socket, events, data);
            return IvError.None;
        }
    }

    public override IvError Modify(nint socket, EpollEvents events, ulong data)
    {
        lock (_lock)
        {
            int slot = _table.Find(socket);
            if (slot < 0)
            {
                return IvError.ENOENT;
            }

            ref KqueuePortWatch watch = ref _watches[slot];
            watch.IsArmed = true;
            int before = _changes.Count;
            Set((int)socket, _table.TokenOf(slot), events, ref watch);
            if (_changes.Count == before)
            {
                // The kernel has it so. But is the socket still there?
                _changes.Touch((int)socket, _table.TokenOf(slot), watch.Read);
            }

            IvError error = HandOver();
            if (error != IvError.None)
            {
                Delete((int)socket, _table.TokenOf(slot), ref watch);
                Forget(slot);
                return error == IvError.EBADF ? IvError.ENOENT : error;
            }

            _table[slot].Events = events;
            _table[slot].Data = data;
            return IvError.None;
        }
    }

    public override IvError Remove(nint socket)
    {
        lock (_lock)
        {
            int slot = _table.Find(socket);
            if (slot < 0)
            {
                return IvError.ENOENT;
            }

            IvError error = Delete((int)socket, _table.TokenOf(slot), ref _watches[slot]);
            Forget(slot);
            return error == IvError.EBADF ? IvError.ENOENT : IvError.None;
        }
    }

    public override IvError Wait(Span<EpollPortEvent> events, IvTimestamp deadline, out int count)
    {
        KqueueEvent[]? rented = events.Length <= OnStack ? null : ArrayPool<KqueueEvent>.Shared.Rent(Math.Min(events.Length, MaxEvents));
        try
        {
            Span<KqueueEvent> room = stackalloc KqueueEvent[rented is null ? events.Length : 0];
            return Wait(rented is null ? room : rented.AsSpan(0, Math.Min(events.Length, MaxEvents)), events, deadline, out count);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<KqueueEvent>.Shared.Return(rented);
            }
        }
    }

    public override IvError Wake()
    {
        int result = _wake.Signal();
        return result < 0 ? _dialect.ToError(-result) : IvError.None;
    }

    public override void End()
    {
        _hasEnded = true;
        _ = _wake.Signal();
    }

    public override void Dispose()
    {
        _queue.Dispose();
        _wake.Dispose();
    }

    private IvError Wait(Span<KqueueEvent> room, Span<EpollPortEvent> events, IvTimestamp deadline, out int count)
    {
        while (true)
        {
            long nanoseconds = deadline == IvTimestamp.MinValue ? 0
                : deadline == IvTimestamp.MaxValue ? -1
                : WaitTime.Until(deadline.Nanoseconds, IvTimestamp.System.Nanoseconds);
            int got = _hasEnded ? 0 : _api.Exchange(_queue.Fd, [], room, nanoseconds);
            bool isWoken;
            lock (_lock)
            {
                isWoken = Collect(room[..Math.Max(got, 0)], events, out count);
            }

            if (_hasEnded)
            {
                // From one to the next.
                _ = _wake.Signal();
                return IvError.None;
            }

            if (count > 0 || isWoken)
            {
                return IvError.None;
            }

            IvError error = got < 0 ? _dialect.ToError(-got) : IvError.None;
            if (error is not (IvError.None or IvError.EINTR))
            {
                return error;
            }

            // A full room of events that are of no interest any more: others may be behind them.
            bool isOver = nanoseconds == 0 || (deadline != IvTimestamp.MaxValue && IvTimestamp.System >= deadline);
            if (isOver && got < room.Length)
            {
                return IvError.None;
            }
        }
    }

    // Nothing is left of it in the kernel.
    private void Forget(int slot)
    {
        _watches[slot] = default;
        _table.Remove(slot);
    }
}
