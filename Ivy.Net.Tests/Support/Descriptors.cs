namespace Ivy.Net.Tests.Support;

/// <summary>The descriptors that this process has open, by kind, so that the runtime's own files don't count; for fixtures that do not run in parallel with others.</summary>
internal static class Descriptors
{
    /// <summary>How many descriptors are sockets, as the links in /proc/self/fd say.</summary>
    public static int CountSockets() => CountLinks("socket:");

    /// <summary>How many are epoll sets, eventfds, pidfds and the like: what loops are made of.</summary>
    public static int CountAnonymous() => CountLinks("anon_inode:");

    /// <summary>Whether a number is open.</summary>
    public static bool IsOpen(nint handle) => IvNetwork.System.Identify(handle, out _) == IvError.None;

    private static int CountLinks(string prefix)
    {
        // What earlier tests have left to the finalizers must not be closed between two counts.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        int count = 0;
        foreach (string path in Directory.GetFiles("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget?.StartsWith(prefix, StringComparison.Ordinal) == true)
            {
                count++;
            }
        }

        return count;
    }
}
