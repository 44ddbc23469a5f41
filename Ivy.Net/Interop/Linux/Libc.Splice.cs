using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <content>Pipes, and moving pages through them.</content>
internal static unsafe partial class Libc
{
    [LibraryImport(Name)]
    public static partial int pipe2(int* ends, int flags);

    [LibraryImport(Name)]
    public static partial nint splice(int from, long* fromOffset, int to, long* toOffset, nuint length, uint flags);
}
