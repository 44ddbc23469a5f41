using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>A child of this process by its pidfd, which never comes to mean another process.</summary>
/// <remarks>
/// H1: a pid is in <c>Held</c> from before its pidfd is opened until it has been reaped here or is let go of: nobody else waits for it.
/// H2: reaping and signals to its group exclude each other: until it is reaped the group's number is its own.
/// </remarks>
internal sealed class ChildHandle : IDisposable
{
    private static readonly Dictionary<int, ChildHandle> Held = [];

    private readonly Lock _reaping = new();
    private DescriptorHandle? _pidfd;
    private bool _isReaped;

    private ChildHandle(int process) => ProcessId = process;

    public int ProcessId { get; }

    public int Descriptor => _pidfd!.Fd;

    /// <summary>There is no descriptor: somebody had reaped it before it could be opened.</summary>
    public bool IsGone => _pidfd is null;

    /// <summary>Opens a child.</summary>
    /// <param name="process">Its number.</param>
    /// <param name="child">The handle; null on an error.</param>
    /// <param name="isHeld">It is waited for already: the rule of IVF0110.</param>
    /// <returns>None, or why it can't be waited for. ECHILD: not a child.</returns>
    public static IvError TryOpen(int process, out ChildHandle? child, out bool isHeld)
    {
        child = new ChildHandle(process);
        isHeld = !child.TryHold();
        if (isHeld)
        {
            child = null;
            return IvError.None;
        }

        IvError error = child.Open();
        if (error != IvError.None)
        {
            child.Release();
            child = null;
        }

        return error;
    }

    /// <summary>
    /// As <see cref="TryOpen"/>, of a child that has just been started. As process 1 the runtime may have reaped it by now: then it is
    /// a child that has ended, of which nothing else is known, and its number is not to be used.
    /// </summary>
    public static IvError TryOpenStarted(int process, out ChildHandle? child)
    {
        child = new ChildHandle(process);
        if (!child.TryHold())
        {
            child = null;
            return IvError.EBUSY;
        }

        IvError error = child.Open(wasStarted: true);
        if (error == IvError.ESRCH)
        {
            child._isReaped = true;
            child.Release();
            return IvError.None;
        }

        if (error != IvError.None)
        {
            child.Release();
            child = null;
        }

        return error;
    }

    /// <summary>
    /// Whether the system lets a child be watched, asked before there is one. The descriptor is to be held until right before the
    /// child is opened: it keeps a place for it.
    /// </summary>
    public static IvError TryReserve(out DescriptorHandle? place)
    {
        place = null;
        int pidfd = Sys.PidfdOpen(Environment.ProcessId);
        if (pidfd < 0)
        {
            return Sys.Error(pidfd);
        }

        // This process is not its own child, which is what a kernel says that understands the question.
        int result = Look(pidfd);
        if (result >= 0 || Sys.Error(result) == IvError.ECHILD)
        {
            place = new DescriptorHandle(pidfd);
            return IvError.None;
        }

        Sys.Close(pidfd);
        return LookError(result);
    }

    /// <summary>Takes the final status if there is one. False if the child lives.</summary>
    public bool TryReap(out IvChildStatus status)
    {
        if (IsGone)
        {
            status = new IvChildStatus(IvChildStatusKind.Unknown);
            return true;
        }

        lock (_reaping)
        {
            int result = Sys.WaitId(Descriptor, Constants.WEXITED | Constants.WNOHANG, out ChildState state, out ResourceUsage usage);
            if (result == 0)
            {
                status = default;
                return false;
            }

            _isReaped = true;
            status = result > 0 ? ChildStatuses.From(state, usage) : StatusTakenElsewhere();
        }

        Release();
        return true;
    }

    /// <summary>Takes a stop or a continuation if there is one.</summary>
    public bool TryTakeStop(out IvChildStatus status)
    {
        int result = Sys.WaitId(Descriptor, Constants.WSTOPPED | Constants.WCONTINUED | Constants.WNOHANG, out ChildState state, out ResourceUsage usage);
        status = result > 0 ? ChildStatuses.From(state, usage) : default;
        return result > 0;
    }

