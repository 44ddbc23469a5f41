using System.Net.Sockets;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// Descriptors taken over, given away, and passed to other processes.
public sealed partial class IvSocket
{
    /// <summary>How many descriptors one message carries at most: SCM_MAX_FD, unix(7).</summary>
    public const int MaxHandles = Constants.SCM_MAX_FD;

    /// <summary>Takes a descriptor that is a socket, and makes it non-blocking.</summary>
    /// <param name="handle">The descriptor. If it is refused, it stays as it was, the caller's.</param>
    /// <param name="ownsHandle">
    /// True: <see cref="Dispose"/> closes it. False: whoever owns it keeps it open until then; it becomes blocking again if it was.
    /// </param>
    /// <param name="network">The network that it is of; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns>The socket; family, type and protocol are asked of the system.</returns>
    /// <exception cref="IvException">EBADF: not open; ENOTSOCK: not a socket.</exception>
    public static IvSocket FromHandle(nint handle, bool ownsHandle = true, IvNetwork? network = null)
    {
        IvError error = TryFromHandle(handle, out IvSocket? socket, ownsHandle, network);
        return socket ?? throw Refused(error, "take a descriptor", $"descriptor {handle}", AddressFamily.Unspecified);
    }

    /// <summary>As <see cref="FromHandle"/>, without exceptions.</summary>
    /// <param name="handle">The descriptor. If it is refused, it stays as it was, the caller's.</param>
    /// <param name="socket">The socket; null if it was refused.</param>
    /// <param name="ownsHandle">Whether <see cref="Dispose"/> closes it.</param>
    /// <param name="network">The network that it is of; by default <see cref="IvNetwork.Current"/>.</param>
    /// <returns><see cref="IvError.None"/>; EBADF, ENOTSOCK.</returns>
    public static IvError TryFromHandle(nint handle, out IvSocket? socket, bool ownsHandle = true, IvNetwork? network = null)
    {
        network ??= IvNetwork.Current;
        socket = null;
        if (handle < 0 || handle > network.MaxHandle)
        {
            return IvError.EBADF;
        }

        IvError error = Ask(network, handle, SocketOptions.Domain, out int domain);
        error = error == IvError.None ? Ask(network, handle, SocketOptions.Type, out int type) : Zero(error, out type);
        error = error == IvError.None ? Ask(network, handle, SocketOptions.Protocol, out int protocol) : Zero(error, out protocol);
        bool blocking = false;
        error = error == IvError.None ? network.GetBlocking(handle, out blocking) : error;
        error = error == IvError.None && blocking ? network.SetBlocking(handle, blocking: false) : error;
        if (error == IvError.None)
        {
            AddressFamily family = NativeAddress.FromNative(domain);
            socket = new IvSocket(network, handle, family, (SocketType)type, (ProtocolType)protocol, ownsHandle, restoreBlocking: blocking);
        }

        return error;
    }

    /// <summary>
    /// Takes over a socket of System.Net: duplicates its descriptor, close-on-exec and non-blocking, and then disposes
    /// <paramref name="socket"/>. The connection stays; the peer notices nothing.
    /// </summary>
    /// <param name="socket">
    /// The socket, with no operation under way: disposing it would end that, and with it the connection. If the system refuses, it is
    /// left as it was.
    /// </param>
    /// <returns>The socket; it does not know <paramref name="socket"/> any more.</returns>
    /// <remarks>
    /// The descriptor is not borrowed, because a borrowed one (DangerousAddRef) makes <see cref="Socket.Dispose()"/> on another
    /// thread wait for ever and reset the connection.
    /// </remarks>
    /// <exception cref="ObjectDisposedException"><paramref name="socket"/> is disposed.</exception>
    /// <exception cref="IvException">EMFILE … of fcntl(2).</exception>
    public static IvSocket Adopt(Socket socket)
    {
        IvError error = TryAdopt(socket, out IvSocket? adopted);
        return adopted ?? throw Refused(error, "adopt", "System.Net.Sockets.Socket", socket.AddressFamily);
    }

    /// <summary>As <see cref="Adopt"/>, without exceptions.</summary>
    /// <param name="socket">The socket, with no operation under way; left as it was if the system refuses.</param>
    /// <param name="adopted">The socket; null if the system refused.</param>
    /// <returns><see cref="IvError.None"/>, or why not: EMFILE … of fcntl(2).</returns>
    /// <exception cref="ObjectDisposedException"><paramref name="socket"/> is disposed.</exception>
    public static IvError TryAdopt(Socket socket, out IvSocket? adopted)
    {
        ArgumentNullException.ThrowIfNull(socket);
        IvNetwork network = IvNetwork.System;
        SafeSocketHandle borrowed = socket.SafeHandle;
        adopted = null;
        bool isBorrowed = false;
        try
        {
            // For the length of these calls only, so that nobody closes it meanwhile.
            ObjectDisposedException.ThrowIf(!HandleReference.TryAdd(borrowed, ref isBorrowed), socket);
            IvError error = network.Duplicate(borrowed.DangerousGetHandle(), out nint duplicate);
            if (error != IvError.None)
            {
                return error;
            }

            error = TryFromHandle(duplicate, out adopted, network: network);
            if (adopted is null)
            {
                network.Close(duplicate);
                return error;
            }
        }
        finally
        {
            if (isBorrowed)
            {
                borrowed.DangerousRelease();
            }
        }

        socket.Dispose();
        return IvError.None;
    }

