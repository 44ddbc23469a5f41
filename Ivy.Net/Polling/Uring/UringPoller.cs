using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>The io_uring(7) backend: a wait hands over all that has changed, and nothing else is a system call but the end of a registration.</summary>
/// <remarks>
/// <para>Level-triggered by polls for one answer each, which are armed in the call that waits: the kernel has no others.
/// Deadlines are of nanoseconds. Needs Linux 5.11; from 6.1 on the kernel's own share of the work is done in the wait.
/// See IvPoller(3) and ivy-pollers(7).</para>
/// <para>May be made on another thread than that of the loop which uses it.</para>
/// </remarks>
public sealed unsafe partial class UringPoller : IvPoller
{
    // As many as a wait reports by default, all of which are armed anew by the next: a turn is one call.
    private const uint DefaultEntries = 256;

    // What a turn's polls answer, and as much again of what others have to say.
    private const uint DefaultAnswers = 1024;

    private readonly UringRing _ring;
    private readonly DescriptorHandle _wake;
    private readonly List<IvReady> _refused = [];
    private DescriptorHandle? _shell;
    private UringCompletions? _completions;
    private bool _hasAskedForCompletions;
    private bool _isWakeArmed;
    private bool _isWoken;
    private bool _isDisposed;

    /// <summary>Makes a ring, and an eventfd to be woken by: two descriptors.</summary>
    /// <exception cref="IvException">
    /// ENOSYS, EPERM: there is no io_uring here, or it is forbidden; ENOMEM: by the limit of locked memory, on old kernels; EMFILE, ENFILE.
    /// </exception>
    public UringPoller()
        : this(DefaultEntries, DefaultAnswers)
    {
    }

    // Tests make it small.
    internal UringPoller(uint entries, uint answers)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new IvException(IvError.ENOSYS, "io_uring_setup", subject: null, "io_uring exists on Linux only");
        }

        _ring = UringRing.Create(entries, answers);
        int wake = Sys.EventFd(0, Constants.EFD_NONBLOCK | Constants.EFD_CLOEXEC);
        if (wake < 0)
        {
            _ring.Dispose();
            throw new IvException(Sys.Error(wake), "eventfd", subject: null, "Raise the limit of open files (ulimit -n)");
        }

        _wake = new DescriptorHandle(wake);
    }

    /// <inheritdoc/>
    public override string Name => "io_uring";

    /// <inheritdoc/>
    public override IvTimestamp Now => IvTimestamp.System;

    internal override long CoarseNow => IvTimestamp.SystemCoarse;

    /// <inheritdoc/>
    public override bool ValidatesHandles => false;

    /// <inheritdoc/>
    /// <remarks>
    /// An eventfd that the kernel signals, made when it is first asked for. Not the ring: what the kernel has put off until this
    /// thread asks (IORING_SETUP_DEFER_TASKRUN) makes poll(2) say that the ring is readable, but wakes nobody who sleeps on it.
    /// </remarks>
    public override nint BackendHandle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_shell is null)
            {
                int fd = Sys.EventFd(0, Constants.EFD_NONBLOCK | Constants.EFD_CLOEXEC);
                if (fd < 0)
                {
                    throw new IvException(Sys.Error(fd), "eventfd", subject: null, "Raise the limit of open files (ulimit -n)");
                }

                var shell = new DescriptorHandle(fd);
                int registered = Sys.IoUringRegister(_ring.Fd, UringConstants.IORING_REGISTER_EVENTFD, &fd, 1);
                if (registered < 0)
                {
                    shell.Dispose();
                    throw new IvException(Sys.Error(registered), "io_uring_register");
                }

                _shell = shell;
                HandOver();
            }

            return _shell.Fd;
        }
    }

    /// <inheritdoc/>
    /// <remarks>From Linux 6.1 on. Its buffers, 1 MiB of memory, are made with it.</remarks>
    public override IvCompletions? Completions
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_hasAskedForCompletions)
            {
                _hasAskedForCompletions = true;
                _completions = UringCompletions.TryCreate(_ring);
            }

            return _completions;
        }
    }

    /// <inheritdoc/>
    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        foreach (ref readonly IvChange change in changes)
        {
            Apply(change);
        }

        if (ready.IsEmpty)
        {
            HandOver();
            return _refused.Count;
        }

        if (_shell is not null)
        {
            // Before the look at what it tells of: what comes meanwhile signals again.
            ulong counter;
            _ = Sys.Read(_shell.Fd, (byte*)&counter, sizeof(ulong));
        }

        // What has come since the last wait may be used up by now: no room for it means that the kernel is asked again.
        Collect([], 0);
        int count = TakeRefused(ready);
        _completions?.Prepare();
        if (ArmQueued(ready, ref count))
        {
            WaitForAnswers(count > 0 || _isWoken || _completions is { HasReady: true } ? IvTimestamp.MinValue : deadline);
            count = Collect(ready, count);
            while (_ring.HasOverflow && count < ready.Length)
            {
                // More answers than the ring holds: the kernel keeps the rest, and hands it over when asked.
                _ring.Submit();
                count = Collect(ready, count);
            }

            _isWoken = false;
        }

        EnqueueReported();
        return count;
    }

    /// <inheritdoc/>
    public override void Wake()
    {
        // Its poll answers each write anew, and nobody has to read the counter.
        int result = _wake.Signal();
        if (result < 0)
        {
            IvFatal.Raise(FatalCondition.WakeFailed, $"io_uring: writing to the eventfd that wakes the loop failed: {Sys.Error(result).Describe()}. Something closed a descriptor that it does not own.", this);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _completions?.Dispose();
            _shell?.Dispose();
            _ring?.Dispose();
            _wake?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void WaitForAnswers(IvTimestamp deadline)
    {
        uint complete = 1;
        long nanoseconds = -1;
        if (deadline == IvTimestamp.MinValue)
        {
            complete = 0;
        }
        else if (deadline != IvTimestamp.MaxValue)
        {
            // Fresh, not the loop's Now: a slow handler must not make the next timer late by as much.
            nanoseconds = WaitTime.Until(deadline.Nanoseconds, Now.Nanoseconds);
            complete = nanoseconds == 0 ? 0u : 1;
        }

        // Out of memory, or of room for answers: what has come is taken away now, and the loop asks again.
        int result = _ring.Enter(complete, nanoseconds);
        if (result < 0 && result is not (-Sys.EINTR or -(int)IvError.ETIME or -(int)IvError.EAGAIN or -(int)IvError.EBUSY))
        {
            _ring.RaiseFailed(result);
        }
    }

    // For a loop inside another one: the kernel knows all that is wanted before the other one waits.
    private void HandOver()
    {
        Collect([], 0);
        _completions?.Prepare();
        ArmWake();
        for (int left = _queue.Count; left > 0; left--)
        {
            Arm(_queue.Dequeue());
        }

        _ring.Submit();
    }

    private int TakeRefused(Span<IvReady> ready)
    {
        int count = Math.Min(_refused.Count, ready.Length);
        for (int i = 0; i < count; i++)
        {
            ready[i] = _refused[i];
        }

        _refused.RemoveRange(0, count);
        return count;
    }
}
