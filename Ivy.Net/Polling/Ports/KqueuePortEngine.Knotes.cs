using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Polling;

/// <content>From what is wanted to knotes, and from their events to what is told.</content>
internal sealed partial class KqueuePortEngine
{
    // Reset, refused, timed out: as on Linux, but for Err, which is there while the error is pending.
    private const EpollEvents Failure = PortEvents.Readable | EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.RdHup | EpollEvents.Hup;

    // What is not wanted must not be reported all the time to a wait that drops it: what wants no data has a quiet knote for the end and
    // errors, until there is an end that is wanted.
    private static KnoteMode ReadMode(EpollEvents events, ref KqueuePortWatch watch) =>
        !watch.IsArmed ? KnoteMode.Absent
        : (events & PortEvents.Readable) != 0 ? KnoteMode.Level
        : (events & EpollEvents.RdHup) != 0 ? (watch.HasEnded || watch.HasFailed ? KnoteMode.Level : KnoteMode.Quiet)

        // Writing tells of errors itself, and a knote for reading might take the error of a connect away from it.
        : (events & PortEvents.Writable) != 0 ? KnoteMode.Absent
        : watch.HasFailed ? KnoteMode.Level
        : KnoteMode.Quiet;

    // The changes that lead from the knotes that there are to those that are wanted.
    private void Set(int fd, ulong token, EpollEvents events, ref KqueuePortWatch watch)
    {
        KnoteMode read = ReadMode(events, ref watch);
        KnoteMode write = watch.IsArmed && (events & PortEvents.Writable) != 0 ? KnoteMode.Level : KnoteMode.Absent;
        KnoteMode urgent = watch.IsArmed && (events & PortEvents.Urgent) != 0 ? KnoteMode.Level : KnoteMode.Absent;
        int before = _changes.Count;
        if (watch.Read.Mode == KnoteMode.Absent)
        {
            watch.Read = new Knote(read == KnoteMode.Absent ? KnoteMode.Level : read, read != KnoteMode.Absent);
            _changes.Push(fd, token, KqueueNumbers.EVFILT_READ, KqueueNumbers.EV_ADD, watch.Read);
        }
        else
        {
            _changes.Set(fd, token, KqueueNumbers.EVFILT_READ, ref watch.Read, read);
        }

        bool isNew = (write != KnoteMode.Absent && watch.Write.Mode == KnoteMode.Absent) || (urgent != KnoteMode.Absent && watch.Urgent.Mode == KnoteMode.Absent);
        if (isNew && _changes.Count == before)
        {
            // The kernel would take what is new from a stranger who has the number by now.
            _changes.Touch(fd, token, watch.Read);
        }

        _changes.Set(fd, token, KqueueNumbers.EVFILT_WRITE, ref watch.Write, write);
        _changes.Set(fd, token, _dialect.UrgentFilter, ref watch.Urgent, urgent);
    }

    private IvError Delete(int fd, ulong token, ref KqueuePortWatch watch)
    {
        _changes.Delete(fd, token, KqueueNumbers.EVFILT_READ, ref watch.Read);
        _changes.Delete(fd, token, KqueueNumbers.EVFILT_WRITE, ref watch.Write);
        _changes.Delete(fd, token, _dialect.UrgentFilter, ref watch.Urgent);
        return HandOver();
    }

    // The first error among the answers; EBADF for a number that is closed, or a stranger's.
    private IvError HandOver()
    {
        IvError result = IvError.None;
        Span<KqueueEvent> answers = Send(_changes.Take(), out IvError failure);
        foreach (ref readonly KqueueEvent answer in answers)
        {
            IvError error = ErrorOf(answer);
            result = result == IvError.None ? error : result;
        }

        return failure != IvError.None ? failure : result;
    }

