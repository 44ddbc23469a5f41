using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>A socket address of the simulation. IPv4 in IPv6 is kept as IPv4: what differs is how a socket shows it.</summary>
/// <param name="Ip">The IP address; null for a Unix address.</param>
/// <param name="Port">The port.</param>
/// <param name="Name">
/// A Unix address: the bytes as characters, an abstract one with its NUL first; empty for an unnamed socket. Null for IP.
/// </param>
internal sealed record SimulatedAddress(IPAddress? Ip, int Port, string? Name)
{
    // struct sockaddr_in, sockaddr_in6, and the least of each that the kernel takes.
    private const int Size4 = 16;
    private const int Size6 = 28;
    private const int LeastSize6 = 24;
    private const int UnixHeader = 2;
    private const int UnixMaximum = 110;

    public static readonly SimulatedAddress Unnamed = new(null, 0, string.Empty);

    public bool IsUnix => Name != null;

    public bool IsAbstract => Name is { Length: > 0 } && Name[0] == '\0';

    public bool IsAny => Ip is { } ip && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));

    public bool IsVersion4 => Ip?.AddressFamily == AddressFamily.InterNetwork;

    public bool IsMulticast => Ip is { } ip && (IsVersion4 ? (First(ip) & 0xF0) == 0xE0 : ip.IsIPv6Multicast);

    /// <summary>What a socket of a family makes of an address: EINVAL, EAFNOSUPPORT.</summary>
    public static IvError Parse(SocketAddress source, AddressFamily family, out SimulatedAddress address)
    {
        address = Unnamed;
        ReadOnlySpan<byte> bytes = source.Buffer.Span[..source.Size];
        if (bytes.Length < sizeof(ushort))
        {
            return IvError.EINVAL;
        }

        int native = MemoryMarshal.Read<ushort>(bytes);
        switch (family)
        {
            case AddressFamily.InterNetwork:
                if (bytes.Length < Size4)
                {
                    return IvError.EINVAL;
                }

                if (native != Constants.AF_INET)
                {
                    return IvError.EAFNOSUPPORT;
                }

                address = new SimulatedAddress(new IPAddress(bytes.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), null);
                return IvError.None;

            case AddressFamily.InterNetworkV6:
                if (bytes.Length < LeastSize6)
                {
                    return IvError.EINVAL;
                }

                if (native != NativeAddress.InterNetworkV6)
                {
                    return IvError.EAFNOSUPPORT;
                }

                uint scope = bytes.Length >= Size6 ? MemoryMarshal.Read<uint>(bytes[24..]) : 0;
                var ip = new IPAddress(bytes.Slice(8, 16), scope);
                address = new SimulatedAddress(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), null);
                return IvError.None;

            default:
                if (native != Constants.AF_UNIX || bytes.Length > UnixMaximum)
                {
                    return IvError.EINVAL;
                }

                address = new SimulatedAddress(null, 0, Encoding.Latin1.GetString(NativeAddress.PathOf(source)));
                return IvError.None;
        }
    }

    /// <summary>Writes it as a socket of a family shows it. What does not fit is no address: the size becomes 0.</summary>
    public static void Write(SimulatedAddress? address, AddressFamily family, SocketAddress target)
    {
        // Larger than any: what the target has no room for is cut off by a copy.
        var whole = new SocketAddress(AddressFamily.Unspecified, UnixMaximum);
        address?.Format(family, whole);
        int size = address is null || whole.Size > target.Buffer.Length ? 0 : whole.Size;
        target.Size = size;
        if (size != 0)
        {
            whole.Buffer.Span[..size].CopyTo(target.Buffer.Span);
        }
        else
        {
            target.Buffer.Span[..Math.Min(sizeof(ushort), target.Buffer.Length)].Clear();
        }
    }

    public override string ToString() => Name is { } name ? $"unix:{name.Replace('\0', '@')}" : new IPEndPoint(Ip!, Port).ToString();

    /// <summary>Whether the kernel asks it to be unspecified: AF_UNSPEC dissolves an association.</summary>
    public static bool IsUnspecified(SocketAddress source) =>
        source.Size >= sizeof(ushort) && MemoryMarshal.Read<ushort>(source.Buffer.Span) == Constants.AF_UNSPEC;

    private static byte First(IPAddress ip)
    {
        Span<byte> bytes = stackalloc byte[4];
        ip.TryWriteBytes(bytes, out _);
        return bytes[0];
    }

    private void Format(AddressFamily family, SocketAddress target)
    {
        if (Name is { } name)
        {
            Span<byte> bytes = target.Buffer.Span;
            MemoryMarshal.Write(bytes, (ushort)Constants.AF_UNIX);
            Encoding.Latin1.GetBytes(name, bytes[UnixHeader..]);

            // A path is shown with the NUL that ends it, an abstract name has none.
            target.Size = Math.Min(UnixMaximum, UnixHeader + name.Length + (name.Length == 0 || IsAbstract ? 0 : 1));
            return;
        }

        // The wildcard of a dual-stack socket is ::, and everything else of IPv4 is mapped.
        IPAddress ip = family == AddressFamily.InterNetwork || !IsVersion4 ? Ip!
            : IsAny ? IPAddress.IPv6Any
            : Ip!.MapToIPv6();
        NativeAddress.Write(new IPEndPoint(ip, Port), target);
    }
}
