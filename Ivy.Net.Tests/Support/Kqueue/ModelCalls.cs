using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Tests.Support;

/// <summary>The system calls of the model: its own, so that neither the counts nor the faults of the tests get to them.</summary>
internal static unsafe partial class ModelCalls
{
    public const int SolSocket = 1;
    public const int SoType = 3;
    public const int SoSndBuf = 7;
    public const int SoRcvBuf = 8;
    public const int SoAcceptConn = 30;
    public const int SoDomain = 39;
    public const int SockStream = 1;
    public const int AfUnix = 1;

    public const int PollIn = 1;
    public const int PollPri = 2;
    public const int PollOut = 4;
    public const int PollErr = 8;
    public const int PollHup = 16;
    public const int PollRdHup = 0x2000;

    public const uint EpollEdge = 1u << 31;
    public const int EpollAdd = 1;
    public const int EpollDelete = 2;
    public const int EpollModify = 3;

    private const int Tcp = 6;
    private const int TcpInfo = 11;
    private const ulong Fionread = 0x541B;
    private const ulong Siocoutq = 0x5411;
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    /// <summary>What poll(2) says now.</summary>
    public static int Poll(int fd)
    {
        var entry = new PollEntry { Fd = fd, Events = PollIn | PollPri | PollOut | PollRdHup };
        return poll(&entry, 1, 0) > 0 ? entry.Revents : 0;
    }

    /// <summary>Waits until a descriptor is readable; false if time is up, or a signal came.</summary>
    public static bool WaitReadable(int fd, long nanoseconds)
    {
        var entry = new PollEntry { Fd = fd, Events = PollIn };
        long* timeout = stackalloc long[2] { nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000 };
        return ppoll(&entry, 1, nanoseconds < 0 ? null : timeout, null) > 0;
    }

    public static long Option(int fd, int level, int name)
    {
        int value = 0;
        uint length = sizeof(int);
        return getsockopt(fd, level, name, &value, &length) == 0 ? value : -1;
    }

    /// <summary>0 for a socket, or a negative errno.</summary>
    public static int CheckSocket(int fd)
    {
        int value = 0;
        uint length = sizeof(int);
        return getsockopt(fd, SolSocket, SoType, &value, &length) == 0 ? 0 : -Marshal.GetLastPInvokeError();
    }

    /// <summary>Whether our side of a TCP connection has been shut.</summary>
    public static bool HasSentEnd(int fd)
    {
        byte* info = stackalloc byte[8];
        uint length = 8;

        // FIN_WAIT1, FIN_WAIT2, TIME_WAIT, LAST_ACK, CLOSING.
        return getsockopt(fd, Tcp, TcpInfo, info, &length) == 0 && info[0] is 4 or 5 or 6 or 9 or 11;
    }

    public static bool HasPeer(int fd)
    {
        byte* room = stackalloc byte[128];
        uint length = 128;
        return getpeername(fd, room, &length) == 0;
    }

    /// <summary>Local port and peer, as far as they are known.</summary>
    public static AfdSocketName NameOf(int fd)
    {
        byte* room = stackalloc byte[128];
        uint length = 128;
        int port = getsockname(fd, room, &length) == 0 && length >= 16 ? BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(room + 2, 2)) : 0;
        length = 128;
        bool hasPeer = Option(fd, SolSocket, SoType) == SockStream && getpeername(fd, room, &length) == 0 && length >= 16;
        return new AfdSocketName(port, hasPeer ? Unsafe.ReadUnaligned<ulong>(room) : 0);
    }

    public static long Available(int fd) => Ioctl(fd, Fionread);

    public static long Unsent(int fd) => Ioctl(fd, Siocoutq);

    public static bool IsWriter(int fd) => (fcntl(fd, 3, 0) & 3) == 1; // F_GETFL, O_ACCMODE, O_WRONLY

    public static int CreateEpoll() => epoll_create1(0x80000);

    public static int CreateEvent() => eventfd(0, 0x80000 | 0x800);

    public static void Signal(int fd)
    {
        ulong one = 1;
        _ = write(fd, &one, sizeof(ulong));
    }

    public static void Quiet(int fd)
    {
        ulong count;
        _ = read(fd, &count, sizeof(ulong));
    }

    public static void CloseNumber(int fd) => _ = close(fd);

    /// <summary>epoll_ctl(2).</summary>
    /// <returns>0 or a negative errno.</returns>
    public static int Control(int epoll, int operation, int fd, uint events)
    {
        byte* change = stackalloc byte[16];
        *(uint*)change = events;
        Unsafe.WriteUnaligned(change + EventSize - sizeof(ulong), (ulong)(uint)fd);
        return epoll_ctl(epoll, operation, fd, change) == 0 ? 0 : -Marshal.GetLastPInvokeError();
    }

    /// <summary>The descriptors that a set reports now, and what for.</summary>
    public static int Take(int epoll, Span<(int Fd, int Events)> found)
    {
        byte* room = stackalloc byte[found.Length * EventSize];
        int count = Math.Max(epoll_wait(epoll, room, found.Length, 0), 0);
        for (int i = 0; i < count; i++)
        {
            byte* entry = room + (i * EventSize);
            found[i] = ((int)Unsafe.ReadUnaligned<ulong>(entry + EventSize - sizeof(ulong)), (int)*(uint*)entry);
        }

        return count;
    }

    private static long Ioctl(int fd, ulong request)
    {
        int value = 0;
        return ioctl(fd, request, &value) == 0 ? value : 0;
    }

    [LibraryImport("libc")]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static partial int ppoll(PollEntry* entries, nuint count, long* timeout, void* mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport("libc")]
    private static partial int getsockname(int fd, byte* address, uint* length);

    [LibraryImport("libc")]
    private static partial int getpeername(int fd, byte* address, uint* length);

    [LibraryImport("libc")]
    private static partial int ioctl(int fd, ulong request, int* value);

    [LibraryImport("libc")]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc")]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, byte* change);

    [LibraryImport("libc")]
    private static partial int epoll_wait(int epoll, byte* events, int maximum, int milliseconds);

    [LibraryImport("libc")]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc")]
    private static partial nint write(int fd, void* buffer, nuint length);

    [LibraryImport("libc")]
    private static partial nint read(int fd, void* buffer, nuint length);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Fd;
        public short Events;
        public short Revents;
    }
}
