namespace Ivy.Net;

/// <summary>How a path is watched; see inotify_add_watch(2).</summary>
[Flags]
public enum IvWatchOptions
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>The watch ends with its first event, before the handler is told (IN_ONESHOT).</summary>
    OneShot = 1,

    /// <summary>Only a folder is watched; ENOTDIR for anything else (IN_ONLYDIR).</summary>
    DirectoryOnly = 2,

    /// <summary>If the path is a symbolic link, the link itself is watched, not what it points to (IN_DONT_FOLLOW).</summary>
    NoFollow = 4,

    /// <summary>No events of entries that have been deleted and are still open somewhere (IN_EXCL_UNLINK).</summary>
    ExcludeUnlinked = 8,
}
