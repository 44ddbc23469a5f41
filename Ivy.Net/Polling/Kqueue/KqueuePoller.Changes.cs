using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Polling;

/// <content>From interests to knotes, and what the kernel answers.</content>
public sealed partial class KqueuePoller
{
    // What one call hands over at most; the kernel takes more, but the answers need as much room.
    private const int MaximumChanges = 1024;

    // A filter of each kind, taken out and added anew.
    private const int MaximumOfOne = 6;

    private static KnoteMode ReadMode(IvBands want, bool asksForBothEnds) =>
        (want & IvBands.In) != 0 ? KnoteMode.Level
        : (want & IvBands.Hangup) != 0 || asksForBothEnds ? KnoteMode.Quiet

        // Beside Out nothing: writing tells of errors itself, and a knote for reading would take the error of a connect away from it.
        : (want & (IvBands.Err | IvBands.Pri)) != 0 && (want & IvBands.Out) == 0 ? KnoteMode.Quiet
        : KnoteMode.Absent;

    private static KnoteMode WriteMode(IvBands want, bool asksForBothEnds) =>
        (want & IvBands.Out) != 0 ? KnoteMode.Level

        // Beside In nothing, until reading has ended: each connection that has been written to would say so.
        : (want & (IvBands.Err | IvBands.Pri)) != 0 && ((want & IvBands.In) == 0 || asksForBothEnds) ? KnoteMode.Quiet
        : KnoteMode.Absent;

    private void Apply(in IvChange change)
    {
        if (!TryFind(change.Handle, change.Token, out int fd))
        {
            return;
        }

        ref KqueueWatch watch = ref _watches[fd];
        if (IsImpossible(change.Want))
        {
            Refuse(fd, ref watch, IvError.EOPNOTSUPP);
            return;
        }

        watch.Want = change.Want;
        watch.AsksForBothEnds = false;

        // What a knote has said once is known until one that says it again and again takes its place.
        watch.Said &= ~(((change.Want & IvBands.In) != 0 ? KqueueSigns.ReadEnd : KqueueSigns.None) | ((change.Want & IvBands.Out) != 0 ? KqueueSigns.WriteEnd : KqueueSigns.None));
        Set(fd, ref watch);
    }

    // The end of one direction was seen: the knotes that will tell of it as long as it is wanted.
    private void SetStale()
    {
        foreach (int fd in _stale)
        {
            ref KqueueWatch watch = ref _watches[fd];
            if (watch is { IsRegistered: true, IsStale: true })
            {
                watch.IsStale = false;
                Set(fd, ref watch);
            }
        }

        _stale.Clear();
    }

    // The changes that lead from the knotes that there are to those that the interest takes.
    private void Set(int fd, ref KqueueWatch watch)
    {
        KnoteMode read = ReadMode(watch.Want, watch.AsksForBothEnds);
        KnoteMode write = watch.IsBroken ? KnoteMode.Absent : WriteMode(watch.Want, watch.AsksForBothEnds);
        KnoteMode urgent = (watch.Want & IvBands.Pri) != 0 ? KnoteMode.Level : KnoteMode.Absent;

        // What has said that its direction has ended goes on saying it from now on.
        // But half an end that nobody wants to know of would be said for ever, to nobody.
        bool isWanted = (watch.Want & IvBands.Hangup) != 0 || (watch.Said & KqueueSigns.WriteEnd) != 0 || !IsSocket(fd, ref watch);
        read = read == KnoteMode.Quiet && (watch.Said & KqueueSigns.ReadEnd) != 0 && isWanted ? KnoteMode.Level : read;
        write = write == KnoteMode.Quiet && (watch.Said & KqueueSigns.WriteEnd) != 0 ? KnoteMode.Level : write;

        int before = _changes.Count;
        if (watch.Read.Mode == KnoteMode.Absent)
        {
            // K1.
            watch.Read = new Knote(read == KnoteMode.Absent ? KnoteMode.Level : read, read != KnoteMode.Absent);
            _changes.Push(fd, watch.Token, KqueueNumbers.EVFILT_READ, KqueueNumbers.EV_ADD, watch.Read);
        }
        else
        {
            _changes.Set(fd, watch.Token, KqueueNumbers.EVFILT_READ, ref watch.Read, read);
        }

        bool isNew = (write != KnoteMode.Absent && watch.Write.Mode == KnoteMode.Absent) || (urgent != KnoteMode.Absent && watch.Urgent.Mode == KnoteMode.Absent);
        if (isNew && _changes.Count == before)
        {
            // The kernel would take what is new from a stranger who has the number by now.
            _changes.Touch(fd, watch.Token, watch.Read);
        }

        _changes.Set(fd, watch.Token, KqueueNumbers.EVFILT_WRITE, ref watch.Write, write);
        _changes.Set(fd, watch.Token, _dialect.UrgentFilter, ref watch.Urgent, urgent);
    }

    // The changes of one descriptor, at once; the first error among the answers.
    private IvError HandOver(int fd)
    {
        Span<KqueueEvent> answers = stackalloc KqueueEvent[MaximumOfOne];
        Span<KqueueEvent> changes = _changes.Take();
        IvError result = IvError.None;
        foreach (ref readonly KqueueEvent answer in Send(changes, answers))
        {
            IvError error = ErrorOf(answer);
            if (error != IvError.None && !IsBrokenPipe(fd, ref _watches[fd], answer, error) && result == IvError.None)
            {
                result = error;
            }
        }

        return result;
    }

