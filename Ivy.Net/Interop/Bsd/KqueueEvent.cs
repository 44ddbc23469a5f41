using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Bsd;

/// <summary>struct kevent, kqueue(2), as the library has it on every system: a change on the way in, an event or an answer on the way out.</summary>
/// <remarks>On 64-bit macOS it is the kernel's own layout, byte for byte; <see cref="FreeBsdKqueueEvent"/> is longer.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal record struct KqueueEvent
{
    /// <summary>What is watched: for the filters that the library uses a descriptor, and 0 for EVFILT_USER.</summary>
    public nuint Ident;

    /// <summary>EVFILT_….</summary>
    public short Filter;

    /// <summary>EV_….</summary>
    public ushort Flags;

    /// <summary>NOTE_… of a change; of an event with EV_EOF, the error of the socket.</summary>
    public uint FilterFlags;

    /// <summary>Bytes that can be read or written; with EV_ERROR, the errno.</summary>
    public long Data;

    /// <summary>Comes back as it was given.</summary>
    public ulong UserData;
}
