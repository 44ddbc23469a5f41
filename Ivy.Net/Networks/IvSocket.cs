using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Ivy.Net.Interop;

namespace Ivy.Net;

/// <summary>A non-blocking socket: TCP, UDP, or Unix; the thin layer that everything else uses.</summary>
/// <remarks>
/// <para>It belongs to a <see cref="Network"/>, not to a loop, and may be made on any thread. It is not safe for use by two
/// threads at once: hand it over, or keep it. Once an IvFd watches it, it is for the thread of that loop.</para>
/// <para>No call blocks. Receiving and sending allocate nothing and throw for no answer of the system; they return an
/// <see cref="IvIoResult"/>. Other calls come in two forms: one throws <see cref="IvException"/>, its <c>Try…</c> twin returns
/// the <see cref="IvError"/>. On a disposed socket the former throw, and the latter return, <see cref="IvError.Disposed"/>; no
/// call reaches a descriptor number that is no longer its own.</para>
/// <para>A socket that is forgotten is closed when the collector finds it. See IvSocket(3), socket(7), tcp(7), udp(7), unix(7).</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class IvSocket : IDisposable
{
    /// <summary>Where the runtime puts the first and the last of what each receive and send reads.</summary>
    internal const int HotBegin = 32;
    internal const int HotEnd = 55;

    private const nint Closed = -1;

    // A server has one object of this class for each connection: 64 bytes, and what each receive and send reads stands side by side
    // at their end. What is seldom asked for comes first.
    private string? _name;
    private ISocketWatcher? _watcher;
    private ISocketOwner? _owner;
    private readonly IvNetwork _network;

    // The descriptor until Dispose or Detach takes it out, once, by an exchange: closing a number twice hits a stranger.
    private nint _handle;
    private readonly AddressFamily _family;
    private readonly ushort _protocol;
    private readonly sbyte _type;
    private Traits _traits;

    private IvSocket(IvNetwork network, nint handle, AddressFamily family, SocketType type, ProtocolType protocol, bool ownsHandle = true, bool restoreBlocking = false)
    {
        _network = network;
        _handle = handle;
        _family = family;

        // No kernel has a type of more than a few bits, or a protocol of more than 16: that of a packet socket may have all of them.
        _protocol = unchecked((ushort)protocol);
        _type = unchecked((sbyte)type);
        _traits = (type is SocketType.Stream or SocketType.Seqpacket ? Traits.HasEnd : Traits.None)
            | (ownsHandle ? Traits.OwnsHandle : Traits.None)
            | (restoreBlocking ? Traits.RestoresBlocking : Traits.None);
    }

    /// <summary>Closes a socket that was forgotten, and touches nothing else.</summary>
#pragma warning disable MA0055 // the owner of a descriptor: a SafeHandle would cost two interlocked operations per call
    ~IvSocket()
#pragma warning restore MA0055
    {
        nint handle = Interlocked.Exchange(ref _handle, Closed);
        if (handle != Closed && Is(Traits.OwnsHandle))
        {
            _network.CloseForgotten(handle);
        }
    }

    [Flags]
    private enum Traits : byte
    {
        None = 0,

        // 0 bytes are the end: so on a stream, and on SOCK_SEQPACKET, where an empty record can't be told from it (recv(2)).
        HasEnd = 1,
        OwnsHandle = 2,
        RestoresBlocking = 4,
        HandedOver = 8,
    }

    /// <summary>The descriptor; -1 once the socket is disposed or detached. Do not close it.</summary>
    public nint Handle => _handle;

    /// <summary>The network that it was made on. Any thread may ask.</summary>
    public IvNetwork Network => _network;

    /// <summary>The family: <see cref="AddressFamily.InterNetwork"/>, <see cref="AddressFamily.InterNetworkV6"/>,
    /// <see cref="AddressFamily.Unix"/> …; <see cref="AddressFamily.Unknown"/> for a socket taken over whose family .NET does not name.</summary>
    public AddressFamily AddressFamily => _family;

    /// <summary>The type: <see cref="SocketType.Stream"/>, <see cref="SocketType.Dgram"/> …</summary>
    public SocketType SocketType => (SocketType)_type;

    /// <summary>The protocol: <see cref="ProtocolType.Tcp"/>, <see cref="ProtocolType.Udp"/>; <see cref="ProtocolType.Unspecified"/> for Unix sockets.</summary>
    public ProtocolType ProtocolType => _protocol == ushort.MaxValue ? ProtocolType.Unknown : (ProtocolType)_protocol;

    /// <summary>What messages and dumps call it; null at first, the name from LISTEN_FDNAMES for an inherited listener.</summary>
    public string? Name
    {
        get => _name;
        set => _name = value;
    }

    /// <summary>Whether it has been disposed or detached. Any thread may ask.</summary>
    public bool IsDisposed => Volatile.Read(ref _handle) == Closed;

    // An engine receives and sends for it.
    internal bool IsHandedOver
    {
        get => Is(Traits.HandedOver);
        set => _traits = value ? _traits | Traits.HandedOver : _traits & ~Traits.HandedOver;
    }

    // Who watches it: is told before the descriptor goes away.
    internal ISocketWatcher? Watcher
    {
        get => _watcher;
        set => _watcher = value;
    }

    // Who counts it: is told, once, when the descriptor has gone.
    internal ISocketOwner? Owner
    {
        get => _owner;
        set => _owner = value;
    }

    /// <summary>Makes a socket that is neither bound nor connected.</summary>
    /// <param name="family">The family.</param>
    /// <param name="type">The type.</param>
    /// <param name="protocol">The protocol; by default the one that family and type imply.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns>The socket, non-blocking and close-on-exec.</returns>
    /// <exception cref="IvException">The system refused: EMFILE, EAFNOSUPPORT, EPROTONOSUPPORT … of socket(2).</exception>
    public static IvSocket Open(AddressFamily family, SocketType type, ProtocolType protocol = default, IvNetwork? network = null)
    {
        IvError error = TryOpen(family, type, out IvSocket? socket, protocol, network);
        return socket ?? throw Refused(error, "open", $"{KindOf(family, type)} socket", family);
    }

    /// <summary>As <see cref="Open"/>, without exceptions.</summary>
    /// <param name="family">The family.</param>
    /// <param name="type">The type.</param>
    /// <param name="socket">The socket; null if the system refused.</param>
    /// <param name="protocol">The protocol; by default the one that family and type imply.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns><see cref="IvError.None"/>, or why not: socket(2).</returns>
    public static IvError TryOpen(
        AddressFamily family,
        SocketType type,
        out IvSocket? socket,
        ProtocolType protocol = default,
        IvNetwork? network = null)
    {
        network ??= IvNetwork.Current;
        IvError error = network.Open(family, type, protocol, out nint handle);
        socket = error == IvError.None ? new IvSocket(network, handle, family, type, Resolve(family, type, protocol)) : null;
        return error;
    }

    /// <summary>Makes two connected Unix sockets; on Windows, which has no such pairs, two sockets that are connected over loopback.</summary>
    /// <param name="type">Stream, datagram or SOCK_SEQPACKET (not on Windows: ESOCKTNOSUPPORT).</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns>The two ends; each is the caller's to dispose.</returns>
    /// <exception cref="IvException">The system refused: EMFILE … of socketpair(2).</exception>
    public static (IvSocket First, IvSocket Second) CreatePair(SocketType type = SocketType.Stream, IvNetwork? network = null)
    {
        IvError error = TryCreatePair(out IvSocket? first, out IvSocket? second, type, network);
        return error == IvError.None ? (first!, second!) : throw Refused(error, "create a pair", KindOf((network ?? IvNetwork.Current).PairFamily, type) + " socket", (network ?? IvNetwork.Current).PairFamily);
    }

    /// <summary>As <see cref="CreatePair"/>, without exceptions.</summary>
    /// <param name="first">One end; null if the system refused.</param>
    /// <param name="second">The other end; null if the system refused.</param>
    /// <param name="type">Stream, datagram or SOCK_SEQPACKET.</param>
    /// <param name="network">The network; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns><see cref="IvError.None"/>, or why not: socketpair(2).</returns>
    public static IvError TryCreatePair(
        out IvSocket? first,
        out IvSocket? second,
        SocketType type = SocketType.Stream,
        IvNetwork? network = null)
    {
        network ??= IvNetwork.Current;
        IvError error = network.OpenPair(type, out nint one, out nint other);
        AddressFamily family = network.PairFamily;
        ProtocolType protocol = Resolve(family, type, ProtocolType.Unspecified);
        first = error == IvError.None ? new IvSocket(network, one, family, type, protocol) : null;
        second = error == IvError.None ? new IvSocket(network, other, family, type, protocol) : null;
        return error;
    }

    /// <summary>Ends a direction: after <see cref="SocketShutdown.Send"/> the peer reads what was sent, and then the end.</summary>
    /// <param name="how">Which.</param>
    /// <exception cref="IvException">ENOTCONN … of shutdown(2); <see cref="IvError.Disposed"/>.</exception>
    public void Shutdown(SocketShutdown how) => ThrowIfRefused(TryShutdown(how), "shut down");

    /// <summary>As <see cref="Shutdown"/>, without exceptions.</summary>
    /// <param name="how">Which direction.</param>
    /// <returns><see cref="IvError.None"/>, or why not: shutdown(2).</returns>
    public IvError TryShutdown(SocketShutdown how)
    {
        nint handle = _handle;
        IvError error = handle == Closed ? IvError.Disposed : _network.Shutdown(handle, how);
        GC.KeepAlive(this);
        return error;
    }

    /// <summary>Takes the error that waits on the socket (SO_ERROR): after a connect became ready, whether it went through.</summary>
    /// <returns><see cref="IvError.None"/>, or the error; asking clears it.</returns>
    public IvError TakeError()
    {
        IvError refused = TryGetOption(SocketOptions.Error, out int error);
        return refused == IvError.None ? (IvError)error : refused;
    }

    /// <summary>
    /// Ends the registration of an IvFd that watches it, and closes the descriptor. Idempotent. Data that was sent and
    /// not yet acknowledged is still delivered, unless <see cref="Linger"/> says otherwise; see close(2).
    /// </summary>
    /// <remarks>
    /// A descriptor that the socket does not own (<see cref="FromHandle"/>) stays open, and becomes blocking again if it was.
    /// </remarks>
    /// <exception cref="IvFatalException">
    /// An IvFd of another thread's loop watches it: nothing has changed. Dispose on that thread.
    /// </exception>
    public void Dispose()
    {
        nint handle = Release();
        if (handle == Closed)
        {
            return;
        }

        if (Is(Traits.OwnsHandle))
        {
            _network.Close(handle);
        }
        else if (Is(Traits.RestoresBlocking))
        {
            _network.SetBlocking(handle, blocking: true);
        }

        TellOwner();
    }

    /// <summary>As in <c>tcp 127.0.0.1:7000 listening</c>, <c>tcp 10.0.0.9:51514 -> 127.0.0.1:7000</c>, <c>unix /run/x.sock</c>
    /// or <c>disposed tcp socket</c>. Asks the system, and allocates.</summary>
    /// <returns>A text for logs.</returns>
    public override string ToString()
    {
        string kind = KindOf(AddressFamily, SocketType);
        string name = Name is null ? string.Empty : $" \"{Name}\"";
        if (IsDisposed)
        {
            return $"disposed {kind} socket{name}";
        }

        EndPoint? remote = RemoteEndPoint;
        string local = LocalEndPoint is { } bound ? $" {IvEndPoint.Describe(bound)}" : string.Empty;
        string text = remote is not null ? $"{kind}{local} -> {IvEndPoint.Describe(remote)}"
            : IsListening ? $"{kind}{local} listening"
            : local.Length != 0 ? kind + local
            : AddressFamily == AddressFamily.Unix ? $"{kind} unnamed"
            : $"{kind} unbound";
        return text + name;
    }

    private static ProtocolType Resolve(AddressFamily family, SocketType type, ProtocolType protocol) => (family, type, protocol) switch
    {
        (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Unspecified) => ProtocolType.Tcp,
        (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Unspecified) => ProtocolType.Udp,
        _ => protocol,
    };

    private static string KindOf(AddressFamily family, SocketType type) => (family, type) switch
    {
        (AddressFamily.Unix, SocketType.Stream) => "unix",
        (AddressFamily.Unix, SocketType.Dgram) => "unix datagram",
        (AddressFamily.Unix, SocketType.Seqpacket) => "unix seqpacket",
        (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6, SocketType.Stream) => "tcp",
        (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6, SocketType.Dgram) => "udp",
        (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6, SocketType.Raw) => "raw",
        _ => $"{family} {type}",
    };

    private static IvException Refused(IvError error, string operation, object subject, AddressFamily family) =>
        new(error, operation, subject, SocketAdvice.For(error, operation, family));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ThrowIfRefused(IvError error, string operation)
    {
        if (error != IvError.None)
        {
            Throw(error, operation);
        }
    }

    private bool Is(Traits traits) => (_traits & traits) != 0;

    // The descriptor for whoever reads and writes.
    private nint IoHandle
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (IsHandedOver)
            {
                RaiseHandedOver();
            }

            return _handle;
        }
    }

    [DoesNotReturn]
    private void RaiseHandedOver() => IvFatal.Raise(
        FatalCondition.SocketHandedOver,
        $"{this}: received from or sent to, or asked for a connection, while an engine does that for it. Use the IvCompletionSocket or IvCompletionListener that it was handed over to, or unregister that one first.",
        this);

    [DoesNotReturn]
    private void Throw(IvError error, string operation) => throw Refused(error, operation, this, AddressFamily);

    private void TellOwner()
    {
        if (Owner is { } owner)
        {
            Owner = null;
            owner.OnSocketGone();
        }
    }

    // Out of the watcher's hands and out of this object: the descriptor, to the one who asked first; Closed to all others.
    private nint Release()
    {
        if (_handle != Closed)
        {
            Watcher?.OnSocketClosing();
        }

        nint handle = Interlocked.Exchange(ref _handle, Closed);
        GC.SuppressFinalize(this);
        return handle;
    }
}
