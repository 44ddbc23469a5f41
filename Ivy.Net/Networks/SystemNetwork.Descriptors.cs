using System.Net;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// What can be asked of any descriptor, and the files behind Unix sockets.
internal sealed unsafe partial class SystemNetwork
{
    // Majors of Documentation/admin-guide/devices.txt.
    private const uint MemoryMajor = 1;
    private const uint TtyMajor = 4;
    private const uint ConsoleMajor = 5;
    private const uint FirstPtyMajor = 136;
    private const uint LastPtyMajor = 143;

    // The two memory devices that have a poll of their own: /dev/random and /dev/kmsg.
    private const uint RandomMinor = 8;
    private const uint KernelLogMinor = 11;

    // sizeof(sun_path), unix(7).
    private const int PathRoom = 108;

    internal override IvError Identify(nint handle, out DescriptorIdentity identity)
    {
        Statx status;
        int result = Sys.Statx((int)handle, &status);
        if (result < 0)
        {
            identity = default;
            return Sys.Error(result);
        }

        ulong device = ((ulong)status.DeviceMajor << 32) | status.DeviceMinor;
        identity = new DescriptorIdentity(KindOf(status.Mode, status.DeviceMajorSpecial, status.DeviceMinorSpecial), device, status.Inode);
        return IvError.None;
    }

    internal override IvError GetBlocking(nint handle, out bool blocking)
    {
        int flags = Sys.Fcntl((int)handle, Constants.F_GETFL);
        blocking = flags >= 0 && (flags & Constants.O_NONBLOCK) == 0;
        return ErrorOf(flags);
    }

    internal override IvError SetBlocking(nint handle, bool blocking)
    {
        int flags = Sys.Fcntl((int)handle, Constants.F_GETFL);
        if (flags < 0)
        {
            return Sys.Error(flags);
        }

        int wanted = blocking ? flags & ~Constants.O_NONBLOCK : flags | Constants.O_NONBLOCK;
        return wanted == flags ? IvError.None : ErrorOf(Sys.Fcntl((int)handle, Constants.F_SETFL, wanted));
    }

    internal override IvError SetCloseOnExec(nint handle)
    {
        int flags = Sys.Fcntl((int)handle, Constants.F_GETFD);
        return flags < 0 ? Sys.Error(flags) : ErrorOf(Sys.Fcntl((int)handle, Constants.F_SETFD, flags | Constants.FD_CLOEXEC));
    }

    internal override IvError Duplicate(nint handle, out nint duplicate)
    {
        int result = Sys.Fcntl((int)handle, Constants.F_DUPFD_CLOEXEC);
        duplicate = result < 0 ? -1 : result;
        return ErrorOf(result);
    }

    internal override IvError OpenEvent(out nint handle)
    {
        int result = Sys.EventFd(0, Constants.EFD_NONBLOCK | Constants.EFD_CLOEXEC);
        handle = result < 0 ? -1 : result;
        return ErrorOf(result);
    }

    internal override IvError UnlinkSocket(SocketAddress address)
    {
        byte* path = stackalloc byte[PathRoom + 1];
        if (!CopyPath(address, path))
        {
            return IvError.EINVAL;
        }

        // connect(2) says ECONNREFUSED for a file of any kind: nothing but a socket may be taken away on its word.
        Statx status;
        int result = Sys.StatxPath(path, &status);
        if (result < 0)
        {
            return Sys.Error(result);
        }

        return (status.Mode & Constants.S_IFMT) == Constants.S_IFSOCK ? ErrorOf(Sys.Unlink(path)) : IvError.EADDRINUSE;
    }

    internal override IvError SetFileMode(SocketAddress address, UnixFileMode mode)
    {
        byte* path = stackalloc byte[PathRoom + 1];
        return CopyPath(address, path) ? ErrorOf(Sys.Chmod(path, (uint)mode)) : IvError.EINVAL;
    }

    private static bool CopyPath(SocketAddress address, byte* path)
    {
        ReadOnlySpan<byte> bytes = NativeAddress.PathOf(address);
        if (bytes.IsEmpty || bytes[0] == 0 || bytes.Length > PathRoom)
        {
            return false;
        }

        bytes.CopyTo(new Span<byte>(path, PathRoom));
        path[bytes.Length] = 0;
        return true;
    }

    private static DescriptorKind KindOf(int mode, uint major, uint minor) => (mode & Constants.S_IFMT) switch
    {
        Constants.S_IFSOCK => DescriptorKind.Socket,
        Constants.S_IFIFO => DescriptorKind.Pipe,
        Constants.S_IFREG => DescriptorKind.RegularFile,
        Constants.S_IFDIR => DescriptorKind.Directory,
        Constants.S_IFBLK => DescriptorKind.BlockDevice,
        Constants.S_IFCHR => KindOfDevice(major, minor),
        0 => DescriptorKind.Anonymous,
        _ => DescriptorKind.Unknown,
    };

    private static DescriptorKind KindOfDevice(uint major, uint minor) => major switch
    {
        MemoryMajor => minor is RandomMinor or KernelLogMinor ? DescriptorKind.Device : DescriptorKind.UnpollableDevice,
        TtyMajor or ConsoleMajor or (>= FirstPtyMajor and <= LastPtyMajor) => DescriptorKind.Terminal,
        _ => DescriptorKind.Device,
    };
}
