using System.Buffers.Binary;
using System.Runtime.InteropServices;

#pragma warning disable MA0048 // the layouts of one ABI belong on one page

namespace Ivy.Net.Interop.Windows;

/// <summary>WSABUF.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct WsaBuffer
{
    public uint Length;
    public byte* Base;
}

/// <summary>struct linger of winsock2.h, half as wide as elsewhere.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WinsockLinger
{
    public ushort OnOff;
    public ushort Seconds;
}

/// <summary>struct ip_mreq of ws2ipdef.h; an interface's index stands in network order where an address of 0.x.x.x would.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WinsockMembership
{
    public uint Group;
    public uint Interface;

    /// <summary>An interface's index as IP_MULTICAST_IF and IP_ADD_MEMBERSHIP take it.</summary>
    public static uint ToNetworkOrder(int index) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness((uint)index) : (uint)index;
}

/// <summary>What is read of a WSAPROTOCOL_INFOW.</summary>
internal static class ProtocolInfo
{
    public const int Size = 628;
    public const int Family = 76;
    public const int Type = 88;
    public const int Protocol = 92;
}
