using System.Diagnostics;
using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Tests.Support;

/// <summary>A queue of the model.</summary>
/// <remarks>
/// <para>As in the kernels, a knote is looked at only when something may have made it ready: it was added or enabled, or its descriptor
/// said something, which an edge-triggered epoll set tells. Then it is on the list; what is ready is reported, and stays on the list, at
/// its end, unless EV_CLEAR took it off.</para>
/// <para>The kernels drop the knotes of a number when it is closed. Here that shows when it is looked at next: epoll goes by the open file
/// and the number, so that a second ADD that does not say EEXIST means that they were parted.</para>
/// </remarks>
internal sealed class KqueueModelQueue
{
    private const int Ebadf = 9;
    private const int Enoent = 2;
    private const int Einval = 22;
    private const int Epipe = 32;
    private const int Enotcapable = 93;
    private const int Eexist = -17;

    private const long Slice = 1_000_000;

    private const uint Everything = ModelCalls.PollIn | ModelCalls.PollOut | ModelCalls.PollPri | ModelCalls.PollRdHup | ModelCalls.EpollEdge;

    private readonly Lock _lock = new();
    private readonly KqueueQuirks _quirks;
    private readonly bool _hasManyThreads;
    private readonly Dictionary<(nuint Ident, short Filter), KqueueModelKnote> _knotes = [];
    private readonly Queue<KqueueModelKnote> _list = new();

    // The queue's number: level-triggered, so that the queue can be polled itself. Then what moved, and what other threads ring.
    private readonly int _shell = ModelCalls.CreateEpoll();
    private readonly int _edges = ModelCalls.CreateEpoll();
    private readonly int _bell = ModelCalls.CreateEvent();

    public KqueueModelQueue(KqueueQuirks quirks, bool hasManyThreads)
    {
        _quirks = quirks;
        _hasManyThreads = hasManyThreads;
        ModelCalls.Control(_edges, ModelCalls.EpollAdd, _bell, ModelCalls.PollIn | ModelCalls.EpollEdge);
        ModelCalls.Control(_shell, ModelCalls.EpollAdd, _bell, ModelCalls.PollIn);
    }

    public int Number => _shell;

    public int Knotes
    {
        get
        {
            lock (_lock)
            {
                return _knotes.Count;
            }
        }
    }

    public void Close()
    {
        ModelCalls.CloseNumber(_shell);
        ModelCalls.CloseNumber(_edges);
        ModelCalls.CloseNumber(_bell);
    }

    public KqueueModelKnote? Find(int fd, short filter)
    {
        lock (_lock)
        {
            return _knotes.GetValueOrDefault(((nuint)fd, filter));
        }
    }

    /// <summary>Applies changes: how many answers there are, or a negative errno where there is no room for one.</summary>
    public int Change(ReadOnlySpan<KqueueEvent> changes, Span<KqueueEvent> answers)
    {
        lock (_lock)
        {
            int count = 0;
            foreach (KqueueEvent change in changes)
            {
                int error = Change(change);
                if (error == 0 && (change.Flags & KqueueNumbers.EV_RECEIPT) == 0)
                {
                    continue;
                }

                if (count == answers.Length)
                {
                    return -error;
                }

                KqueueEvent answer = change;
                answer.Flags = _quirks.ErrorsKeepFlags ? (ushort)(change.Flags | KqueueNumbers.EV_ERROR) : KqueueNumbers.EV_ERROR;
                answer.Data = error;
                answers[count++] = answer;
            }

            return count;
        }
    }

    /// <summary>Waits for events.</summary>
    public int Wait(Span<KqueueEvent> events, long nanoseconds)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            long left = nanoseconds < 0 ? -1 : Math.Max(nanoseconds - (long)Stopwatch.GetElapsedTime(begin).TotalNanoseconds, 0);
            lock (_lock)
            {
                TakeEdges();
                int count = Report(events);
                if (count != 0 || left == 0)
                {
                    return count;
                }
            }

