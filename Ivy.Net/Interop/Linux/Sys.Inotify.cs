using System.Text;

namespace Ivy.Net.Interop.Linux;

/// <content>inotify(7).</content>
internal static unsafe partial class Sys
{
    /// <summary>A non-blocking, close-on-exec instance.</summary>
    public static int InotifyInit()
    {
        int fault = Fault(SysCall.InotifyInit, -1);
        return fault != 0 ? fault : Checked(Libc.inotify_init1(Constants.IN_NONBLOCK | Constants.IN_CLOEXEC));
    }

    /// <summary>The number of the watch, an old one if the instance watches the inode already.</summary>
    public static int InotifyAddWatch(int fd, string path, uint mask)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(path) + 1];
        Encoding.UTF8.GetBytes(path, bytes);
        int result;
        fixed (byte* pointer = bytes)
        {
            do
            {
                result = Fault(SysCall.InotifyAddWatch, fd);
                if (result == 0)
                {
                    result = Checked(Libc.inotify_add_watch(fd, pointer, mask));
                }
            }
            while (result == -EINTR);
        }

        return result;
    }

    /// <summary>EINVAL: the kernel has ended the watch already.</summary>
    public static int InotifyRmWatch(int fd, int watch)
    {
        int fault = Fault(SysCall.InotifyRmWatch, fd);
        return fault != 0 ? fault : Checked(Libc.inotify_rm_watch(fd, watch));
    }
}
