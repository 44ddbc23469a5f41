using System.Runtime.InteropServices;

#pragma warning disable MA0048 // the layouts of one ABI belong on one page

namespace Ivy.Net.Interop.Linux;

/// <summary>struct io_uring_params, io_uring_setup(2), with the offsets of both rings.</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct UringParameters
{
    public uint SubmissionEntries;
    public uint CompletionEntries;
    public uint Flags;
    public uint ThreadCpu;
    public uint ThreadIdle;
    public uint Features;
    public uint WorkerFd;
    public uint Reserved0;
    public uint Reserved1;
    public uint Reserved2;
    public UringSubmissionOffsets Submission;
    public UringCompletionOffsets Completion;
}

/// <summary>struct io_sqring_offsets.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal struct UringSubmissionOffsets
{
    public uint Head;
    public uint Tail;
    public uint Mask;
    public uint Entries;
    public uint Flags;
    public uint Dropped;
    public uint Array;
}

/// <summary>struct io_cqring_offsets.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal struct UringCompletionOffsets
{
    public uint Head;
    public uint Tail;
    public uint Mask;
    public uint Entries;
    public uint Overflow;
    public uint Entry;
    public uint Flags;
}

/// <summary>struct io_uring_sqe: what the kernel is asked for. Which member of a union a field is, the operation says.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct UringSubmission
{
    [FieldOffset(0)]
    public byte Operation;
    [FieldOffset(1)]
    public byte Flags;
    [FieldOffset(2)]
    public ushort Priority;
    [FieldOffset(4)]
    public int Fd;
    [FieldOffset(8)]
    public ulong Offset;
    [FieldOffset(16)]
    public ulong Address;
    [FieldOffset(24)]
    public uint Length;
    [FieldOffset(28)]
    public uint OperationFlags;
    [FieldOffset(32)]
    public ulong UserData;
    [FieldOffset(40)]
    public ushort BufferGroup;
}

/// <summary>struct io_uring_cqe: what came of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UringCompletion
{
    public ulong UserData;
    public int Result;
    public uint Flags;
}

/// <summary>struct io_uring_getevents_arg: how long to wait.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UringWaitArgument
{
    public ulong SignalMask;
    public uint SignalMaskSize;
    public uint MinimumMicroseconds;
    public ulong Timeout;
}

/// <summary>struct io_uring_buf: a buffer that the kernel may take. The last field of entry 0 is the tail of their ring.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UringBuffer
{
    public ulong Address;
    public uint Length;
    public ushort Id;
    public ushort Tail;
}

/// <summary>struct io_uring_buf_reg: a ring of buffers, and the number of its group.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal struct UringBufferGroup
{
    public ulong Address;
    public uint Entries;
    public ushort Group;
    public ushort Flags;
}
