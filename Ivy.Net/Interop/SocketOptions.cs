using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Interop;

/// <summary>
/// The socket options that the library names, by Linux's numbers: socket(7), tcp(7), ip(7), ipv6(7). A network of a system that has
/// other numbers translates them.
/// </summary>
internal static class SocketOptions
{
    public static readonly SocketOption Error = new(Constants.SOL_SOCKET, Constants.SO_ERROR);
    public static readonly SocketOption Type = new(Constants.SOL_SOCKET, Constants.SO_TYPE);
    public static readonly SocketOption Domain = new(Constants.SOL_SOCKET, Constants.SO_DOMAIN);
    public static readonly SocketOption Protocol = new(Constants.SOL_SOCKET, Constants.SO_PROTOCOL);
    public static readonly SocketOption IsListening = new(Constants.SOL_SOCKET, Constants.SO_ACCEPTCONN);
    public static readonly SocketOption ReuseAddress = new(Constants.SOL_SOCKET, Constants.SO_REUSEADDR);
    public static readonly SocketOption ReusePort = new(Constants.SOL_SOCKET, Constants.SO_REUSEPORT);
    public static readonly SocketOption KeepAlive = new(Constants.SOL_SOCKET, Constants.SO_KEEPALIVE);
    public static readonly SocketOption Broadcast = new(Constants.SOL_SOCKET, Constants.SO_BROADCAST);
    public static readonly SocketOption Linger = new(Constants.SOL_SOCKET, Constants.SO_LINGER);
    public static readonly SocketOption SendBuffer = new(Constants.SOL_SOCKET, Constants.SO_SNDBUF);
    public static readonly SocketOption ReceiveBuffer = new(Constants.SOL_SOCKET, Constants.SO_RCVBUF);

    public static readonly SocketOption NoDelay = new(Constants.IPPROTO_TCP, Constants.TCP_NODELAY);
    public static readonly SocketOption KeepAliveIdle = new(Constants.IPPROTO_TCP, Constants.TCP_KEEPIDLE);
    public static readonly SocketOption KeepAliveInterval = new(Constants.IPPROTO_TCP, Constants.TCP_KEEPINTVL);
    public static readonly SocketOption KeepAliveCount = new(Constants.IPPROTO_TCP, Constants.TCP_KEEPCNT);
    public static readonly SocketOption DeferAccept = new(Constants.IPPROTO_TCP, Constants.TCP_DEFER_ACCEPT);

    public static readonly SocketOption V6Only = new(Constants.IPPROTO_IPV6, Constants.IPV6_V6ONLY);
    public static readonly SocketOption Ttl4 = new(Constants.IPPROTO_IP, Constants.IP_TTL);
    public static readonly SocketOption Ttl6 = new(Constants.IPPROTO_IPV6, Constants.IPV6_UNICAST_HOPS);
    public static readonly SocketOption MulticastTtl4 = new(Constants.IPPROTO_IP, Constants.IP_MULTICAST_TTL);
    public static readonly SocketOption MulticastTtl6 = new(Constants.IPPROTO_IPV6, Constants.IPV6_MULTICAST_HOPS);
    public static readonly SocketOption MulticastLoopback4 = new(Constants.IPPROTO_IP, Constants.IP_MULTICAST_LOOP);
    public static readonly SocketOption MulticastLoopback6 = new(Constants.IPPROTO_IPV6, Constants.IPV6_MULTICAST_LOOP);
    public static readonly SocketOption MulticastInterface4 = new(Constants.IPPROTO_IP, Constants.IP_MULTICAST_IF);
    public static readonly SocketOption MulticastInterface6 = new(Constants.IPPROTO_IPV6, Constants.IPV6_MULTICAST_IF);
    public static readonly SocketOption JoinGroup4 = new(Constants.IPPROTO_IP, Constants.IP_ADD_MEMBERSHIP);
    public static readonly SocketOption JoinGroup6 = new(Constants.IPPROTO_IPV6, Constants.IPV6_JOIN_GROUP);
    public static readonly SocketOption LeaveGroup4 = new(Constants.IPPROTO_IP, Constants.IP_DROP_MEMBERSHIP);
    public static readonly SocketOption LeaveGroup6 = new(Constants.IPPROTO_IPV6, Constants.IPV6_LEAVE_GROUP);
}