            ModelCalls.WaitReadable(_edges, _hasManyThreads && left is < 0 or > Slice ? Slice : left);
        }
    }

    private int Change(KqueueEvent change)
    {
        if (change.Filter == _quirks.Dialect.UserFilter)
        {
            return _quirks.HasNoUserEvents ? Einval : ChangeUser(change);
        }

        if (change.Filter is not (KqueueNumbers.EVFILT_READ or KqueueNumbers.EVFILT_WRITE)
            && (change.Filter != _quirks.Dialect.UrgentFilter || _quirks.Dialect.UrgentFilter == 0))
        {
            return Einval;
        }

        int fd = (int)change.Ident;
        int error = Verify(fd);
        if (error != 0)
        {
            return error;
        }

        if (!_knotes.TryGetValue((change.Ident, change.Filter), out KqueueModelKnote? knote))
        {
            return (change.Flags & KqueueNumbers.EV_ADD) == 0 ? Enoent : Add(fd, change);
        }

        if ((change.Flags & KqueueNumbers.EV_DELETE) != 0)
        {
            Drop(knote);
            return 0;
        }

        knote.Overwrite(change);
        Enable(knote, change.Flags);
        return 0;
    }

    private int Add(int fd, KqueueEvent change)
    {
        KqueueModelFile file = FileOf(fd) ?? new KqueueModelFile(_quirks, fd);
        if (file.IsUnpollable)
        {
            return _quirks.Unpollable;
        }

        if (change.Filter == _quirks.Dialect.UrgentFilter && !file.IsSocket)
        {
            return Einval;
        }

        bool isBroken = change.Filter == KqueueNumbers.EVFILT_WRITE && file.IsBrokenPipe;
        if (!isBroken || _quirks.KeepsBrokenPipe)
        {
            var knote = new KqueueModelKnote(change, file);
            _knotes[(change.Ident, change.Filter)] = knote;
            List(knote);
            Show(fd);
        }

        return isBroken ? Epipe : 0;
    }

    private int ChangeUser(KqueueEvent change)
    {
        if (!_knotes.TryGetValue((change.Ident, change.Filter), out KqueueModelKnote? knote))
        {
            if ((change.Flags & KqueueNumbers.EV_ADD) == 0)
            {
                return Enoent;
            }

            knote = new KqueueModelKnote(change, file: null);
            _knotes[(change.Ident, change.Filter)] = knote;
        }
        else if ((change.Flags & KqueueNumbers.EV_DELETE) != 0)
        {
            Drop(knote);
            return 0;
        }

        knote.Overwrite(change);
        Enable(knote, change.Flags);
        if ((change.FilterFlags & KqueueNumbers.NOTE_TRIGGER) != 0 && !_quirks.LosesUserEvents)
        {
            knote.IsTriggered = true;
            List(knote);
            ModelCalls.Signal(_bell);
        }

        return 0;
    }

    private void Enable(KqueueModelKnote knote, ushort flags)
    {
        if ((flags & KqueueNumbers.EV_ENABLE) != 0)
        {
            knote.IsDisabled = false;
        }
        else if ((flags & KqueueNumbers.EV_DISABLE) != 0)
        {
            knote.IsDisabled = true;
        }

        List(knote);
        if (knote.File is not null)
        {
            Show((int)knote.Ident);
        }
    }

    private void List(KqueueModelKnote knote)
    {
        if (!knote.IsListed && !knote.IsDisabled)
        {
            knote.IsListed = true;
            _list.Enqueue(knote);
        }
    }

    private void Drop(KqueueModelKnote knote)
    {
        knote.IsGone = true;
        _knotes.Remove((knote.Ident, knote.Filter));
        if (knote.File is not null)
        {
            Show((int)knote.Ident);
        }
    }

    // 0 if the number is open and means what its knotes mean; what it does not mean any more is forgotten.
    private int Verify(int fd)
    {
        int result = ModelCalls.Control(_edges, ModelCalls.EpollAdd, fd, Everything);
        if (result == Eexist || result == -1)
        {
            // EPERM: a file, whose like epoll does not take; nobody here closes one.
            return 0;
        }

        foreach (short filter in (ReadOnlySpan<short>)[KqueueNumbers.EVFILT_READ, KqueueNumbers.EVFILT_WRITE, _quirks.Dialect.UrgentFilter])
        {
            if (_knotes.Remove(((nuint)fd, filter), out KqueueModelKnote? stale))
            {
                stale.IsGone = true;
            }
        }

        return result == 0 ? 0 : _quirks.IsSandboxed ? Enotcapable : Ebadf;
    }

    private KqueueModelFile? FileOf(int fd) =>
        _knotes.TryGetValue(((nuint)fd, KqueueNumbers.EVFILT_READ), out KqueueModelKnote? read) ? read.File
        : _knotes.TryGetValue(((nuint)fd, KqueueNumbers.EVFILT_WRITE), out KqueueModelKnote? write) ? write.File
        : null;

    // What makes the queue itself readable.
    private void Show(int fd)
    {
        uint events = Asked(fd, KqueueNumbers.EVFILT_READ, ModelCalls.PollIn | ModelCalls.PollRdHup)
            | Asked(fd, KqueueNumbers.EVFILT_WRITE, ModelCalls.PollOut)
            | Asked(fd, _quirks.Dialect.UrgentFilter, ModelCalls.PollPri);
        if (events == 0)
        {
            ModelCalls.Control(_shell, ModelCalls.EpollDelete, fd, 0);
        }
        else if (ModelCalls.Control(_shell, ModelCalls.EpollModify, fd, events) != 0)
        {
            ModelCalls.Control(_shell, ModelCalls.EpollAdd, fd, events);
        }
    }

    private uint Asked(int fd, short filter, uint events) =>
        _knotes.TryGetValue(((nuint)fd, filter), out KqueueModelKnote? knote) && !knote.IsDisabled
            ? events | ((knote.Flags & KqueueNumbers.EV_CLEAR) != 0 ? ModelCalls.EpollEdge : 0)
            : 0;

    private void TakeEdges()
    {
        Span<(int Fd, int Events)> found = stackalloc (int, int)[64];
        int count;
        do
        {
            count = ModelCalls.Take(_edges, found);
            foreach ((int fd, int events) in found[..count])
            {
                const int ends = ModelCalls.PollErr | ModelCalls.PollHup;
                Stir(fd, KqueueNumbers.EVFILT_READ, events & (ModelCalls.PollIn | ModelCalls.PollRdHup | ends));
                Stir(fd, KqueueNumbers.EVFILT_WRITE, events & (ModelCalls.PollOut | ends));
                Stir(fd, _quirks.Dialect.UrgentFilter, events & ModelCalls.PollPri);
            }
        }
        while (count == found.Length);
    }

    private void Stir(int fd, short filter, int events)
    {
        if (events != 0 && _knotes.TryGetValue(((nuint)fd, filter), out KqueueModelKnote? knote))
        {
            List(knote);
        }
    }

    private int Report(Span<KqueueEvent> events)
    {
        int count = 0;
        for (int left = _list.Count; left > 0 && count < events.Length; left--)
        {
            KqueueModelKnote knote = _list.Dequeue();
            knote.IsListed = false;
            if (knote.IsGone
                || knote.IsDisabled
                || (knote.File is not null && (Verify((int)knote.Ident) != 0 || knote.IsGone))
                || !knote.TryReport(_quirks.Dialect, out KqueueEvent report))
            {
                continue;
            }

            events[count++] = report;
            AfterReport(knote);
        }

        return count;
    }

    private void AfterReport(KqueueModelKnote knote)
    {
        if (knote.File is null)
        {
            ModelCalls.Quiet(_bell);
        }

        if (knote.EndsWithNext || (knote.Flags & KqueueNumbers.EV_ONESHOT) != 0)
        {
            Drop(knote);
        }
        else if ((knote.Flags & KqueueNumbers.EV_DISPATCH) != 0)
        {
            knote.IsTriggered = false;
            Enable(knote, KqueueNumbers.EV_DISABLE);
        }
        else if ((knote.Flags & KqueueNumbers.EV_CLEAR) != 0)
        {
            knote.IsTriggered = false;
        }
        else
        {
            List(knote);
        }
    }
}
