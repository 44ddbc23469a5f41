using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>The options of one socket: those that Linux has and programs use, kept and given back, with Linux's numbers.</summary>
internal sealed class SimulatedOptionTable(SimulatedSocket socket)
{
    private const int LingerSize = 2 * sizeof(int);
    private const int GroupSize4 = 8;
    private const int GroupSize6 = 20;

    // The least that the kernel makes of SO_SNDBUF and SO_RCVBUF: SOCK_MIN_SNDBUF, SOCK_MIN_RCVBUF.
    private const int LeastSendBuffer = 4608;
    private const int LeastReceiveBuffer = 2304;

    private readonly Dictionary<(int Level, int Name), int> _values = [];
    private int _lingerSeconds;

    private enum Kind
    {
        Unknown,
        Flag,
        Number,
        ReadOnly,
        Buffer,
        Linger,
        Membership,
    }

    /// <summary>How much may be under way. The kernel keeps the double, for its own bookkeeping, and shows that.</summary>
    public int SendBufferSize => _values.TryGetValue((Constants.SOL_SOCKET, Constants.SO_SNDBUF), out int value) ? value / 2 : socket.Network.Options.SendBufferSize;

    public int ReceiveBufferSize => _values.TryGetValue((Constants.SOL_SOCKET, Constants.SO_RCVBUF), out int value) ? value / 2 : socket.Network.Options.ReceiveBufferSize;

    public bool ReuseAddress => IsSet(Constants.SOL_SOCKET, Constants.SO_REUSEADDR);

    public bool ReusePort => IsSet(Constants.SOL_SOCKET, Constants.SO_REUSEPORT);

    public bool Broadcast => IsSet(Constants.SOL_SOCKET, Constants.SO_BROADCAST);

    public bool OutOfBandInline => IsSet(Constants.SOL_SOCKET, Constants.SO_OOBINLINE);

    public bool OnlyVersion6 => IsSet(Constants.IPPROTO_IPV6, Constants.IPV6_V6ONLY);

    /// <summary>Close resets: SO_LINGER with no time.</summary>
    public bool ResetsOnClose => IsSet(Constants.SOL_SOCKET, Constants.SO_LINGER) && _lingerSeconds == 0;

    /// <summary>IP_MULTICAST_LOOP: whether this host's own members get what the socket sends to a group.</summary>
    public bool MulticastLoop => socket.Family == AddressFamily.InterNetwork
        ? Get(Constants.IPPROTO_IP, Constants.IP_MULTICAST_LOOP) != 0
        : Get(Constants.IPPROTO_IPV6, Constants.IPV6_MULTICAST_LOOP) != 0;

    /// <summary>An accepted socket starts with what its listener has.</summary>
    public void CopyFrom(SimulatedOptionTable other)
    {
        foreach (((int, int) key, int value) in other._values)
        {
            _values[key] = value;
        }

        _lingerSeconds = other._lingerSeconds;
    }

    public IvError Get(int level, int name, Span<byte> value, out int length)
    {
        length = 0;
        Kind kind = Find(level, name);
        if (kind is Kind.Unknown or Kind.Membership)
        {
            return level != Constants.SOL_SOCKET && !KnowsLevel(level) ? IvError.EOPNOTSUPP : IvError.ENOPROTOOPT;
        }

        Span<int> answer = [Get(level, name), _lingerSeconds];
        Span<byte> bytes = MemoryMarshal.AsBytes(answer)[..(kind == Kind.Linger ? LingerSize : sizeof(int))];
        length = Math.Min(bytes.Length, value.Length);
        bytes[..length].CopyTo(value);
        return IvError.None;
    }

    public IvError Set(int level, int name, ReadOnlySpan<byte> value)
    {
        Kind kind = Find(level, name);
        if (kind is Kind.Unknown or Kind.ReadOnly)
        {
            // Unix sockets have no function for it at all, the others one that knows no such option.
            return level != Constants.SOL_SOCKET && socket.Family == AddressFamily.Unix ? IvError.EOPNOTSUPP : IvError.ENOPROTOOPT;
        }

        if (kind == Kind.Membership)
        {
            return SetMembership(level, name, value);
        }

        if (value.Length < (kind == Kind.Linger ? LingerSize : sizeof(int)))
        {
            return IvError.EINVAL;
        }

        int number = MemoryMarshal.Read<int>(value);
        if ((level, name) == (Constants.IPPROTO_IPV6, Constants.IPV6_V6ONLY) && socket.Local != null)
        {
            return IvError.EINVAL;
        }

        switch (kind)
        {
            case Kind.Flag:
                number = number != 0 ? 1 : 0;
                break;

            case Kind.Linger:
                number = number != 0 ? 1 : 0;
                _lingerSeconds = MemoryMarshal.Read<int>(value[sizeof(int)..]);
                break;

            case Kind.Buffer:
                number = (int)Math.Max(Math.Min((long)(uint)number * 2, int.MaxValue), name == Constants.SO_SNDBUF ? LeastSendBuffer : LeastReceiveBuffer);
                break;
        }

        _values[(level, name)] = number;
        socket.Changed();
        return IvError.None;
    }

    private bool IsSet(int level, int name) => _values.TryGetValue((level, name), out int value) && value != 0;

