using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>The ppoll(2) backend: for systems without epoll, and for few descriptors. Each wait costs the kernel O(descriptors).</summary>
/// <remarks>
/// One array of struct pollfd, as long as there are descriptors, and the tokens beside it; a removed entry is filled by the
/// last one. What is not wanted is in the array with its number's complement, which the kernel passes over. See IvPoller(3).
/// </remarks>
public sealed unsafe class PollPoller : IvPoller
{
    private const int InitialCapacity = 16;

    // Entry 0 is the eventfd that wakes the loop.
    private const int FirstEntry = 1;

    private readonly DescriptorHandle _wake;
    private readonly Dictionary<nint, int> _byHandle = [];
    private PollFd[] _fds = [];
    private PollFd* _fdsPointer;
    private ulong[] _tokens = new ulong[InitialCapacity];
    private int _count = FirstEntry;
    private int _scanStart = FirstEntry;

    /// <summary>Makes the array, and an eventfd to be woken by: one descriptor.</summary>
    /// <exception cref="IvException">EMFILE, ENFILE, ENOMEM; ENOSYS on other systems than Linux.</exception>
    public PollPoller()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new IvException(IvError.ENOSYS, "ppoll", subject: null, "The poll method is for Linux so far");
        }

        int wake = Sys.EventFd(0, Constants.EFD_NONBLOCK | Constants.EFD_CLOEXEC);
        if (wake < 0)
        {
            throw new IvException(Sys.Error(wake), "eventfd", subject: null, "Raise the limit of open files (ulimit -n)");
        }

        _wake = new DescriptorHandle(wake);
        Resize(InitialCapacity);
        _fds[0] = new PollFd { Fd = wake, Events = Constants.POLLIN };
    }

    /// <inheritdoc/>
    public override string Name => "poll";

    /// <inheritdoc/>
    public override IvTimestamp Now => IvTimestamp.System;

    internal override long CoarseNow => IvTimestamp.SystemCoarse;

    /// <inheritdoc/>
    public override bool ValidatesHandles => false;

    /// <inheritdoc/>
    public override IvError Add(nint handle, IvBands want, ulong token)
    {
        if (!_byHandle.TryAdd(handle, _count))
        {
            return IvError.EEXIST;
        }

        if (_count == _fds.Length)
        {
            Resize(_count * 2);
        }

        _tokens[_count] = token;
        _fds[_count] = default;
        Set(_count, (int)handle, want);
        _count++;
        return IvError.None;
    }

    /// <inheritdoc/>
    public override void Remove(nint handle, ulong token)
    {
        if (!_byHandle.TryGetValue(handle, out int index) || _tokens[index] != token)
        {
            return;
        }

        _byHandle.Remove(handle);
        int last = --_count;
        if (index != last)
        {
            _fds[index] = _fds[last];
            _tokens[index] = _tokens[last];
            int moved = _fds[index].Fd;
            _byHandle[moved >= 0 ? moved : ~moved] = index;
        }

        if (_count < _fds.Length / 4 && _fds.Length > InitialCapacity)
        {
            Resize(_fds.Length / 2);
        }
    }

    /// <inheritdoc/>
    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        foreach (ref readonly IvChange change in changes)
        {
            if (_byHandle.TryGetValue(change.Handle, out int index) && _tokens[index] == change.Token)
            {
                Set(index, (int)change.Handle, change.Want);
            }
        }

        if (ready.IsEmpty)
        {
            return 0;
        }

        int found = WaitForEvents(deadline);
        if (found == 0)
        {
            return 0;
        }

        if (_fds[0].Revents != 0)
        {
            found--;
            DrainWake();
        }

        return Collect(found, ready);
    }

    /// <inheritdoc/>
    public override void Wake()
    {
        int result = _wake.Signal();
        if (result < 0)
        {
            IvFatal.Raise(FatalCondition.WakeFailed, $"poll: writing to the eventfd that wakes the loop failed: {Sys.Error(result).Describe()}. Something closed a descriptor that it does not own.", this);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _wake.Dispose();
        base.Dispose(disposing);
    }

    private static short ToMask(IvBands want) => (short)(
        ((want & IvBands.In) != 0 ? Constants.POLLIN : 0)
        | ((want & IvBands.Out) != 0 ? Constants.POLLOUT : 0)
        | ((want & IvBands.Hangup) != 0 ? Constants.POLLRDHUP : 0)
        | ((want & IvBands.Pri) != 0 ? Constants.POLLPRI : 0));

    private static IvBands ToBands(short events) =>
        ((events & Constants.POLLIN) != 0 ? IvBands.In : IvBands.None)
        | ((events & Constants.POLLOUT) != 0 ? IvBands.Out : IvBands.None)
        | ((events & Constants.POLLERR) != 0 ? IvBands.Err : IvBands.None)
        | ((events & Constants.POLLHUP) != 0 ? IvBands.Closed : IvBands.None)
        | ((events & Constants.POLLRDHUP) != 0 ? IvBands.Hangup : IvBands.None)
        | ((events & Constants.POLLPRI) != 0 ? IvBands.Pri : IvBands.None);

    private void Set(int index, int fd, IvBands want)
    {
        _fds[index].Fd = want == IvBands.None ? ~fd : fd;
        _fds[index].Events = ToMask(want);
    }

    private int WaitForEvents(IvTimestamp deadline)
    {
        int result;
        if (deadline == IvTimestamp.MaxValue)
        {
            result = Sys.Ppoll(_fdsPointer, _count, null);
        }
        else
        {
            long nanoseconds = deadline == IvTimestamp.MinValue ? 0 : WaitTime.Until(deadline.Nanoseconds, Now.Nanoseconds);
            TimeSpec timeout = TimeSpec.Of(nanoseconds);
            result = Sys.Ppoll(_fdsPointer, _count, &timeout);
        }

        if (result >= 0)
        {
            return result;
        }

        if (result != -Sys.EINTR)
        {
            IvFatal.Raise(FatalCondition.PollFailed, $"poll: waiting failed: {Sys.Error(result).Describe()}. EINVAL: the limit of open files (RLIMIT_NOFILE) was lowered below the number of descriptors that are watched.", this);
        }

        return 0;
    }

    // Begins where the last full batch ended, so that a crowd at the front does not starve the back.
    private int Collect(int found, Span<IvReady> ready)
    {
        int count = 0;
        int total = _count - FirstEntry;
        int index = _scanStart < _count ? _scanStart : FirstEntry;
        for (int looked = 0; looked < total && found > 0; looked++)
        {
            short events = _fds[index].Revents;
            if (events != 0)
            {
                if (count == ready.Length)
                {
                    break;
                }

                found--;
                ready[count++] = (events & Constants.POLLNVAL) != 0 ? Refuse(index) : new IvReady(_tokens[index], ToBands(events));
            }

            index = index + 1 < _count ? index + 1 : FirstEntry;
        }

        _scanStart = index;
        return count;
    }

    // Closed while it was registered: said once, and passed over from now on.
    private IvReady Refuse(int index)
    {
        _fds[index].Fd = ~_fds[index].Fd;
        return new IvReady(_tokens[index], IvBands.None, IvError.EBADF);
    }

    private void DrainWake()
    {
        ulong counter;
        _ = Sys.Read(_wake.Fd, (byte*)&counter, sizeof(ulong));
    }

    private void Resize(int capacity)
    {
        PollFd[] fds = GC.AllocateArray<PollFd>((int)BitOperations.RoundUpToPowerOf2((uint)capacity), pinned: true);
        Array.Copy(_fds, fds, Math.Min(_count, _fds.Length));
        Array.Resize(ref _tokens, fds.Length);
        _fds = fds;

        // SAFETY: the array is pinned for its life, and the field beside keeps it alive.
        _fdsPointer = (PollFd*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(fds));
    }
}
