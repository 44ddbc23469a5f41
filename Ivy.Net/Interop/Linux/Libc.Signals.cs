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
}
