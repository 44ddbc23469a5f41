namespace Ivy.Net;

/// <summary>What a descriptor is, as fstat(2) tells.</summary>
internal enum DescriptorKind
{
    Unknown,
    Socket,
    Pipe,
    Terminal,
    RegularFile,
    Directory,
    BlockDevice,

    /// <summary>A device without a poll of its own, as /dev/null and /dev/zero are: epoll refuses it.</summary>
    UnpollableDevice,

    /// <summary>A character device that can be polled.</summary>
    Device,

    /// <summary>eventfd, timerfd, epoll, pidfd, inotify …: all of them share one inode.</summary>
    Anonymous,
}
