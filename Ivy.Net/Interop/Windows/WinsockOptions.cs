using static Ivy.Net.Interop.Windows.WinsockConstants;

namespace Ivy.Net.Interop.Windows;

/// <summary>Winsock's numbers of the options that the library names, from <see cref="SocketOptions"/>.</summary>
internal static class WinsockOptions
{
    private static readonly Dictionary<SocketOption, SocketOption> Numbers = new()
    {
        [SocketOptions.Error] = new(SOL_SOCKET, SO_ERROR),
        [SocketOptions.Type] = new(SOL_SOCKET, SO_TYPE),
        [SocketOptions.IsListening] = new(SOL_SOCKET, SO_ACCEPTCONN),
        [SocketOptions.ReuseAddress] = new(SOL_SOCKET, SO_REUSEADDR),
        [SocketOptions.KeepAlive] = new(SOL_SOCKET, SO_KEEPALIVE),
        [SocketOptions.Broadcast] = new(SOL_SOCKET, SO_BROADCAST),
        [SocketOptions.Linger] = new(SOL_SOCKET, SO_LINGER),
        [SocketOptions.SendBuffer] = new(SOL_SOCKET, SO_SNDBUF),
        [SocketOptions.ReceiveBuffer] = new(SOL_SOCKET, SO_RCVBUF),
        [SocketOptions.NoDelay] = new(IPPROTO_TCP, TCP_NODELAY),
        [SocketOptions.KeepAliveIdle] = new(IPPROTO_TCP, TCP_KEEPALIVE),
        [SocketOptions.KeepAliveInterval] = new(IPPROTO_TCP, TCP_KEEPINTVL),
        [SocketOptions.KeepAliveCount] = new(IPPROTO_TCP, TCP_KEEPCNT),
        [SocketOptions.V6Only] = new(IPPROTO_IPV6, IPV6_V6ONLY),
        [SocketOptions.Ttl4] = new(IPPROTO_IP, IP_TTL),
        [SocketOptions.Ttl6] = new(IPPROTO_IPV6, IPV6_UNICAST_HOPS),
        [SocketOptions.MulticastTtl4] = new(IPPROTO_IP, IP_MULTICAST_TTL),
        [SocketOptions.MulticastTtl6] = new(IPPROTO_IPV6, IPV6_MULTICAST_HOPS),
        [SocketOptions.MulticastLoopback4] = new(IPPROTO_IP, IP_MULTICAST_LOOP),
        [SocketOptions.MulticastLoopback6] = new(IPPROTO_IPV6, IPV6_MULTICAST_LOOP),
        [SocketOptions.MulticastInterface4] = new(IPPROTO_IP, IP_MULTICAST_IF),
        [SocketOptions.MulticastInterface6] = new(IPPROTO_IPV6, IPV6_MULTICAST_IF),
        [SocketOptions.JoinGroup4] = new(IPPROTO_IP, IP_ADD_MEMBERSHIP),
        [SocketOptions.JoinGroup6] = new(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP),
        [SocketOptions.LeaveGroup4] = new(IPPROTO_IP, IP_DROP_MEMBERSHIP),
        [SocketOptions.LeaveGroup6] = new(IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP),
    };

    /// <summary>Winsock's numbers; false where it has no such option: SO_REUSEPORT, TCP_DEFER_ACCEPT.</summary>
    public static bool TryTranslate(SocketOption option, out SocketOption native) => Numbers.TryGetValue(option, out native);
}
