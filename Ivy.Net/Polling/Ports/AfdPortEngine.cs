using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <summary>A port on polls of AFD: the engine of Windows, for any number of threads.</summary>
/// <remarks>
/// <para>Who waits takes packets without the lock; all else is under it. What was reported is polled for anew by the next wait, so that a
/// socket which was drained meanwhile is not reported again; or at once, if another thread waits, which may be the only one to tell
/// by then. A one-shot is polled for anew at once, for nothing but its end: its handle may be closed and given out again.</para>
/// <para>An answer may have been in the port for long when it is taken, and its socket be closed: each report is held against the socket,
/// at the price of a call. Between a report and the next wait no poll can tell of the end of a socket that is not one-shot: its name has
/// to tell it from the one that gets its handle, and can't if neither is bound, or both are bound to the same port.</para>
/// </remarks>
internal sealed unsafe class AfdPortEngine : PortEngine
{
    private const nuint WakeKey = 1;

    // Ends no wait: something was left in the queue.
    private const nuint LookKey = 2;

    // What one dequeue takes: 2 KiB of stack for the packets, and as much for what they say.
    private const int Portion = 64;

    // How long a look waits for the packets of polls that are cancelled already: they come at once, and a bound keeps a look a look.
    private const uint OwedMilliseconds = 10;

    private readonly Lock _lock = new();
    private readonly PortTable _table = new();
    private readonly AfdEngine _engine;
    private int _waiting;
    private int _isWoken;
    private volatile bool _hasEnded;

    public AfdPortEngine(IAfdApi api) => _engine = new AfdEngine(api, answersInline: false, isExclusive: false) { KnowsNames = true };

    internal AfdCounters Counters
    {
        get
        {
            lock (_lock)
            {
                return _engine.Counters;
            }
        }
    }

    public override IvError Check(nint socket) => NoSocket(_engine.Validate(socket));

    public override IvError Add(nint socket, EpollEvents events, ulong data)
    {
        lock (_lock)
        {
            ulong token = _table.Prepare(socket, out int slot);
            IvError error = NoSocket(_engine.Add(socket, ToAfd(events), token, IsOneShot(events)));
            if (error == IvError.None)
            {
                _table.Commit(slot, socket, events, data);
            }

            return error;
        }
    }

    public override IvError Modify(nint socket, EpollEvents events, ulong data)
    {
        lock (_lock)
        {
            int slot = _table.Find(socket);
            int index = slot < 0 ? -1 : FindOpen(socket, slot);
            if (index < 0)
            {
                return IvError.ENOENT;
            }

            _engine.Modify(index, ToAfd(events), _table.TokenOf(slot), IsOneShot(events));
            _table[slot].Events = events;
            _table[slot].Data = data;
            FlushIfAnyWaits();
            return IvError.None;
        }
    }

    public override IvError Remove(nint socket)
    {
        lock (_lock)
        {
            int slot = _table.Find(socket);
            int index = slot < 0 ? -1 : FindOpen(socket, slot);
            if (index < 0)
            {
                return IvError.ENOENT;
            }

            _engine.Remove(index);
            _table.Remove(slot);
            return IvError.None;
        }
    }

    public override IvError Wait(Span<EpollPortEvent> events, IvTimestamp deadline, out int count)
    {
        OverlappedEntry* packets = stackalloc OverlappedEntry[Portion];
        int room = Math.Min(events.Length, Portion);
        while (true)
        {
            bool isLook;
            uint milliseconds;
            lock (_lock)
            {
                _engine.Flush(events.Length);
                milliseconds = _engine.IsBusy ? 0 : TimeLeft(deadline);
                isLook = milliseconds == 0;
                if (isLook && !_engine.IsBusy && _engine.Owed > 0)
                {
                    milliseconds = OwedMilliseconds;
                }

                _waiting++;
            }

            int got = _hasEnded ? 0 : _engine.Dequeue(packets, room, milliseconds);
            bool isWoken;
            bool isBusy;
            lock (_lock)
            {
                _waiting--;
                isWoken = Feed(packets, Math.Max(0, got));
                count = Collect(events);
                while (got == Portion && count < events.Length)
                {
                    got = _engine.Dequeue(packets, Math.Min(room, events.Length - count), 0);
                    isWoken |= Feed(packets, Math.Max(0, got));
                    count += Collect(events[count..]);
                }

                isBusy = _engine.IsBusy;
                if (isBusy && count == events.Length && _waiting > 0)
                {
                    _ = _engine.Post(LookKey);
                }
            }

            if (_hasEnded)
            {
                // From one to the next.
                _ = _engine.Post(WakeKey);
                return IvError.None;
            }

            if (count > 0 || isWoken || got < 0)
            {
                return got < 0 ? (IvError)(-got) : IvError.None;
            }

            // Cancelled polls and answers of no interest: nobody is told.
            if (got == 0 && !isBusy && (isLook || IvTimestamp.System >= deadline))
            {
                return IvError.None;
            }
        }
    }

