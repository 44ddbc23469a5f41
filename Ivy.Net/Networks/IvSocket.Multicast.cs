using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// Hops, and groups: ip(7), ipv6(7).
public sealed partial class IvSocket
{
    // struct ipv6_mreq: the group, then the interface's index.
    private const int MembershipSize6 = 20;
    private const int AddressSize6 = 16;

    private bool IsV6 => AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>IP_TTL or IPV6_UNICAST_HOPS: how many routers a packet to one receiver may pass, 1 to 255.</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public int Ttl
    {
        get => GetOption(IsV6 ? SocketOptions.Ttl6 : SocketOptions.Ttl4);
        set => SetOption(IsV6 ? SocketOptions.Ttl6 : SocketOptions.Ttl4, value);
    }

    /// <summary>How many routers a datagram to a group may pass; 1 in a new socket: none.</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public int MulticastTtl
    {
        get => GetOption(IsV6 ? SocketOptions.MulticastTtl6 : SocketOptions.MulticastTtl4);
        set => SetOption(IsV6 ? SocketOptions.MulticastTtl6 : SocketOptions.MulticastTtl4, value);
    }

    /// <summary>Whether members on this machine hear what this socket sends to a group. On in a new socket.</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public bool MulticastLoopback
    {
        get => GetOption(IsV6 ? SocketOptions.MulticastLoopback6 : SocketOptions.MulticastLoopback4) != 0;
        set => SetOption(IsV6 ? SocketOptions.MulticastLoopback6 : SocketOptions.MulticastLoopback4, value ? 1 : 0);
    }

    /// <summary>Which interface datagrams to groups leave by.</summary>
    /// <param name="interfaceIndex">Its index (if_nametoindex(3)); 0: as the routes say.</param>
    /// <exception cref="IvException">ENODEV, EADDRNOTAVAIL: there is no such interface.</exception>
    /// <remarks>A method: IPv4 can set it by index, but answers with an address.</remarks>
    public void SetMulticastInterface(int interfaceIndex) =>
        ThrowIfRefused(TrySetMulticastInterface(interfaceIndex), "set MulticastInterface");

    /// <summary>As <see cref="SetMulticastInterface"/>, without exceptions.</summary>
    /// <param name="interfaceIndex">Its index; 0: as the routes say.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    public IvError TrySetMulticastInterface(int interfaceIndex)
    {
        if (IsV6)
        {
            return TrySetOption(SocketOptions.MulticastInterface6, interfaceIndex);
        }

        var request = new IPv4Membership { Interface = interfaceIndex };
        return TrySetNamed(SocketOptions.MulticastInterface4, AsBytes(ref request));
    }

    /// <summary>Becomes a member of a group: datagrams to it, at the port that the socket is bound to, are received.</summary>
    /// <param name="group">A multicast address of the socket's family.</param>
    /// <param name="interfaceIndex">On which interface; 0: as the routes say.</param>
    /// <exception cref="ArgumentException">The group is of another family.</exception>
    /// <exception cref="IvException">EINVAL: no multicast address; ENODEV: no such interface; EADDRINUSE: a member already.</exception>
    public void JoinGroup(IPAddress group, int interfaceIndex = 0) =>
        ThrowIfRefused(TryJoinGroup(group, interfaceIndex), "join a group");

    /// <summary>As <see cref="JoinGroup"/>, without exceptions for what the system says.</summary>
    /// <param name="group">A multicast address of the socket's family.</param>
    /// <param name="interfaceIndex">On which interface; 0: as the routes say.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    /// <exception cref="ArgumentException">The group is of another family.</exception>
    public IvError TryJoinGroup(IPAddress group, int interfaceIndex = 0) =>
        ChangeMembership(group, interfaceIndex, SocketOptions.JoinGroup4, SocketOptions.JoinGroup6);

    /// <summary>Leaves a group; closing does it too.</summary>
    /// <param name="group">The group.</param>
    /// <param name="interfaceIndex">As it was joined.</param>
    /// <exception cref="ArgumentException">The group is of another family.</exception>
    /// <exception cref="IvException">EADDRNOTAVAIL: not a member.</exception>
    public void LeaveGroup(IPAddress group, int interfaceIndex = 0) =>
        ThrowIfRefused(TryLeaveGroup(group, interfaceIndex), "leave a group");

    /// <summary>As <see cref="LeaveGroup"/>, without exceptions for what the system says.</summary>
    /// <param name="group">The group.</param>
    /// <param name="interfaceIndex">As it was joined.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    /// <exception cref="ArgumentException">The group is of another family.</exception>
    public IvError TryLeaveGroup(IPAddress group, int interfaceIndex = 0) =>
        ChangeMembership(group, interfaceIndex, SocketOptions.LeaveGroup4, SocketOptions.LeaveGroup6);

    private IvError ChangeMembership(IPAddress group, int interfaceIndex, SocketOption v4, SocketOption v6)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (group.AddressFamily != AddressFamily)
        {
            throw new ArgumentException($"The group {group} is not of the socket's family {AddressFamily}.", nameof(group));
        }

        if (IsV6)
        {
            Span<byte> request = stackalloc byte[MembershipSize6];
            group.TryWriteBytes(request, out _);
            MemoryMarshal.Write(request[AddressSize6..], interfaceIndex);
            return TrySetNamed(v6, request);
        }

        var membership = new IPv4Membership { Interface = interfaceIndex };
        group.TryWriteBytes(AsBytes(ref membership.Group), out _);
        return TrySetNamed(v4, AsBytes(ref membership));
    }
}
