using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>An epoll(7) set: its descriptor, the layout of its events, and waiting until a deadline.</summary>
internal sealed unsafe class EpollSet : IDisposable
{
    // struct epoll_event is packed on x86, because the 32-bit and the 64-bit kernel share it; elsewhere it is aligned.
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 12 : 16;

    private static readonly int DataOffset = EventSize - sizeof(ulong);

    private readonly DescriptorHandle _handle;

    // Threads that wait may both find out that it is missing.
    private volatile bool _hasPwait2 = true;

    private EpollSet(int fd) => _handle = new DescriptorHandle(fd);

    public int Fd => _handle.Fd;

    /// <summary>Makes a set, close-on-exec.</summary>
    /// <exception cref="IvException">EMFILE, ENFILE, ENOMEM; ENOSYS, EPERM.</exception>
    public static EpollSet Create()
    {
        IvError error = TryCreate(out EpollSet? set);
        return set ?? throw new IvException(error, "epoll_create1", subject: null, error switch
        {
            IvError.EMFILE => "Raise the limit of open files (ulimit -n), or close some",
            IvError.ENOSYS or IvError.EPERM => "This system forbids epoll: a sandbox may be the reason; select the poll method \"poll\"",
            _ => null,
        });
    }

    public static IvError TryCreate(out EpollSet? set)
    {
        int fd = Sys.EpollCreate(Constants.EPOLL_CLOEXEC);
        set = fd >= 0 ? new EpollSet(fd) : null;
        return fd >= 0 ? IvError.None : Sys.Error(fd);
    }

    public static uint EventsAt(byte* entry) => *(uint*)entry;

    public static ulong TokenAt(byte* entry) => Unsafe.ReadUnaligned<ulong>(entry + DataOffset);

    /// <summary>epoll_ctl(2).</summary>
    public IvError Control(int operation, int fd, uint mask, ulong token)
    {
        byte* change = stackalloc byte[16];
        *(uint*)change = mask;
        Unsafe.WriteUnaligned(change + DataOffset, token);
        int result = Sys.EpollCtl(Fd, operation, fd, change);
        return result >= 0 ? IvError.None : Sys.Error(result);
    }

    /// <summary>How many entries were filled, 0 at the deadline or earlier, or a negative errno, EINTR among them.</summary>
    /// <param name="events">Room for as many entries of <see cref="EventSize"/>.</param>
    /// <param name="maximum">At least 1.</param>
    /// <param name="deadline">MinValue only looks, MaxValue waits for ever.</param>
    public int Wait(byte* events, int maximum, IvTimestamp deadline)
    {
        if (deadline == IvTimestamp.MinValue)
        {
            return Sys.EpollWait(Fd, events, maximum, 0);
        }

        if (deadline == IvTimestamp.MaxValue)
        {
            return Sys.EpollWait(Fd, events, maximum, -1);
        }

        // Fresh, not the loop's Now: a slow handler must not make the next timer late by as much.
        long nanoseconds = WaitTime.Until(deadline.Nanoseconds, IvTimestamp.System.Nanoseconds);
        if (nanoseconds == 0)
        {
            return Sys.EpollWait(Fd, events, maximum, 0);
        }

        if (_hasPwait2)
        {
            TimeSpec timeout = TimeSpec.Of(nanoseconds);
            int result = Sys.EpollPwait2(Fd, events, maximum, &timeout);
            if (result is not (-(int)IvError.ENOSYS or -(int)IvError.EPERM))
            {
                return result;
            }

            // An old kernel or C library, or a container that forbids the call: milliseconds from now on.
            _hasPwait2 = false;
        }

        return Sys.EpollWait(Fd, events, maximum, WaitTime.ToMilliseconds(nanoseconds));
    }

    public void Dispose() => _handle.Dispose();
}
