using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop;

namespace Ivy.Net;

// Taking an address: bind(2), listen(2).
public sealed partial class IvSocket
{
    /// <summary>Makes a stream socket that listens.</summary>
    /// <param name="local">Where: an <see cref="IPEndPoint"/> (port 0 takes a free one) or a <see cref="UnixDomainSocketEndPoint"/>.</param>
    /// <param name="options">How; by default as <see cref="IvListenOptions"/> says.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns>The listener: readable when somebody waits for <see cref="Accept()"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="local"/> is a name that was not resolved.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number in <paramref name="options"/> is not possible.</exception>
    /// <exception cref="IvException">The system refused: EADDRINUSE, EACCES, EADDRNOTAVAIL, EMFILE … of bind(2) and listen(2).</exception>
    public static IvSocket Listen(EndPoint local, IvListenOptions? options = null, IvNetwork? network = null)
    {
        IvError error = OpenListener(local, options, network, out IvSocket? socket, out string step);
        return socket ?? throw RefusedAt(error, step, local, SocketType.Stream);
    }

    /// <summary>As <see cref="Listen(EndPoint, IvListenOptions?, IvNetwork?)"/>, without exceptions for what the system says.</summary>
    /// <param name="local">Where.</param>
    /// <param name="socket">The listener; null if the system refused.</param>
    /// <param name="options">How; by default as <see cref="IvListenOptions"/> says.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    /// <exception cref="ArgumentException"><paramref name="local"/> is a name that was not resolved.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number in <paramref name="options"/> is not possible.</exception>
    public static IvError TryListen(EndPoint local, out IvSocket? socket, IvListenOptions? options = null, IvNetwork? network = null) =>
        OpenListener(local, options, network, out socket, out _);

    /// <summary>Makes a socket that is bound: for datagrams.</summary>
    /// <param name="local">Where: an <see cref="IPEndPoint"/> (port 0 takes a free one) or a <see cref="UnixDomainSocketEndPoint"/>.</param>
    /// <param name="type">The type; by default datagrams.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns>The socket.</returns>
    /// <exception cref="ArgumentException"><paramref name="local"/> is a name that was not resolved.</exception>
    /// <exception cref="IvException">The system refused: EADDRINUSE, EACCES, EADDRNOTAVAIL, EMFILE … of bind(2).</exception>
    public static IvSocket Bind(EndPoint local, SocketType type = SocketType.Dgram, IvNetwork? network = null)
    {
        IvError error = OpenBound(local, type, network, out IvSocket? socket, out string step);
        return socket ?? throw RefusedAt(error, step, local, type);
    }

    /// <summary>As <see cref="Bind(EndPoint, SocketType, IvNetwork?)"/>, without exceptions for what the system says.</summary>
    /// <param name="local">Where.</param>
    /// <param name="socket">The socket; null if the system refused.</param>
    /// <param name="type">The type; by default datagrams.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    /// <exception cref="ArgumentException"><paramref name="local"/> is a name that was not resolved.</exception>
    public static IvError TryBind(EndPoint local, out IvSocket? socket, SocketType type = SocketType.Dgram, IvNetwork? network = null) =>
        OpenBound(local, type, network, out socket, out _);

    /// <summary>Binds the socket to an address: bind(2).</summary>
    /// <param name="local">Where; port 0 takes a free one.</param>
    /// <exception cref="ArgumentException"><paramref name="local"/> is a name that was not resolved.</exception>
    /// <exception cref="IvException">EADDRINUSE, EACCES, EADDRNOTAVAIL, EINVAL (bound already) … of bind(2).</exception>
    public void Bind(EndPoint local)
    {
        IvError error = TryBind(local);
        if (error != IvError.None)
        {
            throw RefusedAt(error, "bind", local, SocketType);
        }
    }

    /// <summary>As <see cref="Bind(EndPoint)"/>, without exceptions for what the system says.</summary>
    /// <param name="local">Where; port 0 takes a free one.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    /// <exception cref="ArgumentException"><paramref name="local"/> is a name that was not resolved.</exception>
    public IvError TryBind(EndPoint local)
    {
        SocketAddress address = Rent(_network, local);
        IvError error = TryBind(address);
        GiveBack(_network, local, address);
        return error;
    }

    /// <summary>As <see cref="TryBind(EndPoint)"/>, with the system's own structure. Does not allocate.</summary>
    /// <param name="local">Where.</param>
    /// <returns><see cref="IvError.None"/>, or why not; ENAMETOOLONG for a Unix path of more than 107 bytes.</returns>
    public IvError TryBind(SocketAddress local)
    {
        ArgumentNullException.ThrowIfNull(local);
        nint handle = _handle;
        IvError error = Check(local);
        error = handle == Closed ? IvError.Disposed : error != IvError.None ? error : _network.Bind(handle, local);
        GC.KeepAlive(this);
        return error;
    }

