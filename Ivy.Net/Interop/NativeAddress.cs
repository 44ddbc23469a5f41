using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Interop;

/// <summary>
/// struct sockaddr and its kinds, written and read without allocating: ip(7), ipv6(7), unix(7); Winsock's have the same layout. The
/// simulated network speaks it too.
/// </summary>
internal static class NativeAddress
{
    /// <summary>The longest Unix path in bytes: sun_path without its closing NUL.</summary>
    public const int MaxPath = 107;

    /// <summary>
    /// AF_INET6 as it stands in an address: the one number that differs, and what .NET itself writes on this system.
    /// </summary>
    public static readonly ushort InterNetworkV6 = (ushort)(OperatingSystem.IsWindows() ? Windows.WinsockConstants.AF_INET6 : Constants.AF_INET6);

    /// <summary>sizeof(struct sockaddr_un).</summary>
    public const int UnixSize = PathOffset + MaxPath + 1;

    // sa_family_t is a word of the machine's order; port and address are in network order.
    private const int PortOffset = 2;
    private const int AddressOffset4 = 4;
    private const int Size4 = 16;
    private const int AddressOffset6 = 8;
    private const int ScopeOffset6 = 24;
    private const int Size6 = 28;
    private const int PathOffset = 2;

    /// <summary>AF_… of a family; -1 where Linux has none.</summary>
    public static int ToNative(AddressFamily family) => family switch
    {
        AddressFamily.Unix => Constants.AF_UNIX,
        AddressFamily.InterNetwork => Constants.AF_INET,
        AddressFamily.InterNetworkV6 => Constants.AF_INET6,
        AddressFamily.Packet => Constants.AF_PACKET,
        AddressFamily.ControllerAreaNetwork => Constants.AF_CAN,
        _ => -1,
    };

    /// <summary>The family of an AF_… number.</summary>
    public static AddressFamily FromNative(int domain) => domain switch
    {
        Constants.AF_UNSPEC => AddressFamily.Unspecified,
        Constants.AF_UNIX => AddressFamily.Unix,
        Constants.AF_INET => AddressFamily.InterNetwork,
        Constants.AF_INET6 => AddressFamily.InterNetworkV6,
        Constants.AF_PACKET => AddressFamily.Packet,
        Constants.AF_CAN => AddressFamily.ControllerAreaNetwork,
        _ => AddressFamily.Unknown,
    };

    /// <summary>Writes an IP end point; the address needs a buffer of 28 bytes.</summary>
    public static void Write(IPEndPoint endPoint, SocketAddress address)
    {
        Span<byte> bytes = address.Buffer.Span;
        bool isV6 = endPoint.AddressFamily == AddressFamily.InterNetworkV6;
        int size = isV6 ? Size6 : Size4;
        bytes[..size].Clear();
        MemoryMarshal.Write(bytes, isV6 ? InterNetworkV6 : (ushort)Constants.AF_INET);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[PortOffset..], (ushort)endPoint.Port);
        endPoint.Address.TryWriteBytes(bytes[(isV6 ? AddressOffset6 : AddressOffset4)..], out _);
        if (isV6)
        {
            MemoryMarshal.Write(bytes[ScopeOffset6..], (uint)endPoint.Address.ScopeId);
        }

        address.Size = size;
    }

    /// <summary>The end point of a native address; null where there is none: an unnamed Unix socket, an unbound one, a family unknown here.</summary>
    public static EndPoint? ToEndPoint(SocketAddress address)
    {
        ReadOnlySpan<byte> bytes = address.Buffer.Span[..address.Size];
        if (bytes.Length < sizeof(ushort))
        {
            return null;
        }

        switch (MemoryMarshal.Read<ushort>(bytes))
        {
            case Constants.AF_INET when bytes.Length >= Size4:
                return PortOf(bytes) is var port and not 0 ? new IPEndPoint(new IPAddress(bytes.Slice(AddressOffset4, 4)), port) : null;

            case var family when family == InterNetworkV6 && bytes.Length >= Size6:
                uint scope = MemoryMarshal.Read<uint>(bytes[ScopeOffset6..]);
                return PortOf(bytes) is var port6 and not 0
                    ? new IPEndPoint(new IPAddress(bytes.Slice(AddressOffset6, 16), scope), port6)
                    : null;

            case Constants.AF_UNIX:
                ReadOnlySpan<byte> path = PathOf(address);

                // A peer may bind to any bytes; what the end point's type can't carry unchanged is left out, not mangled.
                return path.IsEmpty || path.Length > (path[0] == 0 ? MaxPath + 1 : MaxPath) || !Utf8.IsValid(path)
                    ? null
                    : new UnixDomainSocketEndPoint(Encoding.UTF8.GetString(path));

            default:
                return null;
        }
    }

    /// <summary>
    /// The path of a Unix address without its closing NUL; an abstract name with its leading NUL; empty for another family and
    /// for an unnamed socket.
    /// </summary>
    public static ReadOnlySpan<byte> PathOf(SocketAddress address)
    {
        ReadOnlySpan<byte> bytes = address.Buffer.Span[..address.Size];
        if (bytes.Length <= PathOffset || MemoryMarshal.Read<ushort>(bytes) != Constants.AF_UNIX)
        {
            return default;
        }

        ReadOnlySpan<byte> path = bytes[PathOffset..];
        int end = path[0] == 0 ? -1 : path.IndexOf((byte)0);
        return end < 0 ? path : path[..end];
    }

    private static int PortOf(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16BigEndian(bytes[PortOffset..]);
}
