namespace Ivy.Net.Interop.Linux;

/// <content>Sockets.</content>
internal static unsafe partial class Sys
{
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
                result = Checked(Kernel.Accept(fd, address, length, flags));
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
                result = Checked(Kernel.Recv(fd, buffer, limit, flags));
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
                result = Checked(Kernel.Send(fd, buffer, limit, flags));
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
                result = Checked(Kernel.RecvFrom(fd, buffer, limit, flags, address, addressLength));
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
                result = Checked(Kernel.SendTo(fd, buffer, length, flags, address, addressLength));
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
                result = Checked(Kernel.RecvMsg(fd, message, flags));
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
                result = Checked(Kernel.SendMsg(fd, message, flags));
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

    /// <summary>Not repeated: after EINTR the connect goes on by itself, as if it had said EINPROGRESS.</summary>
    public static int Connect(int fd, byte* address, uint length)
    {
        int fault = Fault(SysCall.Connect, fd);
        int result = fault is 0 or -EINTR ? Checked(Libc.connect(fd, address, length)) : fault;
        return fault != 0 ? fault : result;
    }
}
