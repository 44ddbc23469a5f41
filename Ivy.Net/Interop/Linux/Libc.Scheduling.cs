using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <content>On which CPUs threads run.</content>
internal static unsafe partial class Libc
{
    [LibraryImport(Name)]
    public static partial int sched_getaffinity(int thread, nuint size, byte* mask);

    [LibraryImport(Name)]
    public static partial int sched_setaffinity(int thread, nuint size, byte* mask);
}
