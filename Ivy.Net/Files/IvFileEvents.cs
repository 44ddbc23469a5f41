namespace Ivy.Net;

/// <summary>What happens to files and folders; the numbers and the meaning are those of inotify(7), as IN_MODIFY is Modified.</summary>
/// <remarks>A watch is asked for a set of them; an event that comes is one of them.</remarks>
[Flags]
public enum IvFileEvents
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>IN_ACCESS: a file was read, or a folder listed.</summary>
    Accessed = 0x1,

    /// <summary>IN_MODIFY: a file was written or truncated.</summary>
    Modified = 0x2,

    /// <summary>IN_ATTRIB: mode, owner, times or the number of links changed.</summary>
    AttributesChanged = 0x4,

    /// <summary>IN_CLOSE_WRITE: a file that was open for writing was closed.</summary>
    ClosedAfterWrite = 0x8,

    /// <summary>IN_CLOSE_NOWRITE: a file or folder that was open for reading was closed.</summary>
    ClosedUnwritten = 0x10,

    /// <summary>IN_CLOSE: either of the two.</summary>
    Closed = ClosedAfterWrite | ClosedUnwritten,

    /// <summary>IN_OPEN: a file or folder was opened.</summary>
    Opened = 0x20,

    /// <summary>IN_MOVED_FROM: an entry of the folder got another name, or went elsewhere.</summary>
    MovedFrom = 0x40,

    /// <summary>IN_MOVED_TO: an entry came into the folder, or got its name there.</summary>
    MovedTo = 0x80,

    /// <summary>IN_MOVE: either of the two; from <see cref="IvFileTreeWatch"/>, both in one event.</summary>
    Moved = MovedFrom | MovedTo,

    /// <summary>IN_CREATE: an entry of the folder was made.</summary>
    Created = 0x100,

    /// <summary>IN_DELETE: an entry of the folder was deleted.</summary>
    Deleted = 0x200,

    /// <summary>IN_DELETE_SELF: what is watched was deleted.</summary>
    SelfDeleted = 0x400,

    /// <summary>IN_MOVE_SELF: what is watched was moved; the watch goes with it.</summary>
    SelfMoved = 0x800,

    /// <summary>IN_ALL_EVENTS: all of the above.</summary>
    All = 0xfff,

    /// <summary>IN_UNMOUNT: the file system was unmounted. It comes unasked.</summary>
    Unmounted = 0x2000,

    /// <summary>IN_IGNORED: the kernel has ended the watch, because what it watched is gone. It comes unasked, and is the last.</summary>
    Ended = 0x8000,
}
