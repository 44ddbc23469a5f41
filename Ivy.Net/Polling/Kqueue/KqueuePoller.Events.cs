using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Polling;

/// <content>From events to bands: those of one descriptor, which come one for each filter, become one report.</content>
public sealed partial class KqueuePoller
{
    // False if there are none.
    private bool TakeAnswers(int got)
    {
        if (got == 0 || (_events[0].Flags & KqueueNumbers.EV_ERROR) == 0)
        {
            return false;
        }

        foreach (ref readonly KqueueEvent answer in _events.AsSpan(0, got))
        {
            TakeAnswer(answer);
        }

        return true;
    }

    // How many entries it filled.
    private int Collect(int got, int room, Span<IvReady> ready)
    {
        _batchNumber++;
        int size = 0;
        foreach (ref readonly KqueueEvent item in _events.AsSpan(0, got))
        {
            if (item.UserData == WakeToken)
            {
                _wake.Take();
            }
            else if (TryFind((nint)item.Ident, item.UserData, out int fd))
            {
                KqueueSigns signs = SignsOf(item, fd, ref _watches[fd]);
                if (signs != KqueueSigns.None)
                {
                    Note(fd, signs, room, ref size);
                }
            }
        }

        foreach (int fd in _broken)
        {
            if (WantsBroken(fd))
            {
                Note(fd, KqueueSigns.Write | KqueueSigns.WriteEnd, room, ref size);
            }
        }

        int count = 0;
        for (int i = 0; i < size; i++)
        {
            int fd = _batch[i];
            ref KqueueWatch watch = ref _watches[fd];
            IvBands bands = ToBands(fd, ref watch);
            if (bands != IvBands.None)
            {
                ready[count++] = new IvReady(watch.Token, bands);
            }
        }

        return count;
    }

    private void Note(int fd, KqueueSigns signs, int room, ref int size)
    {
        ref KqueueWatch watch = ref _watches[fd];
        if (watch.Batch != _batchNumber)
        {
            // Broken pipes beyond the room come next time.
            if (size == room)
            {
                return;
            }

            watch.Batch = _batchNumber;
            watch.Signs = KqueueSigns.None;
            _batch[size++] = fd;
        }

        watch.Signs |= signs;
    }

    private KqueueSigns SignsOf(KqueueEvent item, int fd, ref KqueueWatch watch)
    {
        if (item.Filter == _dialect.UrgentFilter)
        {
            return KqueueSigns.Urgent;
        }

        bool isRead = item.Filter == KqueueNumbers.EVFILT_READ;
        bool isEnd = (item.Flags & KqueueNumbers.EV_EOF) != 0;
        if (!isRead && (item.Flags & KqueueNumbers.EV_ONESHOT) != 0)
        {
            // Nobody asked for that: FreeBSD takes the knote away with the reader of a pipe.
            Break(fd, ref watch);
        }

        KqueueSigns signs = isRead ? KqueueSigns.Read : KqueueSigns.Write;
        if (isEnd)
        {
            // An error beside an end is that of the socket, and stays pending there.
            signs |= (isRead ? KqueueSigns.ReadEnd : KqueueSigns.WriteEnd) | (item.FilterFlags != 0 ? KqueueSigns.Failed : KqueueSigns.None);
        }

        if ((isRead ? watch.Read.Mode : watch.Write.Mode) != KnoteMode.Quiet)
        {
            return signs;
        }

        if (isEnd)
        {
            watch.Said |= signs & (KqueueSigns.ReadEnd | KqueueSigns.WriteEnd);
            return signs;
        }

        // Below the mark without an end: an error is pending. Else it is the mark, which macOS puts lower than it was asked to.
        return isRead && item.Data == 0 ? KqueueSigns.Failed : KqueueSigns.None;
    }

    private IvBands ToBands(int fd, ref KqueueWatch watch)
    {
        // By far the most common: data has come.
        if (watch.Signs == KqueueSigns.Read && watch.Want == IvBands.In)
        {
            return IvBands.In;
        }

        if (watch.Want == IvBands.None)
        {
            return IvBands.None;
        }

        KqueueSigns signs = watch.Signs | watch.Said;
        IvBands bands =
            ((signs & (KqueueSigns.Read | KqueueSigns.ReadEnd)) != 0 ? IvBands.In : IvBands.None)
            | ((signs & KqueueSigns.Write) != 0 ? IvBands.Out : IvBands.None)
            | ((signs & KqueueSigns.ReadEnd) != 0 ? IvBands.Hangup : IvBands.None)
            | ((signs & KqueueSigns.Failed) != 0 ? IvBands.Err : IvBands.None)
            | ((signs & KqueueSigns.Urgent) != 0 ? IvBands.Pri : IvBands.None);
        if ((signs & (KqueueSigns.ReadEnd | KqueueSigns.WriteEnd)) != 0 && (signs & KqueueSigns.Failed) == 0)
        {
            bands |= OfEnds(fd, ref watch, signs);
        }

        bands &= watch.Want | IvBands.Err | IvBands.Closed;
        if (bands != IvBands.None && IsSaidOnce(ref watch))
        {
            MarkStale(fd, ref watch);
        }

        return bands;
    }

    // The end of reading alone is a half-close of a socket, and all there is to a pipe; that of writing alone is a pipe that nobody reads,
    // or our own half-close. It is never taken for the peer's.
    private IvBands OfEnds(int fd, ref KqueueWatch watch, KqueueSigns signs)
    {
        bool isWriteEnd = (signs & KqueueSigns.WriteEnd) != 0;
        if (isWriteEnd && (watch.Want & IvBands.In) == 0 && !IsSocket(fd, ref watch))
        {
            return IvBands.Err;
        }

        if (isWriteEnd && (signs & KqueueSigns.ReadEnd) != 0)
        {
            return IvBands.Closed;
        }

        if ((signs & KqueueSigns.ReadEnd) != 0)
        {
            if ((watch.Want & IvBands.Err) == 0)
            {
                // Hangup says it, and it is nobody's business whether that was all.
                return IvBands.None;
            }

            if (!IsSocket(fd, ref watch))
            {
                return IvBands.Closed;
            }

            if (watch.Write is not { Mode: not KnoteMode.Absent, IsEnabled: true } && !watch.AsksForBothEnds)
            {
                watch.AsksForBothEnds = true;
                MarkStale(fd, ref watch);
            }

            return IvBands.None;
        }

        return !IsSocket(fd, ref watch) ? IvBands.Err
            : watch.Read.IsEnabled ? IvBands.None
            : IvBands.Closed;
    }

    private bool IsSocket(int fd, ref KqueueWatch watch) => watch.IsSocket ??= _api.CheckSocket(fd) == 0;

    private static bool IsSaidOnce(ref KqueueWatch watch) =>
        (watch.Read is { Mode: KnoteMode.Quiet, IsEnabled: true } && (watch.Said & KqueueSigns.ReadEnd) != 0)
        || (watch.Write is { Mode: KnoteMode.Quiet, IsEnabled: true } && (watch.Said & KqueueSigns.WriteEnd) != 0);

    private void MarkStale(int fd, ref KqueueWatch watch)
    {
        if (!watch.IsStale)
        {
            watch.IsStale = true;
            _stale.Add(fd);
        }
    }

    private bool WantsBroken(int fd) => (_watches[fd].Want & (IvBands.Out | IvBands.Err)) != 0;

    private bool HasBroken()
    {
        foreach (int fd in _broken)
        {
            if (WantsBroken(fd))
            {
                return true;
            }
        }

        return false;
    }
}
