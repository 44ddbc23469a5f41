using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Polling;

/// <summary>Changes on their way to a kqueue. Each carries all that the kernel overwrites: token, flags and data of the filter, and whether it is enabled.</summary>
internal sealed class KnoteChanges(KqueueDialect dialect)
{
    private const int InitialCapacity = 16;

    // A mark that no socket's buffer reaches.
    private const long Unreachable = int.MaxValue;

    private KqueueEvent[] _changes = new KqueueEvent[InitialCapacity];

    public int Count { get; private set; }

    /// <summary>What has been pushed; nothing is pending afterwards. Good until the next push.</summary>
    public Span<KqueueEvent> Take()
    {
        Span<KqueueEvent> taken = _changes.AsSpan(0, Count);
        Count = 0;
        return taken;
    }

    /// <summary>The changes that lead from a knote as it is to one of a mode; Absent only disables it.</summary>
    public void Set(int fd, ulong token, short filter, ref Knote knote, KnoteMode mode)
    {
        if (mode == KnoteMode.Absent)
        {
            if (knote.IsEnabled)
            {
                knote.IsEnabled = false;
                Push(fd, token, filter, 0, knote);
            }

            return;
        }

        bool isNew = knote.Mode != mode;
        if (isNew && knote.Mode != KnoteMode.Absent)
        {
            Push(fd, token, filter, KqueueNumbers.EV_DELETE, knote);
        }

        if (isNew || !knote.IsEnabled)
        {
            knote = new Knote(mode, IsEnabled: true);
            Push(fd, token, filter, isNew ? KqueueNumbers.EV_ADD : 0, knote);
        }
    }

    /// <summary>Changes nothing, and fails if there is nothing to change.</summary>
    public void Touch(int fd, ulong token, Knote read) => Push(fd, token, KqueueNumbers.EVFILT_READ, 0, read);

    /// <summary>Takes a knote away, if there is one.</summary>
    public void Delete(int fd, ulong token, short filter, ref Knote knote)
    {
        if (knote.Mode != KnoteMode.Absent)
        {
            Push(fd, token, filter, KqueueNumbers.EV_DELETE, knote);
            knote = default;
        }
    }

    /// <summary>One change: EV_ADD, EV_DELETE, or neither for what is there.</summary>
    public void Push(int fd, ulong token, short filter, int flags, Knote knote)
    {
        if (Count == _changes.Length)
        {
            Array.Resize(ref _changes, Count * 2);
        }

        bool isQuiet = knote.Mode == KnoteMode.Quiet;
        int state = flags == KqueueNumbers.EV_DELETE ? 0 : knote.IsEnabled ? KqueueNumbers.EV_ENABLE : KqueueNumbers.EV_DISABLE;
        _changes[Count++] = new KqueueEvent
        {
            Ident = (nuint)fd,
            Filter = filter,
            Flags = (ushort)(flags | state | (isQuiet ? KqueueNumbers.EV_CLEAR : 0)),
            FilterFlags = isQuiet ? KqueueNumbers.NOTE_LOWAT : filter == dialect.UrgentFilter ? KqueueNumbers.NOTE_OOB : 0,
            Data = isQuiet ? Unreachable : 0,
            UserData = token,
        };
    }
}
