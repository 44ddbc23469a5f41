using System.Net;
using System.Net.Sockets;

namespace Ivy.Net;

// The seam, without the bytes: how descriptors live, and who they talk to.
public sealed partial class SimulatedNetwork
{
    internal override IvError Open(AddressFamily family, SocketType type, ProtocolType protocol, out nint handle)
    {
        Enter();
        handle = -1;
        IvError error = Create(family, type, protocol, out SimulatedSocket? socket);
        if (error == IvError.None)
        {
            error = Draw(SimulatedFault.DescriptorExhaustion) ? IvError.EMFILE : Install(socket!, out handle);
        }

        return Noted("socket", handle, error);
    }

    internal override IvError OpenPair(SocketType type, out nint first, out nint second)
    {
        Enter();
        first = -1;
        second = -1;
        IvError error = type is SocketType.Stream or SocketType.Dgram or SocketType.Seqpacket ? IvError.None : IvError.ESOCKTNOSUPPORT;
        if (error == IvError.None && (_descriptors.Count + 2 > DescriptorLimit || Draw(SimulatedFault.DescriptorExhaustion)))
        {
            error = IvError.EMFILE;
        }

        if (error == IvError.None)
        {
            var left = new SimulatedUnixSocket(this, type);
            var right = new SimulatedUnixSocket(this, type);
            SimulatedUnixSocket.Join(left, right);
            first = _descriptors.Add(left);
            second = _descriptors.Add(right);
        }

        return Noted("socketpair", first, error);
    }

    internal override void Close(nint handle)
    {
        Enter();
        Note("close", handle, 0);
        _descriptors.Remove(handle);
    }

    internal override IvError Bind(nint handle, SocketAddress address)
    {
        Enter();
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        SimulatedAddress parsed = SimulatedAddress.Unnamed;
        error = error == IvError.None ? SimulatedAddress.Parse(address, socket.Family, out parsed) : error;
        return Noted("bind", handle, error == IvError.None ? socket.Bind(parsed) : error);
    }

    internal override IvError Listen(nint handle, int backlog)
    {
        Enter();
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        return Noted("listen", handle, error == IvError.None ? socket.Listen(backlog) : error, backlog);
    }

    internal override IvError Connect(nint handle, SocketAddress address)
    {
        Enter();
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        if (error == IvError.None)
        {
            error = SimulatedAddress.IsUnspecified(address) ? socket.Disconnect()
                : socket.AnswerConnect() is { } answer ? answer
                : SimulatedAddress.Parse(address, socket.Family, out SimulatedAddress parsed) is var refused and not IvError.None ? refused
                : socket.Connect(parsed);
        }

        return Noted("connect", handle, error);
    }

    internal override IvError Accept(nint handle, SocketAddress? from, out nint peer)
    {
        Enter();
        peer = -1;
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        SimulatedSocket? accepted = null;
        if (error == IvError.None)
        {
            // The kernel takes a number first, so that EMFILE leaves the connection where it is.
            bool waits = socket.IsListening && (socket.Readiness & SimulatedReadiness.In) != 0;
            error = _descriptors.Count >= DescriptorLimit || (waits && Draw(SimulatedFault.DescriptorExhaustion)) ? IvError.EMFILE
                : waits && DrawSpurious(socket) ? IvError.EAGAIN
                : socket.Accept(out accepted);
        }

        SimulatedAddress? remote = null;
        if (accepted is not null)
        {
            peer = _descriptors.Add(accepted);

            // One that was reset while it waited is accepted all the same, and has lost its peer.
            _ = accepted.GetRemote(out remote);
        }

        if (from is not null)
        {
            SimulatedAddress.Write(remote, socket?.Family ?? AddressFamily.Unspecified, from);
        }

        return Noted("accept", handle, error, peer);
    }

    internal override IvError Shutdown(nint handle, SocketShutdown how)
    {
        Enter();
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        error = error != IvError.None ? error
            : how is < SocketShutdown.Receive or > SocketShutdown.Both ? IvError.EINVAL
            : socket.Shutdown(how);
        return Noted("shutdown", handle, error, (int)how);
    }

    internal override IvError GetLocalAddress(nint handle, SocketAddress address)
    {
        Enter();
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        SimulatedAddress? local = error == IvError.None ? socket.Local ?? Unbound(socket.Family) : null;
        SimulatedAddress.Write(local, socket?.Family ?? AddressFamily.Unspecified, address);
        return Noted("getsockname", handle, error);
    }

    internal override IvError GetRemoteAddress(nint handle, SocketAddress address)
    {
        Enter();
        SimulatedAddress? remote = null;
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        error = error == IvError.None ? socket.GetRemote(out remote) : error;
        SimulatedAddress.Write(remote, socket?.Family ?? AddressFamily.Unspecified, address);
        return Noted("getpeername", handle, error);
    }

