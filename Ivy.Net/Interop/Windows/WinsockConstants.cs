namespace Ivy.Net.Interop.Windows;

/// <summary>Numbers of Winsock 2 and of handles. Source: the headers of the Windows SDK (winsock2.h, ws2ipdef.h, mswsock.h, handleapi.h).</summary>
internal static class WinsockConstants
{
    public const ushort Version = 0x0202;
    public const nint InvalidSocket = -1;

    public const int AF_UNSPEC = 0;
    public const int AF_UNIX = 1;
    public const int AF_INET = 2;
    public const int AF_INET6 = 23;

    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;

    public const int FROM_PROTOCOL_INFO = -1;
    public const uint WSA_FLAG_OVERLAPPED = 0x01;
    public const uint WSA_FLAG_NO_HANDLE_INHERIT = 0x80;

    public const uint MSG_PARTIAL = 0x8000;

    public const int FIONBIO = unchecked((int)0x8004667E);
    public const uint SIO_UDP_CONNRESET = 0x9800000C;
    public const uint SIO_UDP_NETRESET = 0x9800000F;

    public const int SOL_SOCKET = 0xFFFF;
    public const int SO_ACCEPTCONN = 0x0002;
    public const int SO_REUSEADDR = 0x0004;
    public const int SO_EXCLUSIVEADDRUSE = ~SO_REUSEADDR;
    public const int SO_KEEPALIVE = 0x0008;
    public const int SO_BROADCAST = 0x0020;
    public const int SO_LINGER = 0x0080;
    public const int SO_SNDBUF = 0x1001;
    public const int SO_RCVBUF = 0x1002;
    public const int SO_ERROR = 0x1007;
    public const int SO_TYPE = 0x1008;
    public const int SO_PROTOCOL_INFOW = 0x2005;

    public const int IPPROTO_IP = 0;
    public const int IPPROTO_TCP = 6;
    public const int IPPROTO_IPV6 = 41;
    public const int TCP_NODELAY = 1;
    public const int TCP_KEEPALIVE = 3;
    public const int TCP_KEEPCNT = 16;
    public const int TCP_KEEPINTVL = 17;
    public const int IP_TTL = 4;
    public const int IP_MULTICAST_IF = 9;
    public const int IP_MULTICAST_TTL = 10;
    public const int IP_MULTICAST_LOOP = 11;
    public const int IP_ADD_MEMBERSHIP = 12;
    public const int IP_DROP_MEMBERSHIP = 13;
    public const int IPV6_UNICAST_HOPS = 4;
    public const int IPV6_MULTICAST_IF = 9;
    public const int IPV6_MULTICAST_HOPS = 10;
    public const int IPV6_MULTICAST_LOOP = 11;
    public const int IPV6_ADD_MEMBERSHIP = 12;
    public const int IPV6_DROP_MEMBERSHIP = 13;
    public const int IPV6_V6ONLY = 27;

    public const uint HANDLE_FLAG_INHERIT = 0x1;

    public const uint FILE_TYPE_DISK = 0x1;
    public const uint FILE_TYPE_CHAR = 0x2;
    public const uint FILE_TYPE_PIPE = 0x3;
}
