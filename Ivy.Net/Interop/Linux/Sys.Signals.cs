namespace Ivy.Net.Interop.Linux;

/// <content>Signals.</content>
internal static unsafe partial class Sys
{
    /// <summary>pthread_sigmask(3) of this thread: SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK.</summary>
    public static int SetSignalMask(int how, SignalSet set, out SignalSet previous)
    {
        SignalSet before;
        int error = Libc.pthread_sigmask(how, &set, &before);
        previous = before;
        return -error;
    }

    /// <summary>What a signal does now: SIG_DFL, SIG_IGN or the address of a handler; SIG_DFL for one that can't have any.</summary>
    public static nint GetSignalHandler(int signal)
    {
        SignalAction action;
        return Checked(Libc.sigaction(signal, null, &action)) < 0 ? Constants.SIG_DFL : action.Handler;
    }

    /// <summary>Makes a signalfd(2), non-blocking and close-on-exec, or gives an existing one another set.</summary>
    /// <returns>The descriptor or a negative errno.</returns>
    public static int SignalFd(int fd, SignalSet set)
    {
        int fault = Fault(SysCall.SignalFd, fd);
        return fault != 0 ? fault : Checked(Libc.signalfd(fd, &set, Constants.SFD_NONBLOCK | Constants.SFD_CLOEXEC));
    }

    /// <summary>Takes signals that are pending for this thread or the process from a signalfd.</summary>
    /// <returns>How many; a negative errno, EAGAIN if there is none.</returns>
    public static int ReadSignals(int fd, Span<SignalInfo> signals)
    {
        fixed (SignalInfo* pointer = signals)
        {
            nint result = Read(fd, (byte*)pointer, (nuint)(signals.Length * sizeof(SignalInfo)));
            return result < 0 ? (int)result : (int)result / sizeof(SignalInfo);
        }
    }

    /// <summary>SIGRTMIN and SIGRTMAX, which differ from one C library to the other.</summary>
    public static (int First, int Last) RealTimeSignals() => (Libc.__libc_current_sigrtmin(), Libc.__libc_current_sigrtmax());
}
