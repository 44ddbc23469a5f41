using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <summary>
/// The C library's wrappers, as they are. Nobody calls them but <see cref="Sys"/>, which reads errno right after a failure:
/// the runtime keeps errno across its own transition, and a call that succeeds need not clear and read it (some 5 ns).
/// </summary>
internal static unsafe partial class Libc
{
    private const string Name = "libc";

    [LibraryImport(Name)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Name)]
    public static partial int socketpair(int domain, int type, int protocol, int* pair);

    [LibraryImport(Name)]
    public static partial int bind(int fd, byte* address, uint length);

    [LibraryImport(Name)]
    public static partial int listen(int fd, int backlog);

    [LibraryImport(Name)]
    public static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport(Name)]
    public static partial int connect(int fd, byte* address, uint length);

    [LibraryImport(Name)]
    public static partial nint recv(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport(Name)]
    public static partial nint send(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport(Name)]
    public static partial nint recvfrom(int fd, byte* buffer, nuint length, int flags, byte* address, uint* addressLength);

    [LibraryImport(Name)]
    public static partial nint sendto(int fd, byte* buffer, nuint length, int flags, byte* address, uint addressLength);

    [LibraryImport(Name)]
    public static partial nint recvmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport(Name)]
    public static partial nint sendmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport(Name)]
    public static partial int recvmmsg(int fd, MultiMessageHeader* messages, uint count, int flags, TimeSpec* timeout);

    [LibraryImport(Name)]
    public static partial int sendmmsg(int fd, MultiMessageHeader* messages, uint count, int flags);

    [LibraryImport(Name)]
    public static partial int shutdown(int fd, int how);

    [LibraryImport(Name)]
    public static partial int getsockname(int fd, byte* address, uint* length);

    [LibraryImport(Name)]
    public static partial int getpeername(int fd, byte* address, uint* length);

    [LibraryImport(Name)]
    public static partial int getsockopt(int fd, int level, int name, byte* value, uint* length);

    [LibraryImport(Name)]
    public static partial int setsockopt(int fd, int level, int name, byte* value, uint length);

    [LibraryImport(Name)]
    public static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport(Name)]
    public static partial nint write(int fd, byte* buffer, nuint length);

    [LibraryImport(Name)]
    public static partial nint readv(int fd, IoVector* vectors, int count);

    [LibraryImport(Name)]
    public static partial nint writev(int fd, IoVector* vectors, int count);

    [LibraryImport(Name)]
    public static partial int close(int fd);

    // Variadic in C; on Linux x64 and arm64 a variadic int travels as a fixed one does.
    [LibraryImport(Name)]
    public static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport(Name)]
    public static partial int statx(int fd, byte* path, int flags, uint mask, Statx* buffer);

    [LibraryImport(Name)]
    public static partial int unlink(byte* path);

    [LibraryImport(Name)]
    public static partial int chmod(byte* path, uint mode);

    [LibraryImport(Name)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport(Name)]
    public static partial int epoll_create1(int flags);

    [LibraryImport(Name)]
    public static partial int epoll_ctl(int epoll, int operation, int fd, byte* change);

    [LibraryImport(Name)]
    public static partial int epoll_wait(int epoll, byte* events, int maximum, int milliseconds);

    [LibraryImport(Name)]
    public static partial int ppoll(PollFd* fds, nuint count, TimeSpec* timeout, void* mask);

    [LibraryImport(Name)]
    public static partial int dup3(int from, int to, int flags);

    [LibraryImport(Name)]
    public static partial nuint getauxval(nuint type);
}
