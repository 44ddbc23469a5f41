using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <content>Signals.</content>
internal static unsafe partial class Libc
{
    // Returns its error instead of setting errno.
    [LibraryImport(Name)]
    public static partial int pthread_sigmask(int how, SignalSet* set, SignalSet* previous);

    [LibraryImport(Name)]
    public static partial int sigaction(int signal, SignalAction* action, SignalAction* previous);

    [LibraryImport(Name)]
    public static partial int signalfd(int fd, SignalSet* mask, int flags);

    // The SIGRTMIN macro: what the C library leaves of the kernel's 32.
    [LibraryImport(Name)]
    public static partial int __libc_current_sigrtmin();

    [LibraryImport(Name)]
    public static partial int __libc_current_sigrtmax();
}
