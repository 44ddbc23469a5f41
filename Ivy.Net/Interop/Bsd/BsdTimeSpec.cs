using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Bsd;

/// <summary>struct timespec on 64-bit macOS and FreeBSD.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct BsdTimeSpec
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    public nint Seconds;
    public nint Nanoseconds;

    /// <summary>Of a time that is not negative: the kernel refuses nanoseconds of a second and more.</summary>
    public static BsdTimeSpec Of(long nanoseconds) => new()
    {
        Seconds = (nint)(nanoseconds / NanosecondsPerSecond),
        Nanoseconds = (nint)(nanoseconds % NanosecondsPerSecond),
    };
}
