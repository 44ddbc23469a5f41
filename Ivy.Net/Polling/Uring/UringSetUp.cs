using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>How a ring is made: the richest first, down a ladder of kernels, and what to say when there is none.</summary>
internal static unsafe class UringSetUp
{
    // 5.10: the ring is bound to the thread that enables it, not to the one that makes it.
    private const uint Least = UringConstants.IORING_SETUP_CQSIZE | UringConstants.IORING_SETUP_CLAMP | UringConstants.IORING_SETUP_R_DISABLED;

    // A kernel that does not know a flag says EINVAL. 6.1: one thread, and the kernel's own work is done when that thread asks for
    // answers, not in the middle of what it does. 5.19: at least not by an interrupt of its own. 5.18: a bad entry ends no submission.
    private static readonly uint[] Rungs =
    [
        Least | UringConstants.IORING_SETUP_SUBMIT_ALL | UringConstants.IORING_SETUP_SINGLE_ISSUER | UringConstants.IORING_SETUP_DEFER_TASKRUN,
        Least | UringConstants.IORING_SETUP_SUBMIT_ALL | UringConstants.IORING_SETUP_COOP_TASKRUN,
        Least,
    ];

    // Until Linux 5.12 rings count against the limit of locked memory, and those of loops that have just ended still do for a while.
    private static readonly int[] RetryMilliseconds = [5, 10, 20, 40, 80];

    /// <summary>Opens a ring.</summary>
    /// <returns>The descriptor; close-on-exec.</returns>
    /// <exception cref="IvException">There is none to be had, and why.</exception>
    public static int Open(uint entries, uint answers, ref UringParameters parameters)
    {
        int fd = -(int)IvError.EINVAL;
        foreach (uint flags in Rungs)
        {
            fd = OpenWith(flags, entries, answers, ref parameters);
            if (fd != -(int)IvError.EINVAL)
            {
                break;
            }
        }

        if (fd < 0)
        {
            throw Refused(Sys.Error(fd) == IvError.EINVAL ? IvError.ENOSYS : Sys.Error(fd), "io_uring_setup");
        }

        // Waiting with a time limit came last of all that is needed here.
        if ((parameters.Features & UringConstants.IORING_FEAT_EXT_ARG) == 0)
        {
            _ = Sys.Close(fd);
            throw Refused(IvError.ENOSYS, "io_uring_setup");
        }

        return fd;
    }

    public static IvException Refused(IvError error, string operation) => new(error, operation, subject: null, error switch
    {
        IvError.ENOSYS => "io_uring needs Linux 5.11; a sandbox may hide it, too (seccomp: containers do so by default): allow io_uring_setup, io_uring_enter and io_uring_register, or use epoll",
        IvError.EPERM => "This system forbids io_uring: see sysctl kernel.io_uring_disabled and kernel.io_uring_group, or the sandbox (seccomp: containers forbid it by default); or use epoll",
        IvError.ENOMEM => "Before Linux 5.12 rings count as locked memory: raise the limit (ulimit -l, LimitMEMLOCK=), or use epoll",
        IvError.EMFILE => "Raise the limit of open files (ulimit -n), or close some",
        _ => null,
    });

    private static int OpenWith(uint flags, uint entries, uint answers, ref UringParameters parameters)
    {
        int fd = TryOpen(flags, entries, answers, ref parameters);
        foreach (int milliseconds in RetryMilliseconds)
        {
            if (fd != -(int)IvError.ENOMEM)
            {
                break;
            }

#pragma warning disable RS0030 // there is no loop yet that could arm a timer
            Thread.Sleep(milliseconds);
#pragma warning restore RS0030
            fd = TryOpen(flags, entries, answers, ref parameters);
        }

        return fd;
    }

    private static int TryOpen(uint flags, uint entries, uint answers, ref UringParameters parameters)
    {
        parameters = new UringParameters { Flags = flags, CompletionEntries = answers };
        fixed (UringParameters* pointer = &parameters)
        {
            return Sys.IoUringSetup(entries, pointer);
        }
    }
}
