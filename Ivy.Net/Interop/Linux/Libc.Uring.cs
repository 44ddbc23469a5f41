using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <content>io_uring(7), for which the C library has no functions, and the memory that is shared with it.</content>
internal static unsafe partial class Libc
{
    // Variadic in C; on Linux x64 and arm64 variadic words travel as fixed ones do.
    [LibraryImport(Name)]
    public static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    [LibraryImport(Name)]
    public static partial nint mmap(void* address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Name)]
    public static partial int munmap(void* address, nuint length);
}