    public override IvError Wake() => Interlocked.Exchange(ref _isWoken, 1) == 0 ? _engine.Post(WakeKey) : IvError.None;

    public override void End()
    {
        _hasEnded = true;
        _ = _engine.Post(WakeKey);
    }

    public override void Dispose() => _engine.Dispose();

    private static uint TimeLeft(IvTimestamp deadline) =>
        deadline == IvTimestamp.MaxValue ? uint.MaxValue : PortWaitTime.Until(deadline.Nanoseconds, IvTimestamp.System.Nanoseconds);

    private static bool IsOneShot(EpollEvents events) => (events & EpollEvents.OneShot) != 0;

    // A file, to a loop.
    private static IvError NoSocket(IvError error) => error == IvError.EPERM ? IvError.ENOTSOCK : error;

    private static AfdEvents ToAfd(EpollEvents events) =>
        AfdEvents.Failure
        | ((events & PortEvents.Readable) != 0 ? AfdEvents.Receive | AfdEvents.Accept | AfdEvents.Disconnect : 0)
        | ((events & PortEvents.Urgent) != 0 ? AfdEvents.ReceiveExpedited : 0)
        | ((events & PortEvents.Writable) != 0 ? AfdEvents.Send : 0)
        | ((events & EpollEvents.RdHup) != 0 ? AfdEvents.Disconnect : 0);

    private static EpollEvents ToEvents(AfdEvents events) =>
        ((events & (AfdEvents.Receive | AfdEvents.Accept)) != 0 ? PortEvents.Readable : 0)
        | ((events & AfdEvents.ReceiveExpedited) != 0 ? PortEvents.Urgent : 0)
        | ((events & AfdEvents.Send) != 0 ? PortEvents.Writable : 0)
        | ((events & AfdEvents.Disconnect) != 0 ? PortEvents.Readable | EpollEvents.RdHup : 0)
        | ((events & AfdEvents.Abort) != 0 ? EpollEvents.Hup : 0)
        | ((events & AfdEvents.ConnectFail) != 0 ? PortEvents.FailedConnect : 0);

    // The registration behind a slot; -1 if its socket was closed, which ends both.
    private int FindOpen(nint socket, int slot)
    {
        int index = _engine.Find(socket);
        if (index >= 0 && _engine.DataOf(index) == _table.TokenOf(slot) && _engine.IsOpen(index))
        {
            return index;
        }

        _table.Remove(slot);
        index = _engine.Find(socket);
        if (index >= 0)
        {
            _engine.Remove(index);
        }

        return -1;
    }

    private bool Feed(OverlappedEntry* packets, int count)
    {
        bool isWoken = false;
        for (int i = 0; i < count; i++)
        {
            isWoken |= packets[i].Block == null && packets[i].CompletionKey == WakeKey;
        }

        if (isWoken)
        {
            // Before the return: whoever finds it set has been answered by it.
            Volatile.Write(ref _isWoken, 0);
        }

        _engine.Feed(packets, count);
        return isWoken;
    }

    private int Collect(Span<EpollPortEvent> events)
    {
        Span<AfdReady> found = stackalloc AfdReady[Portion];
        int count = 0;
        bool isOneShot = false;
        bool isLevel = false;
        while (count < events.Length)
        {
            int taken = _engine.Take(found[..Math.Min(Portion, events.Length - count)]);
            foreach (ref readonly AfdReady one in found[..taken])
            {
                int slot = _table.Find(one.Data);
                if (slot < 0 || (one.Error == IvError.None && FindOpen(_table[slot].Socket, slot) < 0))
                {
                    continue;
                }

                EpollEvents wanted = _table[slot].Events;
                EpollEvents happened = PortEvents.Filter(one.Error == IvError.None ? ToEvents(one.Events) : EpollEvents.Err, wanted);
                if (happened != EpollEvents.None)
                {
                    events[count++] = new EpollPortEvent(happened, _table[slot].Data);
                    isOneShot |= IsOneShot(wanted);
                    isLevel |= !IsOneShot(wanted);
                }

                if (one.Error != IvError.None)
                {
                    _table.Remove(slot);
                }
            }

            if (taken == 0)
            {
                break;
            }
        }

        if (isOneShot && !isLevel)
        {
            _engine.Flush(int.MaxValue);
        }
        else
        {
            FlushIfAnyWaits();
        }

        return count;
    }

    private void FlushIfAnyWaits()
    {
        if (_waiting > 0)
        {
            _engine.Flush(int.MaxValue);
        }
    }
}
