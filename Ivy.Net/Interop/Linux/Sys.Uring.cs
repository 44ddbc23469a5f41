using System.Runtime.CompilerServices;

namespace Ivy.Net.Interop.Linux;

/// <content>io_uring(7), and the memory that is shared with it.</content>
internal static unsafe partial class Sys
{
    // The same on every architecture that .NET runs on: calls of 2019 and later share one table.
    private const nint IoUringSetupNumber = 425;
    private const nint IoUringEnterNumber = 426;
    private const nint IoUringRegisterNumber = 427;

    public static int IoUringSetup(uint entries, UringParameters* parameters)
    {
        int result;
        do
        {
            result = Fault(SysCall.IoUringSetup, -1);
            if (result == 0)
            {
                result = (int)Checked(Libc.syscall(IoUringSetupNumber, (nint)entries, (nint)parameters, 0, 0, 0, 0));
            }
        }
        while (result == -EINTR);
        return result;
    }

    /// <summary>Not repeated after EINTR: it is a wait, and what it was to submit is in the queue still.</summary>
    public static int IoUringEnter(int ring, uint submit, uint complete, uint flags, UringWaitArgument* argument)
    {
        int result = Fault(SysCall.IoUringEnter, ring);
        return result != 0 ? result
            : (int)Checked(Libc.syscall(
                IoUringEnterNumber, ring, (nint)submit, (nint)complete, (nint)flags, (nint)argument, argument == null ? 0 : sizeof(UringWaitArgument)));
    }

    /// <summary>What the kernel has answered to an operation of a ring, or what a test has it answer instead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Answer(SysCall call, int fd, int result) => SysFaults.Current is { } faults ? faults.Answer(call, fd, result) : result;

    public static int IoUringRegister(int ring, uint operation, void* argument, uint count)
    {
        int result;
        do
        {
            result = Fault(SysCall.IoUringRegister, ring);
            if (result == 0)
            {
                result = (int)Checked(Libc.syscall(IoUringRegisterNumber, ring, (nint)operation, (nint)argument, (nint)count, 0, 0));
            }
        }
        while (result == -EINTR);
        return result;
    }

    /// <summary>Memory that is shared with the file; without one (-1), fresh memory of zeros that begins at a page.</summary>
    public static IvError Map(nuint length, int fd, nint offset, out byte* memory)
    {
        int fault;
        do
        {
            fault = Fault(SysCall.Mmap, fd);
        }
        while (fault == -EINTR);
        memory = null;
        if (fault != 0)
        {
            return Error(fault);
        }

        int flags = fd < 0 ? Constants.MAP_PRIVATE | Constants.MAP_ANONYMOUS : Constants.MAP_SHARED | Constants.MAP_POPULATE;
        nint address = Libc.mmap(null, length, Constants.PROT_READ | Constants.PROT_WRITE, flags, fd, offset);
        if (address == -1)
        {
            return Error(Failure());
        }

        memory = (byte*)address;
        return IvError.None;
    }

    public static void Unmap(byte* memory, nuint length)
    {
        if (memory != null)
        {
            _ = Libc.munmap(memory, length);
        }
    }
}