    private void HandOverAll()
    {
        Span<KqueueEvent> left = _changes.Take();
        while (!left.IsEmpty)
        {
            int size = SizeOfPart(left);
            MakeBatch(size);
            foreach (ref readonly KqueueEvent answer in Send(left[..size], _events))
            {
                TakeAnswer(answer);
            }

            left = left[size..];
        }
    }

    // What belongs to one descriptor goes together: an answer may end its registration, and nothing must be handed over after that.
    private static int SizeOfPart(ReadOnlySpan<KqueueEvent> changes)
    {
        if (changes.Length <= MaximumChanges)
        {
            return changes.Length;
        }

        int size = MaximumChanges;
        while (changes[size].Ident == changes[size - 1].Ident)
        {
            size--;
        }

        return size;
    }

    // EV_RECEIPT: each change is answered, and with no more room than there are answers no event is taken on the way.
    private Span<KqueueEvent> Send(Span<KqueueEvent> changes, Span<KqueueEvent> answers)
    {
        foreach (ref KqueueEvent change in changes)
        {
            change.Flags |= KqueueNumbers.EV_RECEIPT;
        }

        int count = _api.Exchange(_queue.Fd, changes, answers[..changes.Length], 0);
        if (count < 0)
        {
            RaiseFailed(_dialect.ToError(-count));
        }

        return answers[..count];
    }

    private void TakeAnswer(KqueueEvent answer)
    {
        IvError error = ErrorOf(answer);
        if (error != IvError.None && TryFind((nint)answer.Ident, answer.UserData, out int fd))
        {
            ref KqueueWatch watch = ref _watches[fd];
            if (!IsBrokenPipe(fd, ref watch, answer, error))
            {
                Refuse(fd, ref watch, error);
            }
        }
    }

    // The bit alone: macOS adds it to the flags of the change, FreeBSD puts it in their place.
    private IvError ErrorOf(KqueueEvent answer)
    {
        if ((answer.Flags & KqueueNumbers.EV_ERROR) == 0 || answer.Data == 0)
        {
            return IvError.None;
        }

        IvError error = _dialect.ToError(answer.Data);
        return error switch
        {
            // No knote: closed, and somebody else's by now.
            IvError.ENOENT => IvError.EBADF,

            // Only sockets have urgent data.
            IvError.EINVAL or IvError.ENODEV when answer.Filter == _dialect.UrgentFilter => IvError.EOPNOTSUPP,

            // A device without readiness, as a file has none.
            IvError.EINVAL or IvError.ENODEV or IvError.ENXIO or IvError.EOPNOTSUPP or IvError.ENOTTY => IvError.EPERM,
            _ => error,
        };
    }

    // EPIPE: the reader is gone, and there will be no event to say so.
    private bool IsBrokenPipe(int fd, ref KqueueWatch watch, KqueueEvent answer, IvError error)
    {
        if (error != IvError.EPIPE || answer.Filter == _dialect.UrgentFilter)
        {
            return false;
        }

        if (answer.Filter == KqueueNumbers.EVFILT_WRITE)
        {
            // Older versions of macOS say so and keep a knote all the same.
            Break(fd, ref watch);
            Span<KqueueEvent> room = stackalloc KqueueEvent[1];
            Send([new KqueueEvent { Ident = (nuint)fd, Filter = KqueueNumbers.EVFILT_WRITE, Flags = KqueueNumbers.EV_DELETE, UserData = watch.Token }], room);
        }

        return true;
    }

    private void Break(int fd, ref KqueueWatch watch)
    {
        watch.Write = default;
        if (!watch.IsBroken)
        {
            watch.IsBroken = true;
            _broken.Add(fd);
        }
    }

    private void Refuse(int fd, ref KqueueWatch watch, IvError error)
    {
        _refused.Add(new IvReady(watch.Token, IvBands.None, error));
        Drop(fd, ref watch);
    }

    // Nothing is left of it, here or in the kernel. What the kernel answers is no news: closed already, or a stranger's number.
    private void Drop(int fd, ref KqueueWatch watch)
    {
        Span<KqueueEvent> changes = stackalloc KqueueEvent[3];
        Span<KqueueEvent> answers = stackalloc KqueueEvent[3];
        int count = 0;
        AddDelete(changes, ref count, fd, watch.Token, KqueueNumbers.EVFILT_READ, watch.Read);
        AddDelete(changes, ref count, fd, watch.Token, KqueueNumbers.EVFILT_WRITE, watch.Write);
        AddDelete(changes, ref count, fd, watch.Token, _dialect.UrgentFilter, watch.Urgent);
        if (watch.IsBroken)
        {
            _broken.Remove(fd);
        }

        watch = default;
        if (count != 0)
        {
            Send(changes[..count], answers);
        }
    }

    private static void AddDelete(Span<KqueueEvent> changes, ref int count, int fd, ulong token, short filter, Knote knote)
    {
        if (knote.Mode != KnoteMode.Absent)
        {
            changes[count++] = new KqueueEvent { Ident = (nuint)fd, Filter = filter, Flags = KqueueNumbers.EV_DELETE, UserData = token };
        }
    }
}
