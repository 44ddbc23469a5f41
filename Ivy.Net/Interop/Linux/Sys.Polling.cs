namespace Ivy.Net.Interop.Linux;

/// <content>Waiting, and what wakes it.</content>
internal static unsafe partial class Sys
{
    // glibc 2.35 and later has it; older ones make the caller fall back to epoll_wait.
    private static readonly delegate* unmanaged<int, byte*, int, TimeSpec*, void*, int> OptionalEpollPwait2 = FindEpollPwait2();

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

    public static int EpollWait(int epoll, byte* events, int maximum, int milliseconds)
    {
        int result = Fault(SysCall.EpollWait, epoll);
        return result != 0 ? result : Checked(Kernel.EpollWait(epoll, events, maximum, milliseconds));
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

    private static delegate* unmanaged<int, byte*, int, TimeSpec*, void*, int> FindEpollPwait2() =>
        (delegate* unmanaged<int, byte*, int, TimeSpec*, void*, int>)FindOptional("epoll_pwait2");
}
