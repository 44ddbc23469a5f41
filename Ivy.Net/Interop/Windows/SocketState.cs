using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Windows;

/// <summary>CSADDR_INFO of ws2def.h, as SO_BSP_STATE fills it: two addresses, which lie behind it in the same room.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SocketState
{
    private const int InterNetwork = 2;
    private const int InterNetwork6 = 23;
    private const int StreamType = 1;
    private const int ShortestAddress = 16;

    // Of FNV-1a.
    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public byte* Local;
    public int LocalLength;
    public byte* Remote;
    public int RemoteLength;
    public int SocketType;
    public int Protocol;

    /// <summary>The name that a filled room says; what is not there, or of another family, is not known.</summary>
    public static AfdSocketName NameIn(byte* room, int length)
    {
        if (length < sizeof(SocketState))
        {
            return default;
        }

        SocketState state = *(SocketState*)room;

        // SAFETY: an address is read only where it lies within the room, with its length.
        ReadOnlySpan<byte> local = Within(room, length, state.Local, state.LocalLength);
        ReadOnlySpan<byte> remote = Within(room, length, state.Remote, state.RemoteLength);
        return new AfdSocketName(PortOf(local), state.SocketType == StreamType ? NumberOf(remote) : 0);
    }

    private static ReadOnlySpan<byte> Within(byte* room, int length, byte* address, int addressLength) =>
        address >= room && addressLength >= ShortestAddress && address + addressLength <= room + length ? new(address, addressLength) : [];

    private static int PortOf(ReadOnlySpan<byte> address) =>
        !address.IsEmpty && BinaryPrimitives.ReadUInt16LittleEndian(address) is InterNetwork or InterNetwork6 ? BinaryPrimitives.ReadUInt16BigEndian(address[2..]) : 0;

    private static ulong NumberOf(ReadOnlySpan<byte> address)
    {
        int port = PortOf(address);
        if (port == 0)
        {
            return 0;
        }

        // Port and address, without the scope: 4 bytes behind the port, or 16 behind the flow label.
        ulong number = (Basis ^ (ulong)port) * Prime;
        foreach (byte one in address.Length < 28 ? address.Slice(4, 4) : address.Slice(8, 16))
        {
            number = (number ^ one) * Prime;
        }

        return number == 0 ? 1 : number;
    }
}
