namespace Ivy.Net.Interop;

/// <summary>The operating system's number of a thread, as its tools show it: gettid(2), GetCurrentThreadId.</summary>
internal static class ThreadNumber
{
    /// <summary>That of the calling thread; -1 where the system does not tell.</summary>
    public static int OfThisThread() =>
        OperatingSystem.IsLinux() ? Linux.Sys.GetThreadId()
        : OperatingSystem.IsWindows() ? (int)Windows.Kernel32.GetCurrentThreadId()
        : -1;
}
