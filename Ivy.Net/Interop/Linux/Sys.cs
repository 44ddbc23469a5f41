using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <summary>
/// The system calls, in the kernel's own convention: a result of 0 or more, or a negative errno. The ones that can be asked
/// again after EINTR are; waits, close(2) and connect(2) are not, their callers know what EINTR means there.
/// Each asks <see cref="SysFaults"/> first (a load and a branch).
/// </summary>
internal static unsafe class Sys
{
    public const int EINTR = (int)IvError.EINTR;

    // glibc 2.35 and later has it; older ones make the caller fall back to epoll_wait.
    private static readonly delegate* unmanaged<int, byte*, int, TimeSpec*, void*, int> OptionalEpollPwait2 = FindEpollPwait2();

    /// <summary>The error in a negative result.</summary>
    /// <param name="result">A result of a call here; must be negative.</param>
    /// <returns>Its error.</returns>
    public static IvError Error(nint result) => (IvError)(int)-result;

    public static int Socket(int domain, int type, int protocol)
    {
        int result;
        do
        {
            result = Fault(SysCall.Socket, -1);
            if (result == 0)
            {
                result = Checked(Libc.socket(domain, type, protocol));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int SocketPair(int domain, int type, int protocol, int* pair)
    {
        int result;
        do
        {
            result = Fault(SysCall.SocketPair, -1);
            if (result == 0)
            {
                result = Checked(Libc.socketpair(domain, type, protocol, pair));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int Bind(int fd, byte* address, uint length)
    {
        int result;
        do
        {
            result = Fault(SysCall.Bind, fd);
            if (result == 0)
            {
                result = Checked(Libc.bind(fd, address, length));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int Listen(int fd, int backlog)
    {
        int result;
        do
        {
            result = Fault(SysCall.Listen, fd);
            if (result == 0)
            {
                result = Checked(Libc.listen(fd, backlog));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int Accept(int fd, byte* address, uint* length, int flags)
    {
        int result;
        do
        {
            result = Fault(SysCall.Accept, fd);
            if (result == 0)
            {
                result = Checked(Libc.accept4(fd, address, length, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint Recv(int fd, byte* buffer, nuint length, int flags)
    {
        nuint limit = SysFaults.Current is { } faults ? faults.Limit(SysCall.Recv, length) : length;
        nint result;
        do
        {
            result = Fault(SysCall.Recv, fd);
            if (result == 0)
            {
                result = Checked(Libc.recv(fd, buffer, limit, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint Send(int fd, byte* buffer, nuint length, int flags)
    {
        nuint limit = SysFaults.Current is { } faults ? faults.Limit(SysCall.Send, length) : length;
        nint result;
        do
        {
            result = Fault(SysCall.Send, fd);
            if (result == 0)
            {
                result = Checked(Libc.send(fd, buffer, limit, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint RecvFrom(int fd, byte* buffer, nuint length, int flags, byte* address, uint* addressLength)
    {
        nuint limit = SysFaults.Current is { } faults ? faults.Limit(SysCall.RecvFrom, length) : length;
        nint result;
        do
        {
            result = Fault(SysCall.RecvFrom, fd);
            if (result == 0)
            {
                result = Checked(Libc.recvfrom(fd, buffer, limit, flags, address, addressLength));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint SendTo(int fd, byte* buffer, nuint length, int flags, byte* address, uint addressLength)
    {
        nint result;
        do
        {
            result = Fault(SysCall.SendTo, fd);
            if (result == 0)
            {
                result = Checked(Libc.sendto(fd, buffer, length, flags, address, addressLength));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint RecvMsg(int fd, MessageHeader* message, int flags)
    {
        Shorten(SysCall.RecvMsg, message->Vectors, (int)message->VectorCount);
        nint result;
        do
        {
            result = Fault(SysCall.RecvMsg, fd);
            if (result == 0)
            {
                result = Checked(Libc.recvmsg(fd, message, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint SendMsg(int fd, MessageHeader* message, int flags)
    {
        Shorten(SysCall.SendMsg, message->Vectors, (int)message->VectorCount);
        nint result;
        do
        {
            result = Fault(SysCall.SendMsg, fd);
            if (result == 0)
            {
                result = Checked(Libc.sendmsg(fd, message, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int RecvMmsg(int fd, MultiMessageHeader* messages, uint count, int flags)
    {
        int result;
        do
        {
            result = Fault(SysCall.RecvMmsg, fd);
            if (result == 0)
            {
                result = Checked(Libc.recvmmsg(fd, messages, count, flags, null));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int SendMmsg(int fd, MultiMessageHeader* messages, uint count, int flags)
    {
        int result;
        do
        {
            result = Fault(SysCall.SendMmsg, fd);
            if (result == 0)
            {
                result = Checked(Libc.sendmmsg(fd, messages, count, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int Shutdown(int fd, int how)
    {
        int result;
        do
        {
            result = Fault(SysCall.Shutdown, fd);
            if (result == 0)
            {
                result = Checked(Libc.shutdown(fd, how));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int GetSockName(int fd, byte* address, uint* length)
    {
        int result;
        do
        {
            result = Fault(SysCall.GetSockName, fd);
            if (result == 0)
            {
                result = Checked(Libc.getsockname(fd, address, length));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int GetPeerName(int fd, byte* address, uint* length)
    {
        int result;
        do
        {
            result = Fault(SysCall.GetPeerName, fd);
            if (result == 0)
            {
                result = Checked(Libc.getpeername(fd, address, length));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int GetSockOpt(int fd, int level, int name, byte* value, uint* length)
    {
        int result;
        do
        {
            result = Fault(SysCall.GetSockOpt, fd);
            if (result == 0)
            {
                result = Checked(Libc.getsockopt(fd, level, name, value, length));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int SetSockOpt(int fd, int level, int name, byte* value, uint length)
    {
        int result;
        do
        {
            result = Fault(SysCall.SetSockOpt, fd);
            if (result == 0)
            {
                result = Checked(Libc.setsockopt(fd, level, name, value, length));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static nint Read(int fd, byte* buffer, nuint length)
    {
        nuint limit = SysFaults.Current is { } faults ? faults.Limit(SysCall.Read, length) : length;
        nint result;
        do
        {
            result = Fault(SysCall.Read, fd);
            if (result == 0)
            {
                result = Checked(Libc.read(fd, buffer, limit));
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
                result = Checked(Libc.write(fd, buffer, limit));
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

    public static int EventFd(uint initial, int flags)
    {
        int result;
        do
        {
            result = Fault(SysCall.EventFd, -1);
            if (result == 0)
            {
                result = Checked(Libc.eventfd(initial, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int EpollCreate(int flags)
    {
        int result;
        do
        {
            result = Fault(SysCall.EpollCreate, -1);
            if (result == 0)
            {
                result = Checked(Libc.epoll_create1(flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    public static int EpollCtl(int epoll, int operation, int fd, byte* change)
    {
        int result;
        do
        {
            result = Fault(SysCall.EpollCtl, fd);
            if (result == 0)
            {
                result = Checked(Libc.epoll_ctl(epoll, operation, fd, change));
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

    /// <summary>Not repeated: after EINTR the connect goes on by itself, as if it had said EINPROGRESS.</summary>
    public static int Connect(int fd, byte* address, uint length)
    {
        int fault = Fault(SysCall.Connect, fd);
        int result = fault is 0 or -EINTR ? Checked(Libc.connect(fd, address, length)) : fault;
        return fault != 0 ? fault : result;
    }

    /// <summary>Not repeated: on Linux the descriptor is gone whatever close(2) says.</summary>
    public static int Close(int fd)
    {
        int result = Checked(Libc.close(fd));
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

    public static int EpollWait(int epoll, byte* events, int maximum, int milliseconds)
    {
        int result = Fault(SysCall.EpollWait, epoll);
        return result != 0 ? result : Checked(Libc.epoll_wait(epoll, events, maximum, milliseconds));
    }

    public static int EpollPwait2(int epoll, byte* events, int maximum, TimeSpec* timeout)
    {
        int result = Fault(SysCall.EpollPwait2, epoll);
        return result != 0 ? result
            : OptionalEpollPwait2 == null ? -(int)IvError.ENOSYS
            : Checked(OptionalEpollPwait2(epoll, events, maximum, timeout, null));
    }

    public static int Ppoll(PollFd* fds, int count, TimeSpec* timeout)
    {
        int result = Fault(SysCall.Ppoll, -1);
        return result != 0 ? result : Checked(Libc.ppoll(fds, (nuint)count, timeout, null));
    }

    /// <summary>The kernel's number of this thread, as ps(1) and top(1) show it.</summary>
    public static int GetThreadId() => Libc.gettid();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Fault(SysCall call, int fd) => SysFaults.Current is { } faults ? faults.Fail(call, fd) : 0;

    // The limit of a test, over vectors: the front ones fill up, the rest become empty.
    private static void Shorten(SysCall call, IoVector* vectors, int count)
    {
        if (SysFaults.Current is not { } faults)
        {
            return;
        }

        nuint total = 0;
        for (int i = 0; i < count; i++)
        {
            total += vectors[i].Length;
        }

        nuint left = faults.Limit(call, total);
        for (int i = 0; i < count; i++)
        {
            vectors[i].Length = nuint.Min(vectors[i].Length, left);
            left -= vectors[i].Length;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Checked(int result) => result >= 0 ? result : Failure();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Checked(nint result) => result >= 0 ? result : Failure();

    private static int Failure() => -Marshal.GetLastSystemError();

    private static delegate* unmanaged<int, byte*, int, TimeSpec*, void*, int> FindEpollPwait2() =>
        NativeLibrary.TryLoad("libc", typeof(Sys).Assembly, searchPath: null, out nint library)
        && NativeLibrary.TryGetExport(library, "epoll_pwait2", out nint address)
            ? (delegate* unmanaged<int, byte*, int, TimeSpec*, void*, int>)address
            : null;
}