    private int Get(int level, int name) => (level, name) switch
    {
        (Constants.SOL_SOCKET, Constants.SO_ERROR) => (int)socket.TakeError(),
        (Constants.SOL_SOCKET, Constants.SO_TYPE) => (int)socket.Type,
        (Constants.SOL_SOCKET, Constants.SO_DOMAIN) => socket.Family switch
        {
            AddressFamily.InterNetwork => Constants.AF_INET,
            AddressFamily.InterNetworkV6 => Constants.AF_INET6,
            _ => Constants.AF_UNIX,
        },
        (Constants.SOL_SOCKET, Constants.SO_PROTOCOL) => (int)socket.Protocol,
        (Constants.SOL_SOCKET, Constants.SO_ACCEPTCONN) => socket.IsListening ? 1 : 0,
        (Constants.SOL_SOCKET, Constants.SO_SNDBUF) => SendBufferSize * 2,
        (Constants.SOL_SOCKET, Constants.SO_RCVBUF) => ReceiveBufferSize * 2,
        _ => _values.TryGetValue((level, name), out int value) ? value : Default(level, name),
    };

    // What tcp(7), ip(7) and ipv6(7) say.
    private static int Default(int level, int name) => (level, name) switch
    {
        (Constants.IPPROTO_TCP, Constants.TCP_KEEPIDLE) => 7200,
        (Constants.IPPROTO_TCP, Constants.TCP_KEEPINTVL) => 75,
        (Constants.IPPROTO_TCP, Constants.TCP_KEEPCNT) => 9,
        (Constants.IPPROTO_IP, Constants.IP_TTL) => 64,
        (Constants.IPPROTO_IP, Constants.IP_MULTICAST_TTL) => 1,
        (Constants.IPPROTO_IP, Constants.IP_MULTICAST_LOOP) => 1,
        (Constants.IPPROTO_IPV6, UnicastHops) => 64,
        (Constants.IPPROTO_IPV6, Constants.IPV6_MULTICAST_HOPS) => 1,
        (Constants.IPPROTO_IPV6, Constants.IPV6_MULTICAST_LOOP) => 1,
        _ => 0,
    };

    private const int UnicastHops = 16;

    private Kind Find(int level, int name) => level switch
    {
        Constants.SOL_SOCKET => name switch
        {
            Constants.SO_REUSEADDR or Constants.SO_REUSEPORT or Constants.SO_BROADCAST or Constants.SO_KEEPALIVE or Constants.SO_OOBINLINE => Kind.Flag,
            Constants.SO_ERROR or Constants.SO_TYPE or Constants.SO_DOMAIN or Constants.SO_PROTOCOL or Constants.SO_ACCEPTCONN => Kind.ReadOnly,
            Constants.SO_SNDBUF or Constants.SO_RCVBUF => Kind.Buffer,
            Constants.SO_LINGER => Kind.Linger,
            _ => Kind.Unknown,
        },
        Constants.IPPROTO_TCP when KnowsLevel(level) => name switch
        {
            Constants.TCP_NODELAY => Kind.Flag,
            Constants.TCP_KEEPIDLE or Constants.TCP_KEEPINTVL or Constants.TCP_KEEPCNT or Constants.TCP_DEFER_ACCEPT => Kind.Number,
            _ => Kind.Unknown,
        },
        Constants.IPPROTO_IP when KnowsLevel(level) => name switch
        {
            Constants.IP_TTL or Constants.IP_MULTICAST_TTL or Constants.IP_MULTICAST_IF => Kind.Number,
            Constants.IP_MULTICAST_LOOP => Kind.Flag,
            Constants.IP_ADD_MEMBERSHIP or Constants.IP_DROP_MEMBERSHIP => Kind.Membership,
            _ => Kind.Unknown,
        },
        Constants.IPPROTO_IPV6 when KnowsLevel(level) => name switch
        {
            Constants.IPV6_V6ONLY or Constants.IPV6_MULTICAST_LOOP => Kind.Flag,
            UnicastHops or Constants.IPV6_MULTICAST_HOPS or Constants.IPV6_MULTICAST_IF => Kind.Number,
            Constants.IPV6_JOIN_GROUP or Constants.IPV6_LEAVE_GROUP => Kind.Membership,
            _ => Kind.Unknown,
        },
        _ => Kind.Unknown,
    };

    private bool KnowsLevel(int level) => level switch
    {
        Constants.IPPROTO_TCP => socket is SimulatedTcpSocket,
        Constants.IPPROTO_IP => socket.Family != AddressFamily.Unix,
        Constants.IPPROTO_IPV6 => socket.Family == AddressFamily.InterNetworkV6,
        _ => false,
    };

    // struct ip_mreq and ip_mreqn, struct ipv6_mreq: the group comes first.
    private IvError SetMembership(int level, int name, ReadOnlySpan<byte> value)
    {
        if (value.Length < (level == Constants.IPPROTO_IP ? GroupSize4 : GroupSize6))
        {
            return IvError.EINVAL;
        }

        var group = new SimulatedAddress(new IPAddress(value[..(level == Constants.IPPROTO_IP ? 4 : 16)]), 0, null);
        return !group.IsMulticast
            ? IvError.EINVAL
            : socket.SetMembership(group, name is Constants.IP_ADD_MEMBERSHIP or Constants.IPV6_JOIN_GROUP);
    }
}
