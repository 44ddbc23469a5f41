namespace Ivy.Net.Interop.Linux;

/// <content>Descriptors and files.</content>
internal static unsafe partial class Sys
{
    public static nint Read(int fd, byte* buffer, nuint length)
    {
        nuint limit = SysFaults.Current is { } faults ? faults.Limit(SysCall.Read, length) : length;
        nint result;
        do
        {
            result = Fault(SysCall.Read, fd);
            if (result == 0)
            {
                result = Checked(Kernel.Read(fd, buffer, limit));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint Write(int fd, byte* buffer, nuint length)
    {
        nuint limit = SysFaults.Current is { } faults ? faults.Limit(SysCall.Write, length) : length;
        nint result;
        do
        {
            result = Fault(SysCall.Write, fd);
            if (result == 0)
            {
                result = Checked(Kernel.Write(fd, buffer, limit));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint ReadV(int fd, IoVector* vectors, int count)
    {
        Shorten(SysCall.ReadV, vectors, count);
        nint result;
        do
        {
            result = Fault(SysCall.ReadV, fd);
            if (result == 0)
            {
                result = Checked(Libc.readv(fd, vectors, count));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint WriteV(int fd, IoVector* vectors, int count)
    {
        Shorten(SysCall.WriteV, vectors, count);
        nint result;
        do
        {
            result = Fault(SysCall.WriteV, fd);
            if (result == 0)
            {
                result = Checked(Libc.writev(fd, vectors, count));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int Fcntl(int fd, int command, nint argument = 0)
    {
        int result;
        do
        {
            result = Fault(SysCall.Fcntl, fd);
            if (result == 0)
            {
                result = Checked(Libc.fcntl(fd, command, argument));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int Dup3(int from, int to, int flags)
    {
        int result;
        do
        {
            result = Fault(SysCall.Dup3, from);
            if (result == 0)
            {
                result = Checked(Libc.dup3(from, to, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    /// <summary>Not repeated: on Linux the descriptor is gone whatever close(2) says.</summary>
    public static int Close(int fd)
    {
        int result = Checked(Kernel.Close(fd));
        int fault = Fault(SysCall.Close, fd);
        return fault != 0 ? fault : result;
    }

    public static int Statx(int fd, Statx* buffer)
    {
        byte empty = 0;
        int result;
        do
        {
            result = Fault(SysCall.Statx, fd);
            if (result == 0)
            {
                result = Checked(Libc.statx(fd, &empty, Constants.AT_EMPTY_PATH, Constants.STATX_BASIC_STATS, buffer));
            }
        }
        while (result == -EINTR);
        return result;
    }

    /// <summary>Looks at a name, not at what a symbolic link of that name points to.</summary>
    public static int StatxPath(byte* path, Statx* buffer)
    {
        int result;
        do
        {
            result = Fault(SysCall.Statx, -1);
            if (result == 0)
            {
                result = Checked(Libc.statx(Constants.AT_FDCWD, path, Constants.AT_SYMLINK_NOFOLLOW, Constants.STATX_BASIC_STATS, buffer));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int Unlink(byte* path)
    {
        int result;
        do
        {
            result = Fault(SysCall.Unlink, -1);
            if (result == 0)
            {
                result = Checked(Libc.unlink(path));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int Chmod(byte* path, uint mode)
    {
        int result;
        do
        {
            result = Fault(SysCall.Chmod, -1);
            if (result == 0)
            {
                result = Checked(Libc.chmod(path, mode));
            }
        }
        while (result == -EINTR);
        return result;
    }
}
