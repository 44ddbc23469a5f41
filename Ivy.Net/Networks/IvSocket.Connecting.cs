using System.Net;
using System.Net.Sockets;

namespace Ivy.Net;

// Two ends of a connection: connect(2), accept4(2).
public sealed partial class IvSocket
{
    // accept4(2) hands out the errors of connections that died in the queue, one call for each. A queue full of them must not
    // keep the thread, nor may an error that stays be hidden for ever.
    private const int MaxDeadConnections = 16;

    /// <summary>
    /// Makes a stream socket and begins to connect it. It is connected at once, or goes on by itself: when it becomes writable,
    /// <see cref="TakeError"/> tells the outcome.
    /// </summary>
    /// <param name="remote">Whom: an <see cref="IPEndPoint"/> or a <see cref="UnixDomainSocketEndPoint"/>.</param>
    /// <param name="local">Where from; by default the system chooses.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns>The socket; nothing is set on it but what the system sets by default.</returns>
    /// <exception cref="ArgumentException">An end point is a name that was not resolved.</exception>
    /// <exception cref="IvException">
    /// The system refused at once: ENETUNREACH, EADDRNOTAVAIL, EMFILE …; ECONNREFUSED, ENOENT, and EAGAIN for a listener whose
    /// backlog is full, of Unix sockets: connect(2).
    /// </exception>
    public static IvSocket Connect(EndPoint remote, EndPoint? local = null, IvNetwork? network = null)
    {
        IvError error = OpenConnecting(remote, local, network, out IvSocket? socket, out string step);
        return socket ?? throw RefusedAt(error, step, step == "bind" ? local! : remote, SocketType.Stream);
    }

    /// <summary>As <see cref="Connect(EndPoint, EndPoint?, IvNetwork?)"/>, without exceptions for what the system says.</summary>
    /// <param name="remote">Whom.</param>
    /// <param name="socket">The socket, connected or connecting; null if the system refused at once.</param>
    /// <param name="local">Where from; by default the system chooses.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    /// <exception cref="ArgumentException">An end point is a name that was not resolved.</exception>
    public static IvError TryConnect(EndPoint remote, out IvSocket? socket, EndPoint? local = null, IvNetwork? network = null) =>
        OpenConnecting(remote, local, network, out socket, out _);

    /// <summary>
    /// Begins to connect: the outcome comes by readiness and <see cref="TakeError"/>. A datagram socket is connected at once, sends
    /// to this peer alone and hears nobody else; it may be connected again.
    /// </summary>
    /// <param name="remote">Whom.</param>
    /// <exception cref="ArgumentException"><paramref name="remote"/> is a name that was not resolved.</exception>
    /// <exception cref="IvException">The system refused at once: EISCONN, EALREADY, ENETUNREACH … of connect(2).</exception>
    public void Connect(EndPoint remote)
    {
        IvError error = TryConnect(remote);
        if (error != IvError.None)
        {
            throw RefusedAt(error, "connect", remote, SocketType);
        }
    }

    /// <summary>As <see cref="Connect(EndPoint)"/>, without exceptions for what the system says.</summary>
    /// <param name="remote">Whom.</param>
    /// <returns><see cref="IvError.None"/> if it is connected or connecting, or why not.</returns>
    /// <exception cref="ArgumentException"><paramref name="remote"/> is a name that was not resolved.</exception>
    public IvError TryConnect(EndPoint remote)
    {
        SocketAddress address = Rent(_network, remote);
        IvError error = TryConnect(address);
        GiveBack(_network, remote, address);
        return error;
    }

    /// <summary>As <see cref="TryConnect(EndPoint)"/>, with the system's own structure. Does not allocate.</summary>
    /// <param name="remote">Whom; AF_UNSPEC takes the peer of a datagram socket away.</param>
    /// <returns><see cref="IvError.None"/> if it is connected or connecting, or why not.</returns>
    public IvError TryConnect(SocketAddress remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        nint handle = _handle;
        IvError error = Check(remote);
        error = handle == Closed ? IvError.Disposed : error != IvError.None ? error : _network.Connect(handle, remote);
        GC.KeepAlive(this);
        return error == IvError.EINPROGRESS ? IvError.None : error;
    }

