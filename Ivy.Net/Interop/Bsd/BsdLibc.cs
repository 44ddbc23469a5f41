using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Bsd;

/// <summary>
/// The C library's wrappers that both BSDs have, as they are. None of them is variadic: on arm64 macOS a variadic argument travels on the
/// stack, where a P/Invoke does not put it, so fcntl, ioctl and open are not for this class.
/// </summary>
internal static unsafe partial class BsdLibc
{
    private const string Name = "libc";

    [LibraryImport(Name, SetLastError = true)]
    public static partial int kqueue();

    [LibraryImport(Name, SetLastError = true)]
    public static partial int kevent(int queue, void* changes, int changeCount, void* events, int eventCount, BsdTimeSpec* timeout);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport(Name, SetLastError = true)]
    public static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport(Name, SetLastError = true)]
    public static partial nint write(int fd, byte* buffer, nuint length);
}
