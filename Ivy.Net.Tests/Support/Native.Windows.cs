using System.Runtime.InteropServices;

namespace Ivy.Net.Tests.Support;

/// <content>What tests ask of Windows.</content>
internal static unsafe partial class Native
{
    /// <summary>select(): whether a socket becomes ready in time; a connect that failed counts as an outcome.</summary>
    public static bool Select(nint socket, bool forWriting, TimeSpan time)
    {
        // struct fd_set: a count, and room for 64 sockets, of which one is used.
        nint* readable = stackalloc nint[2] { 1, socket };
        nint* other = stackalloc nint[2] { 1, socket };
        int* limit = stackalloc int[2] { (int)time.TotalSeconds, 0 };
        return select(0, forWriting ? null : readable, forWriting ? readable : null, other, limit) > 0;
    }

    [LibraryImport("ws2_32.dll")]
    private static partial int select(int ignored, nint* readable, nint* writable, nint* failed, int* time);
}
