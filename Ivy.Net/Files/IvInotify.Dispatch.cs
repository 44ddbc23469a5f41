using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <content>
/// Reading events and handing them out. Where the dispatch stands is in fields, and moves on before each handler: what a handler
/// leaves behind that throws, calls Break, or unregisters the instance, is handed out later, by a task in the next turn.
/// </content>
public sealed partial class IvInotify
{
    // What ivykis reads at a time; 240 events of the longest names, or 4,096 of none.
    private const int BufferSize = 64 * 1024;

    private static readonly int HeaderSize = Unsafe.SizeOf<InotifyEvent>();

    // An event with a name of NAME_MAX bytes: a read that leaves room for one more has emptied the kernel's queue.
    private static readonly int LargestEvent = HeaderSize + 256;

    private readonly IvTask _resume;
    private byte[]? _buffer;
    private int _offset;
    private int _length;

    // The event at hand, and who has not been told yet.
    private InotifyEvent _event;
    private int _nameOffset;
    private int _nameLength;
    private string? _nameText;
    private IvInotifyWatch[] _members = [];
    private int _next;

    private int _registration;

    // How often a read has found the kernel's queue empty at its end.
    internal long TimesDrained { get; private set; }

    // The same before the read that brought the events at hand: they happened after that.
    internal long DrainedBefore { get; private set; }

    private bool HasRest => _next < _members.Length || _offset < _length;

    /// <summary>Reads and hands out all that there is now; for the owner, whose handlers do no more than take note.</summary>
    internal void ReadOn()
    {
        // A read makes room for those who write: as many as the queue can hold, with room to spare, and then no more.
        const int mostReads = 1024;
        for (int i = 0; i < mostReads; i++)
        {
            long before = TimesDrained;
            bool any = Fill();
            Distribute();
            if (!any || TimesDrained != before)
            {
                return;
            }
        }
    }

    private void OnReadable()
    {
        if (HasRest || Fill())
        {
            Dispatch();
        }
    }

    private unsafe bool Fill()
    {
        _buffer ??= GC.AllocateUninitializedArray<byte>(BufferSize);
        nint result;
        fixed (byte* pointer = _buffer)
        {
            result = Sys.Read(_handle.Fd, pointer, BufferSize);
        }

        if (result <= 0 && result != -(int)IvError.EAGAIN)
        {
            IvFatal.Raise(
                FatalCondition.InotifyFailed,
                $"{this}: reading the inotify descriptor {_handle.Fd} failed: {Sys.Error(result).Describe()}. Something closed it: look for a close of a number that the program does not own.",
                this);
        }

        _offset = 0;
        _length = Math.Max((int)result, 0);
        DrainedBefore = TimesDrained;
        TimesDrained += _length <= BufferSize - LargestEvent ? 1 : 0;
        return _length > 0;
    }

    private void Dispatch()
    {
        try
        {
            if (Distribute())
            {
                BatchEnded?.Invoke();
            }
        }
        finally
        {
            if (IsRegistered)
            {
                ResumeLater();
            }
        }
    }

    private void ResumeLater()
    {
        if (HasRest && !_resume.IsRegistered)
        {
            _resume.Register();
        }
    }

    // False if it was ended early.
    private bool Distribute()
    {
        IvLoop loop = Loop!;
        int registration = _registration;
        while (true)
        {
            if (_next < _members.Length)
            {
                Tell(_members[_next++]);
            }
            else if (_offset == _length)
            {
                return true;
            }
            else if (TakeEvent())
            {
                TellOverflow(loop);
            }
            else
            {
                continue;
            }

            // One handler's AsyncLocals are not the next one's.
            loop.RestoreContext();
            if (_registration != registration || loop.IsBroken)
            {
                return false;
            }
        }
    }

    // True if events were lost; otherwise the event at hand is for _members.
    private bool TakeEvent()
    {
        _event = MemoryMarshal.Read<InotifyEvent>(_buffer.AsSpan(_offset));
        int length = (int)_event.NameLength;
        _nameOffset = _offset + HeaderSize;
        _nameText = null;
        _next = 0;
        _offset = _nameOffset + length;
        int end = _buffer.AsSpan(_nameOffset, length).IndexOf((byte)0);
        _nameLength = end < 0 ? length : end;
        if ((_event.Mask & Constants.IN_Q_OVERFLOW) != 0)
        {
            _members = [];
            return true;
        }

        // Nobody: the watch was ended by its user, and the event was under way.
        if (!_groups.TryGetValue(_event.Descriptor, out InotifyGroup? group))
        {
            _members = [];
            return false;
        }

        _members = group.Members;
        if ((_event.Mask & Constants.IN_IGNORED) != 0)
        {
            // Ended before any handler is told: one may dispose its watch, or make a new one of the path.
            _groups.Remove(group.Descriptor);
            foreach (IvInotifyWatch watch in _members)
            {
                group.Remove(watch);
                watch.IsEnding = true;
                WatchCount--;
            }
        }

        return false;
    }

    private void Tell(IvInotifyWatch watch)
    {
        var what = (IvFileEvents)_event.Mask & (IvFileEvents.All | IvFileEvents.Unmounted | IvFileEvents.Ended);
        if (!watch.Wants(what))
        {
            return;
        }

        watch.IsEnding = false;
        if ((watch.Options & IvWatchOptions.OneShot) != 0)
        {
            End(watch);
        }

        ReadOnlySpan<byte> name = _buffer.AsSpan(_nameOffset, _nameLength);
        watch.Handler(watch, new IvFileEvent(watch, what, (_event.Mask & Constants.IN_ISDIR) != 0, _event.Cookie, name, ref _nameText));
    }

    private void TellOverflow(IvLoop loop)
    {
        Overflows++;
        if (HandlerOverflow is { } handler)
        {
            handler(this);
        }
        else if (!_hasWarned)
        {
            _hasWarned = true;
            loop.Warn($"{this}: the kernel's queue was full, and events were lost: look at what is watched anew. Set HandlerOverflow to be told, or raise /proc/sys/fs/inotify/max_queued_events. Later ones are only counted (Overflows).");
        }
    }

    private void Forget()
    {
        _members = [];
        _next = _offset = _length = 0;
    }
}
