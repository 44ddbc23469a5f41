using System.Runtime.InteropServices;

#pragma warning disable MA0048 // the layouts of one ABI belong on one page

namespace Ivy.Net.Interop.Windows;

// All with natural alignment, on x64 and arm64; a test holds the sizes.

/// <summary>IO_STATUS_BLOCK; 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoStatusBlock
{
    // The union of a status and a pointer: the kernel writes the lower half only.
    public nint StatusOrPointer;
    public nuint Information;

    public int Status
    {
        readonly get => (int)StatusOrPointer;
        set => StatusOrPointer = value;
    }
}

/// <summary>AFD_POLL_HANDLE_INFO; 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AfdPollHandle
{
    public nint Handle;
    public AfdEvents Events;
    public int Status;
}

/// <summary>AFD_POLL_INFO for one handle, which is both the request and the answer; 32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AfdPollInfo
{
    public long Timeout;
    public uint NumberOfHandles;
    public uint Exclusive;
    public AfdPollHandle Handle0;
}

/// <summary>
/// What the kernel writes to while a poll is in flight: it must neither move nor be freed before the poll's packet was seen. Its
/// address is the poll's name. 64 bytes, a cache line.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AfdPollBlock
{
    public IoStatusBlock Iosb;
    public AfdPollInfo Info;

    /// <summary>Which registration the block is of.</summary>
    public long Index;

    // Fills the cache line.
    private readonly long _reserved;
}

/// <summary>OVERLAPPED_ENTRY, a packet of a completion port; 32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OverlappedEntry
{
    public nuint CompletionKey;

    /// <summary>The block of the poll that has completed; null for a packet that was posted.</summary>
    public AfdPollBlock* Block;
    public nuint Internal;
    public uint Bytes;
}

/// <summary>UNICODE_STRING; lengths are in bytes; 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UnicodeString
{
    public ushort Length;
    public ushort MaximumLength;
    public char* Buffer;
}

/// <summary>OBJECT_ATTRIBUTES; 48 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ObjectAttributes
{
    public uint Length;
    public nint RootDirectory;
    public UnicodeString* ObjectName;
    public uint Attributes;
    public nint SecurityDescriptor;
    public nint SecurityQualityOfService;
}