    // EV_RECEIPT: each change is answered, and with no more room than there are answers no event is taken on the way.
    private Span<KqueueEvent> Send(Span<KqueueEvent> changes, out IvError failure)
    {
        failure = IvError.None;
        if (changes.IsEmpty)
        {
            return [];
        }

        foreach (ref KqueueEvent change in changes)
        {
            change.Flags |= KqueueNumbers.EV_RECEIPT;
        }

        if (_answers.Length < changes.Length)
        {
            _answers = new KqueueEvent[Math.Max(16, changes.Length * 2)];
        }

        int count = _api.Exchange(_queue.Fd, changes, _answers.AsSpan(0, changes.Length), 0);
        failure = count < 0 ? _dialect.ToError(-count) : IvError.None;
        return _answers.AsSpan(0, Math.Max(count, 0));
    }

    // The bit alone: macOS adds it to the flags of the change, FreeBSD puts it in their place.
    private IvError ErrorOf(KqueueEvent answer) => (answer.Flags & KqueueNumbers.EV_ERROR) == 0 || answer.Data == 0 ? IvError.None
        : _dialect.ToError(answer.Data) is var error && error == IvError.ENOENT ? IvError.EBADF
        : error;

    // Whether a wake was among the events.
    private bool Collect(Span<KqueueEvent> found, Span<EpollPortEvent> events, out int count)
    {
        _batch++;
        bool isWoken = false;
        int sockets = 0;
        foreach (ref readonly KqueueEvent item in found)
        {
            if (item.UserData == KqueuePoller.WakeToken)
            {
                isWoken |= _wake.Take();
                continue;
            }

            // Told by another wait meanwhile, as a one-shot; removed, or its number a stranger's.
            int slot = _table.Find(item.UserData);
            if (slot < 0 || !_watches[slot].IsArmed)
            {
                continue;
            }

            ref KqueuePortWatch watch = ref _watches[slot];
            if (watch.Batch != _batch)
            {
                watch.Batch = _batch;
                watch.Seen = EpollEvents.None;
                events[sockets++] = new EpollPortEvent(EpollEvents.None, (ulong)slot);
            }

            watch.Seen |= EventsOf(item, ref watch);
        }

        count = 0;
        for (int i = 0; i < sockets; i++)
        {
            int slot = (int)events[i].Data;
            ref KqueuePortWatch watch = ref _watches[slot];
            EpollEvents wanted = _table[slot].Events;
            EpollEvents told = PortEvents.Filter(watch.Seen, wanted);
            if (told != EpollEvents.None)
            {
                events[count++] = new EpollPortEvent(told, _table[slot].Data);
                watch.IsArmed = (wanted & EpollEvents.OneShot) == 0;
            }

            if (!watch.IsArmed || ReadMode(wanted, ref watch) is var mode && mode != KnoteMode.Absent && mode != watch.Read.Mode)
            {
                Set((int)_table[slot].Socket, _table.TokenOf(slot), wanted, ref watch);
            }
        }

        // Closed meanwhile, most likely: what can't be changed is not watched any more.
        foreach (ref readonly KqueueEvent answer in Send(_changes.Take(), out _))
        {
            int slot = ErrorOf(answer) == IvError.None ? -1 : _table.Find(answer.UserData);
            if (slot >= 0)
            {
                Forget(slot);
            }
        }

        return isWoken;
    }

    private EpollEvents EventsOf(KqueueEvent item, ref KqueuePortWatch watch)
    {
        if (item.Filter == _dialect.UrgentFilter)
        {
            return PortEvents.Urgent;
        }

        bool isRead = item.Filter == KqueueNumbers.EVFILT_READ;
        if ((item.Flags & KqueueNumbers.EV_EOF) == 0)
        {
            watch.HasFailed = false;
            if (!isRead)
            {
                return PortEvents.Writable;
            }

            // Below the mark without an end: an error is pending. Else it is the mark, which macOS puts lower than it was asked to.
            watch.HasEnded = false;
            return watch.Read.Mode != KnoteMode.Quiet ? PortEvents.Readable : item.Data == 0 ? EpollEvents.Err : EpollEvents.None;
        }

        // An error beside an end is that of the socket, and stays pending there until it is asked for.
        watch.HasFailed |= item.FilterFlags != 0;
        if (watch.HasFailed)
        {
            return item.FilterFlags != 0 ? Failure | EpollEvents.Err : Failure;
        }

        watch.HasEnded |= isRead;
        return isRead ? PortEvents.Readable | EpollEvents.RdHup : PortEvents.Writable;
    }
}
