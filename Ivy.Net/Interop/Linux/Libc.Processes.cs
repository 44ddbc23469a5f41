using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <content>Children.</content>
internal static unsafe partial class Libc
{
    // Variadic in C; see fcntl. For what older C libraries have no wrapper for, or one that leaves an argument out.
    [LibraryImport(Name)]
    public static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    // Variadic too.
    [LibraryImport(Name, EntryPoint = "ioctl")]
    public static partial int ioctl_pointer(int fd, nuint request, void* argument);

    [LibraryImport(Name)]
    public static partial int kill(int process, int signal);

    // The posix_spawn family returns its error instead of setting errno.
    [LibraryImport(Name)]
    public static partial int posix_spawn(int* process, byte* path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_adddup2(void* actions, int from, int to);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_setpgroup(void* attributes, int group);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_setsigmask(void* attributes, SignalSet* mask);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_setsigdefault(void* attributes, SignalSet* signals);

    // Variadic in C: the mode is only for files that are made.
    [LibraryImport(Name)]
    public static partial int open(byte* path, int flags);

    [LibraryImport(Name)]
    public static partial int faccessat(int folder, byte* path, int mode, int flags);
}