    /// <summary>Starts to listen on a bound socket; called again, it changes the backlog: listen(2).</summary>
    /// <param name="backlog">How many connections may wait to be accepted; the system may cut it down.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="backlog"/> is negative.</exception>
    /// <exception cref="IvException">EADDRINUSE, EOPNOTSUPP … of listen(2).</exception>
    public void Listen(int backlog) => ThrowIfRefused(TryListen(backlog), "listen");

    /// <summary>As <see cref="Listen(int)"/>, without exceptions for what the system says.</summary>
    /// <param name="backlog">How many connections may wait to be accepted; the system may cut it down.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="backlog"/> is negative.</exception>
    public IvError TryListen(int backlog)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(backlog);
        nint handle = _handle;
        IvError error = handle == Closed ? IvError.Disposed : _network.Listen(handle, backlog);
        GC.KeepAlive(this);
        return error;
    }

    /// <summary>All that <see cref="Listen(EndPoint, IvListenOptions?, IvNetwork?)"/> does before listen(2).</summary>
    internal static IvError TryBindListener(EndPoint local, IvListenOptions options, bool reusePort, IvNetwork network, out IvSocket? socket, out string step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Backlog, nameof(options));
        SocketAddress address = Rent(network, local);
        step = "open";
        IvError error = TryOpen(local.AddressFamily, SocketType.Stream, out socket, network: network);
        if (socket is not null)
        {
            error = socket.BindListener(address, options, reusePort, out step);
            if (error != IvError.None)
            {
                socket.Dispose();
                socket = null;
            }
        }

        GiveBack(network, local, address);
        return error;
    }

    internal static IvException RefusedAt(IvError error, string step, EndPoint endPoint, SocketType type) =>
        Refused(error, step, $"{KindOf(endPoint.AddressFamily, type)} {IvEndPoint.Describe(endPoint)}", endPoint.AddressFamily);

    private static IvError OpenListener(EndPoint local, IvListenOptions? options, IvNetwork? network, out IvSocket? socket, out string step)
    {
        ArgumentNullException.ThrowIfNull(local);
        options ??= IvListenOptions.Default;
        IvError error = TryBindListener(local, options, options.ReusePort, network ?? IvNetwork.Current, out socket, out step);
        if (socket is not null)
        {
            step = "listen";
            error = socket.TryListen(options.Backlog);
            if (error != IvError.None)
            {
                socket.Dispose();
                socket = null;
            }
        }

        return error;
    }

    private static IvError OpenBound(EndPoint local, SocketType type, IvNetwork? network, out IvSocket? socket, out string step)
    {
        ArgumentNullException.ThrowIfNull(local);
        network ??= IvNetwork.Current;
        SocketAddress address = Rent(network, local);
        step = "open";
        IvError error = TryOpen(local.AddressFamily, type, out socket, network: network);
        if (socket is not null)
        {
            step = "bind";
            error = socket.TryBind(address);
            if (error != IvError.None)
            {
                socket.Dispose();
                socket = null;
            }
        }

        GiveBack(network, local, address);
        return error;
    }

    private IvError BindListener(SocketAddress address, IvListenOptions options, bool reusePort, out string step)
    {
        step = "set an option";
        IvError error = AddressFamily == AddressFamily.Unix ? IvError.None : PrepareListener(options, reusePort);
        if (error == IvError.None)
        {
            step = "bind";
            error = TryBind(address);
            if (error == IvError.EADDRINUSE && options.UnlinkExisting && AddressFamily == AddressFamily.Unix)
            {
                error = UnlinkStale(address);
                error = error == IvError.None ? TryBind(address) : error;
            }
        }

        // Another family has no path, and an abstract name, which begins with NUL, no file.
        if (error == IvError.None && options.Mode is { } mode && NativeAddress.PathOf(address) is [not 0, ..])
        {
            step = "set the mode of the path";
            error = _network.SetFileMode(address, mode);
        }

        return error;
    }

    private IvError PrepareListener(IvListenOptions options, bool reusePort)
    {
        IvError error = TrySetOption(SocketOptions.ReuseAddress, options.ReuseAddress ? 1 : 0);
        if (error == IvError.None && reusePort)
        {
            error = TrySetOption(SocketOptions.ReusePort, 1);
        }

        if (error == IvError.None && options.V6Only is { } v6Only && AddressFamily == AddressFamily.InterNetworkV6)
        {
            error = TrySetOption(SocketOptions.V6Only, v6Only ? 1 : 0);
        }

        if (error == IvError.None && options.DeferAccept is { } defer)
        {
            error = TrySetOption(SocketOptions.DeferAccept, ToSeconds(defer, 0, nameof(options)));
        }

        return error;
    }

    // Only the word of the system that nobody answers there makes a path stale; and only a socket file is taken away.
    private IvError UnlinkStale(SocketAddress address)
    {
        IvError error = TryOpen(AddressFamily, SocketType, out IvSocket? probe, network: _network);
        if (probe is null)
        {
            return error;
        }

        using (probe)
        {
            return probe.TryConnect(address) == IvError.ECONNREFUSED ? _network.UnlinkSocket(address) : IvError.EADDRINUSE;
        }
    }
}
