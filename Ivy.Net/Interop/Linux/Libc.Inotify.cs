using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <content>inotify(7).</content>
internal static unsafe partial class Libc
{
    [LibraryImport(Name)]
    public static partial int inotify_init1(int flags);

    [LibraryImport(Name)]
    public static partial int inotify_add_watch(int fd, byte* path, uint mask);

    [LibraryImport(Name)]
    public static partial int inotify_rm_watch(int fd, int watch);
}