    /// <summary>Gives the descriptor away: ends the registration of an IvFd that watches it, and leaves it open and non-blocking.</summary>
    /// <returns>The descriptor; the caller's to close, unless the socket did not own it.</returns>
    /// <exception cref="IvFatalException">An IvFd of another thread's loop watches it: nothing has changed.</exception>
    /// <exception cref="IvException"><see cref="IvError.Disposed"/>.</exception>
    public nint Detach()
    {
        nint handle = Release();
        if (handle == Closed)
        {
            throw Refused(IvError.Disposed, "detach", this, AddressFamily);
        }

        TellOwner();
        return handle;
    }

    /// <summary>
    /// Gives the descriptor to a new socket of System.Net, which owns it if this one did: <see cref="Detach"/>, and wrapped with
    /// <see cref="Socket.Blocking"/> false.
    /// </summary>
    /// <returns>The socket; its asynchronous calls work, the synchronous ones fail with <see cref="SocketError.WouldBlock"/>.</returns>
    /// <exception cref="NotSupportedException">It is of a simulated network: System.Net knows only the system's.</exception>
    /// <exception cref="IvFatalException">An IvFd of another thread's loop watches it: nothing has changed.</exception>
    /// <exception cref="IvException"><see cref="IvError.Disposed"/>.</exception>
    public Socket ToSocket()
    {
        if (!ReferenceEquals(_network, IvNetwork.System))
        {
            throw new NotSupportedException($"{this} is of the network '{_network.Name}': System.Net knows only the system's sockets.");
        }

        // Socket thinks that a descriptor it is given blocks, whatever fcntl(2) says: it must be told.
        return new Socket(new SafeSocketHandle(Detach(), Is(Traits.OwnsHandle))) { Blocking = false };
    }

    /// <summary>Sends bytes and, with the first of them, duplicates of descriptors to the process at the other end: SCM_RIGHTS, unix(7).</summary>
    /// <param name="buffer">At least one byte, which carries the descriptors.</param>
    /// <param name="handles">Up to <see cref="MaxHandles"/> descriptors of any kind; they stay open here.</param>
    /// <returns>
    /// Bytes, on a stream perhaps fewer than asked: the descriptors went with the first, do not send them again; would-block; or the
    /// error: EBADF, ETOOMANYREFS (too many are under way), EOPNOTSUPP or EINVAL where it is no Unix socket.
    /// </returns>
    /// <exception cref="ArgumentException">No byte, or too many descriptors.</exception>
    /// <remarks>For the thread that has the socket. Does not allocate.</remarks>
    public IvIoResult SendHandles(ReadOnlySpan<byte> buffer, ReadOnlySpan<nint> handles)
    {
        RequireByte(buffer.Length, nameof(buffer));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(handles.Length, MaxHandles, nameof(handles));
        nint handle = IoHandle;
        IvError refused = handle == Closed ? IvError.Disposed : AddressFamily != AddressFamily.Unix ? IvError.EOPNOTSUPP : IvError.None;
        IvIoResult result = refused == IvError.None ? _network.SendHandles(handle, buffer, handles) : IvIoResult.Failed(refused);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>Receives bytes, and the descriptors that came with them.</summary>
    /// <param name="buffer">Where the bytes go; at least one.</param>
    /// <param name="handles">
    /// Where the descriptors go. They are close-on-exec and the caller's to close; whether they block is as the sender had it.
    /// </param>
    /// <param name="count">How many descriptors came.</param>
    /// <param name="truncated">
    /// More came than there is room for, or than this process may open (EMFILE): they have been closed.
    /// </param>
    /// <returns>As <see cref="Receive(Span{byte})"/>; EOPNOTSUPP where it is no Unix socket.</returns>
    /// <exception cref="ArgumentException">No room for a byte.</exception>
    /// <remarks>
    /// For the thread that has the socket. Does not allocate. A plain <see cref="Receive(Span{byte})"/> makes the kernel close what came
    /// with the bytes.
    /// </remarks>
    public IvIoResult ReceiveHandles(Span<byte> buffer, Span<nint> handles, out int count, out bool truncated)
    {
        RequireByte(buffer.Length, nameof(buffer));
        count = 0;
        truncated = false;
        nint handle = IoHandle;
        IvError refused = handle == Closed ? IvError.Disposed : AddressFamily != AddressFamily.Unix ? IvError.EOPNOTSUPP : IvError.None;
        IvIoResult result = refused == IvError.None
            ? _network.ReceiveHandles(handle, buffer, handles, out count, out truncated)
            : IvIoResult.Failed(refused);
        GC.KeepAlive(this);
        return result.IsEnd && !Is(Traits.HasEnd) ? IvIoResult.Ok(0) : result;
    }

    private static void RequireByte(int length, string parameter)
    {
        if (length == 0)
        {
            throw new ArgumentException("Descriptors travel with a byte: the buffer must not be empty.", parameter);
        }
    }

    private static IvError Ask(IvNetwork network, nint handle, SocketOption option, out int value)
    {
        value = 0;
        return network.GetNamedOption(handle, option, AsBytes(ref value), out _);
    }

    private static IvError Zero(IvError error, out int value)
    {
        value = 0;
        return error;
    }
}