    internal override IvError GetOption(nint handle, int level, int name, Span<byte> value, out int length)
    {
        Enter();
        length = 0;
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        return Noted("getsockopt", handle, error == IvError.None ? socket.Options.Get(level, name, value, out length) : error, name);
    }

    internal override IvError SetOption(nint handle, int level, int name, ReadOnlySpan<byte> value)
    {
        Enter();
        IvError error = FindSocket(handle, out SimulatedSocket socket);
        return Noted("setsockopt", handle, error == IvError.None ? socket.Options.Set(level, name, value) : error, name);
    }

    internal override IvError Identify(nint handle, out DescriptorIdentity identity)
    {
        Enter();
        IvError error = Find(handle, out SimulatedDescription description);
        identity = description?.Identity ?? default;
        return error;
    }

    internal override IvError UnlinkSocket(SocketAddress address)
    {
        Enter();
        IvError error = SimulatedAddress.Parse(address, AddressFamily.Unix, out SimulatedAddress parsed);
        return Noted("unlink", -1, error == IvError.None ? Names.Unlink(parsed) : error);
    }

    internal override IvError SetFileMode(SocketAddress address, UnixFileMode mode)
    {
        // Nobody here is anybody else, so that the mode is of no consequence.
        Enter();
        IvError error = SimulatedAddress.Parse(address, AddressFamily.Unix, out SimulatedAddress parsed);
        error = error != IvError.None ? error
            : parsed.IsAbstract || parsed.Name!.Length == 0 ? IvError.EINVAL
            : Names.Has(parsed) ? IvError.None : IvError.ENOENT;
        return Noted("chmod", -1, error, (int)mode);
    }

    internal override IvError GetBlocking(nint handle, out bool blocking)
    {
        Enter();
        IvError error = Find(handle, out SimulatedDescription description);
        blocking = description?.IsBlocking ?? false;
        return error;
    }

    internal override IvError SetBlocking(nint handle, bool blocking)
    {
        // Kept and shown, no more: no call of this network blocks.
        Enter();
        IvError error = Find(handle, out SimulatedDescription description);
        if (error == IvError.None)
        {
            description.IsBlocking = blocking;
        }

        return Noted("fcntl", handle, error, blocking ? 1 : 0);
    }

    internal override IvError Duplicate(nint handle, out nint duplicate)
    {
        Enter();
        duplicate = -1;
        IvError error = Find(handle, out SimulatedDescription description);
        if (error == IvError.None)
        {
            error = Draw(SimulatedFault.DescriptorExhaustion) ? IvError.EMFILE : Install(description, out duplicate);
        }

        return Noted("dup", handle, error, duplicate);
    }

    internal override IvError OpenEvent(out nint handle)
    {
        Enter();
        handle = -1;
        IvError error = Draw(SimulatedFault.DescriptorExhaustion) ? IvError.EMFILE : Install(new SimulatedEventCounter(this), out handle);
        return Noted("eventfd", handle, error);
    }

    /// <summary>An empty regular file, for what is refused to be polled.</summary>
    internal IvError OpenFile(out nint handle)
    {
        Enter();
        return Noted("open", -1, Install(new SimulatedRegularFile(this), out handle), handle);
    }

    private IvError Create(AddressFamily family, SocketType type, ProtocolType protocol, out SimulatedSocket? socket)
    {
        socket = null;
        if (family == AddressFamily.Unix)
        {
            if (protocol is not ProtocolType.Unspecified)
            {
                return IvError.EPROTONOSUPPORT;
            }

            socket = type is SocketType.Stream or SocketType.Dgram or SocketType.Seqpacket ? new SimulatedUnixSocket(this, type) : null;
            return socket is null ? IvError.ESOCKTNOSUPPORT : IvError.None;
        }

        if (family is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            return IvError.EAFNOSUPPORT;
        }

        switch (type)
        {
            case SocketType.Stream when protocol is ProtocolType.Unspecified or ProtocolType.Tcp:
                socket = new SimulatedTcpSocket(this, family);
                return IvError.None;

            case SocketType.Dgram when protocol is ProtocolType.Unspecified or ProtocolType.Udp:
                socket = new SimulatedUdpSocket(this, family);
                return IvError.None;

            default:
                return type is SocketType.Stream or SocketType.Dgram ? IvError.EPROTONOSUPPORT : IvError.ESOCKTNOSUPPORT;
        }
    }

    private static SimulatedAddress Unbound(AddressFamily family) => family switch
    {
        AddressFamily.InterNetwork => new SimulatedAddress(IPAddress.Any, 0, null),
        AddressFamily.InterNetworkV6 => new SimulatedAddress(IPAddress.IPv6Any, 0, null),
        _ => SimulatedAddress.Unnamed,
    };
}