    /// <summary>Sends a signal; any thread. ESRCH once the child has been reaped or the handle is closed.</summary>
    public IvError Kill(int signal)
    {
        bool referenced = false;
        DescriptorHandle? pidfd = _pidfd;
        if (pidfd is null)
        {
            return IvError.ESRCH;
        }

        try
        {
            if (!HandleReference.TryAdd(pidfd, ref referenced))
            {
                return IvError.ESRCH;
            }

            int result = Sys.PidfdSendSignal(pidfd.Fd, signal);
            return result < 0 ? Sys.Error(result) : IvError.None;
        }
        finally
        {
            if (referenced)
            {
                pidfd.DangerousRelease();
            }
        }
    }

    /// <summary>Sends a signal to all of the process group that the child leads; any thread. ESRCH once the child has been reaped.</summary>
    public IvError KillGroup(int signal)
    {
        lock (_reaping)
        {
            // Somebody else may have reaped it, and its number may be another group's.
            if (_isReaped || Kill(0) == IvError.ESRCH)
            {
                return IvError.ESRCH;
            }

            int result = Sys.KillGroup(ProcessId, signal);
            return result < 0 ? Sys.Error(result) : IvError.None;
        }
    }

    /// <summary>Lets go of the child, which stays as it is.</summary>
    public void Dispose()
    {
        Release();
        _pidfd?.Dispose();
    }

    /// <summary>The number of a signal; of one that this system does not have, one that the kernel refuses (EINVAL). 0 is 0, which only asks.</summary>
    public static int NumberOf(PosixSignal signal) => SignalNumbers.Resolve(signal) is var number && number == 0 && signal != 0 ? -1 : number;

    /// <summary>For one that nobody waits for any more: true once it is reaped, and the handle closed.</summary>
    public bool TryDiscard()
    {
        if (!TryReap(out _))
        {
            return false;
        }

        _pidfd?.Dispose();
        return true;
    }

    private IvError Open(bool wasStarted = false)
    {
        int pidfd = Sys.PidfdOpen(ProcessId);
        if (pidfd < 0)
        {
            return Sys.Error(pidfd);
        }

        // One that was started here and is no child any more has been reaped: that it has ended is told as ever.
        int result = Look(pidfd);
        if (result >= 0 || (wasStarted && Sys.Error(result) == IvError.ECHILD))
        {
            _pidfd = new DescriptorHandle(pidfd);
            return IvError.None;
        }

        Sys.Close(pidfd);
        return LookError(result);
    }

    // The status stays where it is.
    private static int Look(int pidfd) => Sys.WaitId(pidfd, Constants.WEXITED | Constants.WNOHANG | Constants.WNOWAIT, out _, out _);

    // Linux 5.3 has pidfds that can't be waited for.
    private static IvError LookError(int result) => Sys.Error(result) is IvError.EINVAL ? IvError.ENOSYS : Sys.Error(result);

    private bool TryHold()
    {
        lock (Held)
        {
            // One that was reaped behind our back has lost its number, to this process perhaps.
            if (Held.TryGetValue(ProcessId, out ChildHandle? other) && (other._pidfd is null || other.Kill(0) != IvError.ESRCH))
            {
                return false;
            }

            Held[ProcessId] = this;
            return true;
        }
    }

    private void Release()
    {
        lock (Held)
        {
            if (Held.TryGetValue(ProcessId, out ChildHandle? holder) && holder == this)
            {
                Held.Remove(ProcessId);
            }
        }
    }

    // Newer kernels remember for as long as there is a pidfd.
    private IvChildStatus StatusTakenElsewhere() =>
        Sys.PidfdExitStatus(Descriptor, out int status) == 0 ? ChildStatuses.FromWait(status) : new IvChildStatus(IvChildStatusKind.Unknown);
}
