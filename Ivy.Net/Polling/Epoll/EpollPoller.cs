using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>The epoll(7) backend: level-triggered, with deadlines of nanoseconds where the kernel has epoll_pwait2(2).</summary>
/// <remarks>
/// Public so that a poller of your own can wrap it. What is not wanted for the moment stays in the kernel's set, disarmed
/// (EPOLLONESHOT), so that the kernel goes on to refuse duplicates; at the price of at most one report without an addressee.
/// See IvPoller(3).
/// </remarks>
public sealed unsafe class EpollPoller : IvPoller
{
    // No slot has this token: the loop counts slots from 0.
    private const ulong WakeToken = ulong.MaxValue;

    private readonly DescriptorHandle _wake;
    private readonly List<IvReady> _refused = [];
    private EpollSet _epoll;
    private EpollSet? _shell;
    private byte[] _events = [];
    private byte* _eventsPointer;
    private bool _isDisposed;

    /// <summary>Makes an epoll set, and an eventfd to be woken by: two descriptors.</summary>
    /// <exception cref="IvException">EMFILE, ENFILE, ENOMEM; ENOSYS where there is no epoll.</exception>
    public EpollPoller()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new IvException(IvError.ENOSYS, "epoll_create1", subject: null, "epoll exists on Linux only");
        }

        _epoll = EpollSet.Create();
        int wake = Sys.EventFd(0, Constants.EFD_NONBLOCK | Constants.EFD_CLOEXEC);
        if (wake < 0)
        {
            _epoll.Dispose();
            throw new IvException(Sys.Error(wake), "eventfd", subject: null, "Raise the limit of open files (ulimit -n)");
        }

        _wake = new DescriptorHandle(wake);
        IvError error = WatchWake();
        if (error != IvError.None)
        {
            Dispose();
            throw new IvException(error, "epoll_ctl");
        }
    }

    /// <inheritdoc/>
    public override string Name => "epoll";

    /// <inheritdoc/>
    public override IvTimestamp Now => IvTimestamp.System;

    internal override bool ChangesCostCalls => true;

    internal override long CoarseNow => IvTimestamp.SystemCoarse;

    /// <inheritdoc/>
    /// <remarks>An epoll set around the one in use, made when it is first asked for: it stays the same through <see cref="Reset"/>.</remarks>
    public override nint BackendHandle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_shell is null)
            {
                EpollSet shell = EpollSet.Create();
                IvError error = shell.Control(Constants.EPOLL_CTL_ADD, _epoll.Fd, Constants.EPOLLIN, 0);
                if (error != IvError.None)
                {
                    shell.Dispose();
                    throw new IvException(error, "epoll_ctl");
                }

                _shell = shell;
            }

            return _shell.Fd;
        }
    }

    /// <inheritdoc/>
    public override bool HasEdges => true;

    /// <inheritdoc/>
    public override IvError Add(nint handle, IvBands want, ulong token) =>
        _epoll.Control(Constants.EPOLL_CTL_ADD, (int)handle, ToMask(want), token);

    /// <inheritdoc/>
    public override void Remove(nint handle, ulong token) =>

        // EBADF and ENOENT: closed already, and with the last duplicate gone from the set too.
        _ = _epoll.Control(Constants.EPOLL_CTL_DEL, (int)handle, 0, token);

    /// <inheritdoc/>
    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        foreach (ref readonly IvChange change in changes)
        {
            Apply(change);
        }

        if (ready.IsEmpty)
        {
            return _refused.Count;
        }

        int count = _refused.Count > 0 ? TakeRefused(ready) : 0;
        int room = ready.Length - count;
        if (room == 0)
        {
            return count;
        }

        if (_events.Length < room * EpollSet.EventSize)
        {
            Grow(room);
        }

        int got = WaitForEvents(room, count > 0 ? IvTimestamp.MinValue : deadline);
        byte* entry = _eventsPointer;
        for (int i = 0; i < got; i++, entry += EpollSet.EventSize)
        {
            ulong token = EpollSet.TokenAt(entry);
            if (token != WakeToken)
            {
                ready[count++] = new IvReady(token, EpollMask.ToBands(EpollSet.EventsAt(entry)));
            }
        }

        return count;
    }

    /// <inheritdoc/>
    public override void Wake()
    {
        // Edge-triggered in the set: each write is one report, and nobody has to read the counter.
        int result = _wake.Signal();
        if (result < 0)
        {
            IvFatal.Raise(FatalCondition.WakeFailed, $"epoll: writing to the eventfd that wakes the loop failed: {Sys.Error(result).Describe()}. Something closed a descriptor that it does not own.", this);
        }
    }

    /// <inheritdoc/>
    public override bool Reset()
    {
        if (EpollSet.TryCreate(out EpollSet? fresh) != IvError.None)
        {
            return false;
        }

        EpollSet stale = _epoll;
        _epoll = fresh!;
        IvError error = WatchWake();
        if (error == IvError.None && _shell is not null)
        {
            error = _shell.Control(Constants.EPOLL_CTL_ADD, _epoll.Fd, Constants.EPOLLIN, 0);
        }

        if (error != IvError.None)
        {
            _epoll.Dispose();
            _epoll = stale;
            return false;
        }

        stale.Dispose();
        return true;
    }

    /// <inheritdoc/>
    public override bool Holds(nint handle, ulong token)
    {
        IvError error = Add(handle, IvBands.None, token);
        if (error == IvError.None)
        {
            Remove(handle, token);
        }

        return error is not (IvError.None or IvError.EBADF);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        _shell?.Dispose();
        _epoll.Dispose();
        _wake?.Dispose();
        base.Dispose(disposing);
    }

    private static uint ToMask(IvBands want) =>
        want == IvBands.None ? Constants.EPOLLONESHOT : EpollMask.Of(want) | ((want & IvBands.Edge) != 0 ? Constants.EPOLLET : 0);

    private IvError WatchWake() => _epoll.Control(Constants.EPOLL_CTL_ADD, _wake.Fd, Constants.EPOLLIN | Constants.EPOLLET, WakeToken);

    private void Apply(in IvChange change)
    {
        if (ToMask(change.From) == ToMask(change.Want))
        {
            // Errors beside something else: the kernel reports them anyway.
            return;
        }

        IvError error = _epoll.Control(Constants.EPOLL_CTL_MOD, (int)change.Handle, ToMask(change.Want), change.Token);
        if (error != IvError.None)
        {
            // Out of the set altogether: the interest of before would go on to be reported.
            _ = _epoll.Control(Constants.EPOLL_CTL_DEL, (int)change.Handle, 0, change.Token);
            _refused.Add(new IvReady(change.Token, IvBands.None, error));
        }
    }

    private int TakeRefused(Span<IvReady> ready)
    {
        int count = Math.Min(_refused.Count, ready.Length);
        CollectionsMarshal.AsSpan(_refused)[..count].CopyTo(ready);
        _refused.RemoveRange(0, count);
        return count;
    }

    private int WaitForEvents(int maximum, IvTimestamp deadline)
    {
        int result = _epoll.Wait(_eventsPointer, maximum, deadline);
        if (result >= 0)
        {
            return result;
        }

        if (result != -Sys.EINTR)
        {
            IvFatal.Raise(FatalCondition.PollFailed, $"epoll: waiting failed: {Sys.Error(result).Describe()}. Something closed the loop's epoll descriptor {_epoll.Fd}, which it does not own.", this);
        }

        return 0;
    }

    private void Grow(int room)
    {
        _events = GC.AllocateUninitializedArray<byte>(room * EpollSet.EventSize, pinned: true);

        // SAFETY: the array is pinned for its life, and the field beside keeps it alive.
        _eventsPointer = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_events));
    }
}
