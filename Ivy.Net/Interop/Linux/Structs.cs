using System.Runtime.InteropServices;

#pragma warning disable MA0048 // the layouts of one ABI belong on one page

namespace Ivy.Net.Interop.Linux;

/// <summary>struct iovec, readv(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

/// <summary>struct msghdr, recvmsg(2), as the kernel has it on 64-bit Linux and as glibc has it on both.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public byte* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public byte* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary>struct mmsghdr, recvmmsg(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MultiMessageHeader
{
    public MessageHeader Header;
    public uint Length;
}

/// <summary>struct cmsghdr, cmsg(3): its data follow it, and the next one starts at a multiple of the word.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    public nuint Length;
    public int Level;
    public int Type;
}

/// <summary>struct ip_mreqn, ip(7); the addresses are in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IPv4Membership
{
    public uint Group;
    public uint Local;
    public int Interface;
}

/// <summary>struct pollfd, poll(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    public int Fd;
    public short Events;
    public short Revents;
}

/// <summary>struct timespec with a 64-bit time, on 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    public long Seconds;
    public long Nanoseconds;

    /// <summary>Of a time that is not negative: the kernel refuses nanoseconds of a second and more.</summary>
    public static TimeSpec Of(long nanoseconds) => new()
    {
        Seconds = nanoseconds / NanosecondsPerSecond,
        Nanoseconds = nanoseconds % NanosecondsPerSecond,
    };
}

/// <summary>struct linger, socket(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LingerOption
{
    public int OnOff;
    public int Seconds;
}

/// <summary>The head of struct statx, statx(2): one layout on every architecture, unlike struct stat.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct Statx
{
    [FieldOffset(28)]
    public ushort Mode;
    [FieldOffset(32)]
    public ulong Inode;
    [FieldOffset(128)]
    public uint DeviceMajorSpecial;
    [FieldOffset(132)]
    public uint DeviceMinorSpecial;
    [FieldOffset(136)]
    public uint DeviceMajor;
    [FieldOffset(140)]
    public uint DeviceMinor;
}

/// <summary>The head of struct sigaction of the C library, sigaction(2); what follows the mask is left to it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 160)]
internal struct SignalAction
{
    public nint Handler;
    public SignalSet Mask;
    public int Flags;
}

/// <summary>struct rusage, getrusage(2): times in seconds and microseconds, the memory in KiB.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ResourceUsage
{
    public nint UserSeconds;
    public nint UserMicroseconds;
    public nint SystemSeconds;
    public nint SystemMicroseconds;
    public nint MaximumResident;
    public nint SharedText;
    public nint UnsharedData;
    public nint UnsharedStack;
    public nint MinorFaults;
    public nint MajorFaults;
    public nint Swaps;
    public nint BlocksIn;
    public nint BlocksOut;
    public nint MessagesSent;
    public nint MessagesReceived;
    public nint SignalsReceived;
    public nint VoluntarySwitches;
    public nint InvoluntarySwitches;
}

/// <summary>struct pidfd_info as of Linux 6.13, linux/pidfd.h.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct PidfdInfo
{
    [FieldOffset(0)]
    public ulong Mask;
    [FieldOffset(60)]
    public int ExitStatus;
}

/// <summary>The part of struct signalfd_siginfo that says which signal it is and who sent it, signalfd(2).</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct SignalInfo
{
    [FieldOffset(0)]
    public uint Number;
    [FieldOffset(8)]
    public int Code;
}

/// <summary>struct inotify_event, inotify(7); the name follows it, filled up with zeros to a multiple of its alignment.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InotifyEvent
{
    public int Descriptor;
    public uint Mask;
    public uint Cookie;
    public uint NameLength;
}
