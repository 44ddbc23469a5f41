namespace Ivy.Net.Tests.Support;

/// <summary>The sockets that this process has open; for fixtures that do not run in parallel with others.</summary>
internal static class Descriptors
{
    /// <summary>How many descriptors are sockets, as the links in /proc/self/fd say.</summary>
    public static int CountSockets()
    {
        int count = 0;
        foreach (string path in Directory.GetFiles("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true)
            {
                count++;
            }
        }

        return count;
    }

    /// <summary>Whether a number is open.</summary>
    public static bool IsOpen(nint handle) => IvNetwork.System.Identify(handle, out _) == IvError.None;
}
