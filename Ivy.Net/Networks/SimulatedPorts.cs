using System.Net;
using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>Which sockets have which port of one protocol, and who of them gets what is sent there.</summary>
internal sealed class SimulatedPorts(SimulatedRandom random)
{
    // net.ipv4.ip_local_port_range, and as many tries as there are ports in it.
    private const int FirstEphemeral = 32768;
    private const int LastEphemeral = 60999;

    private readonly Dictionary<int, List<SimulatedSocket>> _ports = [];

    /// <summary>EADDRNOTAVAIL, EADDRINUSE. Port 0 becomes a free one.</summary>
    public IvError Bind(SimulatedSocket socket, SimulatedAddress address)
    {
        if (!address.IsMulticast && !IsLocal(address))
        {
            return IvError.EADDRNOTAVAIL;
        }

        if (address.Port == 0)
        {
            const int count = LastEphemeral - FirstEphemeral + 1;
            int start = random.Below(count);
            for (int i = 0; i < count && address.Port == 0; i++)
            {
                int port = FirstEphemeral + ((start + i) % count);
                if (!_ports.ContainsKey(port))
                {
                    address = address with { Port = port };
                }
            }
        }

        if (address.Port == 0 || Conflicts(socket, address, listening: false))
        {
            return IvError.EADDRINUSE;
        }

        socket.Local = address;
        Add(socket);
        return IvError.None;
    }

    /// <summary>A connection that was accepted shares its listener's port.</summary>
    public void Add(SimulatedSocket socket)
    {
        if (!_ports.TryGetValue(socket.Local!.Port, out List<SimulatedSocket>? sockets))
        {
            _ports.Add(socket.Local.Port, sockets = []);
        }

        sockets.Add(socket);
    }

    public void Remove(SimulatedSocket socket)
    {
        if (socket.Local is { } local && _ports.TryGetValue(local.Port, out List<SimulatedSocket>? sockets) && sockets.Remove(socket) && sockets.Count == 0)
        {
            _ports.Remove(local.Port);
        }
    }

    /// <summary>Whether somebody who has the port forbids it; asked once more by who begins to listen.</summary>
    public bool Conflicts(SimulatedSocket socket, SimulatedAddress address, bool listening)
    {
        foreach (SimulatedSocket other in _ports.GetValueOrDefault(address.Port) ?? [])
        {
            if (other != socket && Overlaps(socket, address, other, other.Local!))
            {
                bool ports = socket.Options.ReusePort && other.Options.ReusePort;
                bool addresses = socket.Options.ReuseAddress && other.Options.ReuseAddress
                    && (socket.Type == SocketType.Dgram || !(other.IsListening || (listening && other.IsListening)));
                if (!ports && !addresses)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Who of those that accept gets what is sent from one address to another: the most exact, and among equals a hash.</summary>
    public SimulatedSocket? Find(SimulatedAddress to, SimulatedAddress from, Func<SimulatedSocket, SimulatedAddress, int> score, ulong seed)
    {
        SimulatedSocket? best = null;
        int bestScore = 0;
        ulong bestHash = 0;
        ulong flow = SimulatedRandom.Mix(seed ^ ((ulong)(uint)from.Port << 32) ^ (uint)to.Port);
        foreach (SimulatedSocket socket in _ports.GetValueOrDefault(to.Port) ?? [])
        {
            int points = Matches(socket, to) ? score(socket, from) : 0;
            if (points == 0)
            {
                continue;
            }

            points = (points * 4) + (socket.Local!.IsAny ? (socket.Local.IsVersion4 == to.IsVersion4 ? 1 : 0) : 2);

            // SO_REUSEPORT spreads the flows (rendezvous hashing: one that leaves moves only its own flows); SO_REUSEADDR
            // alone gives everything to who was bound last.
            ulong hash = socket.Options.ReusePort ? SimulatedRandom.Mix(flow ^ socket.Identity.Inode) : socket.Identity.Inode;
            if (points > bestScore || (points == bestScore && hash >= bestHash))
            {
                (best, bestScore, bestHash) = (socket, points, hash);
            }
        }

        return best;
    }

    /// <summary>Everybody who has a port, for multicast.</summary>
    public IReadOnlyList<SimulatedSocket> All(int port) => _ports.GetValueOrDefault(port) ?? [];

    /// <summary>
    /// The addresses that the hosts of the simulation have: loopback, private and link-local ones. All others are somebody
    /// else's, as is 8.8.8.8 to a machine.
    /// </summary>
    public static bool IsLocal(SimulatedAddress address)
    {
        IPAddress ip = address.Ip!;
        if (address.IsAny || IPAddress.IsLoopback(ip))
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[16];
        ip.TryWriteBytes(bytes, out _);
        return address.IsVersion4
            ? bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xF0) == 16) || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254)
            : ip.IsIPv6LinkLocal || ip.IsIPv6UniqueLocal;
    }

    private static bool Matches(SimulatedSocket socket, SimulatedAddress to)
    {
        SimulatedAddress local = socket.Local!;
        return local.IsAny
            ? to.IsVersion4 == local.IsVersion4 || (to.IsVersion4 && !socket.Options.OnlyVersion6)
            : local.Ip!.Equals(to.Ip);
    }

    private static bool Overlaps(SimulatedSocket left, SimulatedAddress leftAddress, SimulatedSocket right, SimulatedAddress rightAddress)
    {
        if (leftAddress.IsVersion4 == rightAddress.IsVersion4)
        {
            return leftAddress.IsAny || rightAddress.IsAny || leftAddress.Ip!.Equals(rightAddress.Ip);
        }

        // :: takes IPv4 in, unless it is told not to.
        (SimulatedSocket six, SimulatedAddress address) = leftAddress.IsVersion4 ? (right, rightAddress) : (left, leftAddress);
        return address.IsAny && !six.Options.OnlyVersion6;
    }
}
