namespace Ivy.Net;

/// <summary>Paths of the kernel's kind: a slash, and anything between.</summary>
internal static class TreePath
{
    public static string Join(string folder, string name) => folder.EndsWith('/') ? folder + name : $"{folder}/{name}";

    /// <summary>A path that the kernel can be given.</summary>
    public static void Check(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A path has no character 0", nameof(path));
        }
    }

    public static string Describe(IvFileEvents events, string path, bool isDirectory) =>
        $"{events} {path}{(isDirectory && !path.EndsWith('/') ? "/" : string.Empty)}";

    /// <summary>What can be done about a path that is not watched.</summary>
    public static string? Advice(IvError error) => error switch
    {
        IvError.ENOENT => "There is nothing of that name: make it first, or watch its folder for Created",
        IvError.EACCES => "It takes the right to read the file or folder, and to search all folders above it",
        IvError.ENOTDIR => "Something in the path is not a folder, or DirectoryOnly was given for a file",
        IvError.ENOSPC => "The user's limit of watches is reached: raise /proc/sys/fs/inotify/max_user_watches, or end other watches",
        IvError.ENAMETOOLONG => "A name has at most 255 bytes and a path 4,095: give a relative path, or watch less deep",
        IvError.ELOOP => "Symbolic links lead to each other",
        IvError.EBUSY => "Another watch of the instance watches the same inode with ExcludeUnlinked: give both the same option, or use another IvInotify",
        IvError.EMFILE => "Too many instances or open files: raise /proc/sys/fs/inotify/max_user_instances or the limit of open files (ulimit -n), or put more watches on one instance",
        _ => null,
    };
}
