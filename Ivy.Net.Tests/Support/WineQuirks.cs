using System.Runtime.InteropServices;

namespace Ivy.Net.Tests.Support;

/// <summary>Where Wine is not Windows: what a test is left out for under Wine, and nowhere else.</summary>
internal static class WineQuirks
{
    public const string FinBehindData = "q1: an end of stream behind data is reported only when the data was read";
    public const string BaseHandle = "q2: SIO_BASE_HANDLE takes anything for a socket";
    public const string NoUnixSockets = "q6: no Unix sockets";

    /// <summary>As in <c>8.0</c>; null on Windows, and on everything else.</summary>
    public static unsafe string? Version { get; } =
        OperatingSystem.IsWindows()
        && NativeLibrary.TryLoad("ntdll.dll", out nint library)
        && NativeLibrary.TryGetExport(library, "wine_get_version", out nint export)
            ? Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)export)())
            : null;

    public static bool IsWine => Version is not null;

    /// <summary>Leaves the running test out under Wine, with the quirk as the reason.</summary>
    public static void Skip(string quirk)
    {
        if (IsWine)
        {
            Assert.Ignore($"Wine {Version} {quirk}");
        }
    }
}
