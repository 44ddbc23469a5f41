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
}
