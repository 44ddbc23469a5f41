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
}
