using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <summary>
/// The calls that a server makes for every event, by number: syscall(2). The C library's functions of these names are points at which
/// pthread_cancel(3) may end the thread; in a process of several threads each pays for that with two atomic operations, 25 ns, which
/// syscall(2) does not. Nobody cancels a thread of .NET. They are the calls that the C library would make, and errno is set as by it;
/// where the numbers are not known here, its functions are called.
/// </summary>
internal static unsafe partial class Kernel
{
    private static readonly Architecture Machine = RuntimeInformation.ProcessArchitecture;

    // arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h.
    private static readonly nint ReadNumber = Number(x64: 0, arm64: 63);
    private static readonly nint WriteNumber = Number(x64: 1, arm64: 64);
    private static readonly nint CloseNumber = Number(x64: 3, arm64: 57);
    private static readonly nint SendToNumber = Number(x64: 44, arm64: 206);
    private static readonly nint RecvFromNumber = Number(x64: 45, arm64: 207);
    private static readonly nint SendMsgNumber = Number(x64: 46, arm64: 211);
    private static readonly nint RecvMsgNumber = Number(x64: 47, arm64: 212);
    private static readonly nint AcceptNumber = Number(x64: 288, arm64: 242);

    // epoll_wait(2), which arm64 has not: there it is epoll_pwait(2) without a mask.
    private static readonly nint EpollWaitNumber = Number(x64: 232, arm64: 22);

    private static bool IsKnown => Machine is Architecture.X64 or Architecture.Arm64;

    public static nint Read(int fd, byte* buffer, nuint length) =>
        IsKnown ? Call(ReadNumber, fd, buffer, length, 0, null, null) : Libc.read(fd, buffer, length);

    public static nint Write(int fd, byte* buffer, nuint length) =>
        IsKnown ? Call(WriteNumber, fd, buffer, length, 0, null, null) : Libc.write(fd, buffer, length);

    public static int Close(int fd) =>
        IsKnown ? (int)Call(CloseNumber, fd, null, 0, 0, null, null) : Libc.close(fd);

    public static nint Recv(int fd, byte* buffer, nuint length, int flags) =>
        IsKnown ? Call(RecvFromNumber, fd, buffer, length, flags, null, null) : Libc.recv(fd, buffer, length, flags);

    public static nint Send(int fd, byte* buffer, nuint length, int flags) =>
        IsKnown ? Call(SendToNumber, fd, buffer, length, flags, null, null) : Libc.send(fd, buffer, length, flags);

    public static nint RecvFrom(int fd, byte* buffer, nuint length, int flags, byte* address, uint* addressLength) =>
        IsKnown ? Call(RecvFromNumber, fd, buffer, length, flags, address, addressLength) : Libc.recvfrom(fd, buffer, length, flags, address, addressLength);

    public static nint SendTo(int fd, byte* buffer, nuint length, int flags, byte* address, uint addressLength) =>
        IsKnown ? Call(SendToNumber, fd, buffer, length, flags, address, (void*)(nuint)addressLength) : Libc.sendto(fd, buffer, length, flags, address, addressLength);

    public static nint RecvMsg(int fd, MessageHeader* message, int flags) =>
        IsKnown ? Call(RecvMsgNumber, fd, message, (nuint)flags, 0, null, null) : Libc.recvmsg(fd, message, flags);

    public static nint SendMsg(int fd, MessageHeader* message, int flags) =>
        IsKnown ? Call(SendMsgNumber, fd, message, (nuint)flags, 0, null, null) : Libc.sendmsg(fd, message, flags);

    public static int Accept(int fd, byte* address, uint* length, int flags) =>
        IsKnown ? (int)Call(AcceptNumber, fd, address, (nuint)length, flags, null, null) : Libc.accept4(fd, address, length, flags);

    public static int EpollWait(int epoll, byte* events, int maximum, int milliseconds) =>
        IsKnown ? (int)Call(EpollWaitNumber, epoll, events, (nuint)maximum, milliseconds, null, null) : Libc.epoll_wait(epoll, events, maximum, milliseconds);

    private static nint Number(int x64, int arm64) => Machine switch
    {
        Architecture.X64 => x64,
        Architecture.Arm64 => arm64,
        _ => -1,
    };

    // The kernel takes the low half of a register for an int, and looks at no more registers than a call has arguments.
    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint fd, void* second, nuint third, nint fourth, void* fifth, void* sixth);
}
