using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Bsd;

/// <summary>struct kevent of FreeBSD 12 and later, kqueue(2): what the C library's symbol takes unless an old version of it is asked for.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct FreeBsdKqueueEvent
{
    public KqueueEvent Event;
    public ulong Extension0;
    public ulong Extension1;
    public ulong Extension2;
    public ulong Extension3;
}