    /// <summary>Takes the next connection that waits at a listener.</summary>
    /// <returns>The connection, non-blocking and close-on-exec; null if nobody waits.</returns>
    /// <exception cref="IvException">EMFILE, ENFILE, EINVAL (it does not listen) … of accept(2).</exception>
    public IvSocket? Accept()
    {
        IvError error = TryAccept(out IvSocket? peer);
        return error is IvError.None or IvError.EAGAIN ? peer : throw Refused(error, "accept", this, AddressFamily);
    }

    /// <summary>As <see cref="Accept()"/>, and says who it is.</summary>
    /// <param name="from">
    /// Overwritten with the peer's address, up to the room that its buffer has; its size becomes 0 where there is none that fits.
    /// </param>
    /// <returns>The connection; null if nobody waits.</returns>
    /// <exception cref="IvException">EMFILE, ENFILE, EINVAL (it does not listen) … of accept(2).</exception>
    public IvSocket? Accept(SocketAddress from)
    {
        IvError error = TryAccept(from, out IvSocket? peer);
        return error is IvError.None or IvError.EAGAIN ? peer : throw Refused(error, "accept", this, AddressFamily);
    }

    /// <summary>As <see cref="Accept()"/>, without exceptions.</summary>
    /// <param name="peer">The connection; null if there is none.</param>
    /// <returns>
    /// <see cref="IvError.None"/>; <see cref="IvError.EAGAIN"/> if nobody waits; or why not. After EMFILE and ENFILE the
    /// connection still waits, and the listener stays ready: stop watching it for a while, or the loop spins.
    /// </returns>
    public IvError TryAccept(out IvSocket? peer) => AcceptCore(from: null, out peer);

    /// <summary>As <see cref="TryAccept(out IvSocket?)"/>, and says who it is.</summary>
    /// <param name="from">
    /// Overwritten with the peer's address, up to the room that its buffer has; its size becomes 0 where there is none that fits.
    /// </param>
    /// <param name="peer">The connection; null if there is none.</param>
    /// <returns><see cref="IvError.None"/>; <see cref="IvError.EAGAIN"/> if nobody waits; or why not.</returns>
    public IvError TryAccept(SocketAddress from, out IvSocket? peer)
    {
        ArgumentNullException.ThrowIfNull(from);
        return AcceptCore(from, out peer);
    }

    /// <summary>A connection of a listener, which somebody else has accepted for it.</summary>
    internal static IvSocket OfAccepted(IvSocket listener, nint handle) =>
        new(listener._network, handle, listener.AddressFamily, listener.SocketType, listener.ProtocolType);

    private static IvError OpenConnecting(EndPoint remote, EndPoint? local, IvNetwork? network, out IvSocket? socket, out string step)
    {
        ArgumentNullException.ThrowIfNull(remote);
        network ??= IvNetwork.Current;
        SocketAddress address = Rent(network, remote);
        step = "open";
        IvError error = TryOpen(remote.AddressFamily, SocketType.Stream, out socket, network: network);
        if (error == IvError.None && local is not null)
        {
            step = "bind";
            error = socket!.TryBind(local);
        }

        if (error == IvError.None)
        {
            step = "connect";
            error = socket!.TryConnect(address);
        }

        if (error != IvError.None)
        {
            socket?.Dispose();
            socket = null;
        }

        GiveBack(network, remote, address);
        return error;
    }

    // Errors that belong to the connection, not to the listener: accept(2), "Error handling".
    internal static bool IsOfThePeer(IvError error) => error is IvError.ECONNABORTED or IvError.EPROTO or IvError.ENETDOWN
        or IvError.EHOSTDOWN or IvError.EHOSTUNREACH or IvError.ENETUNREACH or IvError.ENOPROTOOPT or IvError.ETIMEDOUT;

    private IvError AcceptCore(SocketAddress? from, out IvSocket? peer)
    {
        peer = null;
        nint handle = IoHandle;
        if (handle == Closed)
        {
            return IvError.Disposed;
        }

        IvError error;
        nint accepted;
        int dead = 0;
        do
        {
            error = _network.Accept(handle, from, out accepted);
        }
        while (IsOfThePeer(error) && ++dead < MaxDeadConnections);
        GC.KeepAlive(this);
        if (error == IvError.None)
        {
            peer = OfAccepted(this, accepted);
        }

        return error;
    }
}
