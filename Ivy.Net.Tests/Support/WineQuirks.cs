using System.Runtime.InteropServices;

namespace Ivy.Net.Tests.Support;

/// <summary>What Wine does not do as Windows does, each with its name: the one reason for which a test of Windows may be skipped.</summary>
internal static class WineQuirks
{
    /// <summary>Wine hides that the peer has closed while there is data to read before it.</summary>
    public const string HidesEndBehindData = "Wine reports the end of a stream only when the data before it has been read";

    /// <summary>Wine's server asks a socket for its error when it polls it, and so takes it: what was reset looks like what has ended.</summary>
    public const string TakesErrors = "Wine's server takes the error of a socket that was reset: neither SO_ERROR nor a read has it afterwards";

    /// <summary>The outcome of a connect is told each time it is asked for.</summary>
    public const string KeepsConnectError = "Wine does not clear SO_ERROR when a connect has failed";

    /// <summary>Interfaces of IPv4 multicast are addresses there.</summary>
    public const string NoInterfaceByIndex = "Wine does not know the index of an interface as IP_MULTICAST_IF";

    /// <summary>TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT came with Windows 10 1709.</summary>
    public const string NoKeepAliveTimes = "Wine 8 has no options for the times of keep-alive";

    /// <summary>Wine has no AF_UNIX.</summary>
    public const string NoUnixSockets = "Wine has no Unix sockets";

    /// <summary>Whether this is Wine.</summary>
    public static bool IsWine { get; } = OperatingSystem.IsWindows()
        && NativeLibrary.TryLoad("ntdll.dll", out nint library)
        && NativeLibrary.TryGetExport(library, "wine_get_version", out _);

    /// <summary>Skips the running test under Wine.</summary>
    public static void SkipIf(string quirk)
    {
        if (IsWine)
        {
            Assert.Ignore(quirk);
        }
    }
}
