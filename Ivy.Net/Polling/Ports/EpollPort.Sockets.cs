using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;

namespace Ivy.Net.Polling;

/// <content>What goes into a port: sockets of the library and of .NET, handles, and bare numbers.</content>
public sealed partial class EpollPort
{
    /// <summary>Begins to watch a socket.</summary>
    /// <param name="socket">The socket; it stays the caller's, and has to stay open for as long as it is watched.</param>
    /// <param name="events">What for. Err and Hup are reported in any case.</param>
    /// <param name="data">Comes back with each event, unchanged.</param>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="events"/> has a flag that can't be honoured on every system, such as EPOLLET.</exception>
    /// <exception cref="ObjectDisposedException">The port has been disposed.</exception>
    /// <exception cref="IvException">
    /// EBADF: the socket is closed. ENOTSOCK: it is no socket of the system. EEXIST: the port has it already. ENOMEM, ENOSPC: the
    /// kernel has no room. If several hold, the one that comes first here is told.
    /// </exception>
    public void Add(IvSocket socket, EpollEvents events, ulong data = 0) => ThrowIfRefused(TryAdd(socket, events, data), "add", socket, events);

    /// <inheritdoc cref="Add(IvSocket, EpollEvents, ulong)"/>
    public void Add(Socket socket, EpollEvents events, ulong data = 0) => ThrowIfRefused(TryAdd(socket, events, data), "add", socket, events);

    /// <inheritdoc cref="Add(IvSocket, EpollEvents, ulong)"/>
    public void Add(SafeHandle socket, EpollEvents events, ulong data = 0) => ThrowIfRefused(TryAdd(socket, events, data), "add", socket, events);

    /// <inheritdoc cref="Add(IvSocket, EpollEvents, ulong)"/>
    public void Add(nint socket, EpollEvents events, ulong data = 0) => ThrowIfRefused(TryAdd(socket, events, data), "add", socket, events);

    /// <summary>As <see cref="Add(IvSocket, EpollEvents, ulong)"/>, without exceptions but for null.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="events">What for.</param>
    /// <param name="data">Comes back with each event.</param>
    /// <returns><see cref="IvError.None"/>, or why not; EINVAL for a flag that can't be honoured, <see cref="IvError.Disposed"/> for a disposed port.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    public IvError TryAdd(IvSocket socket, EpollEvents events, ulong data = 0) => TryChange(Change.Add, socket, events, data);

    /// <inheritdoc cref="TryAdd(IvSocket, EpollEvents, ulong)"/>
    public IvError TryAdd(Socket socket, EpollEvents events, ulong data = 0) => TryChange(Change.Add, HandleOf(socket), events, data);

    /// <inheritdoc cref="TryAdd(IvSocket, EpollEvents, ulong)"/>
    public IvError TryAdd(SafeHandle socket, EpollEvents events, ulong data = 0) => TryChange(Change.Add, socket, events, data);

    /// <inheritdoc cref="TryAdd(IvSocket, EpollEvents, ulong)"/>
    public IvError TryAdd(nint socket, EpollEvents events, ulong data = 0) => TryChange(Change.Add, socket, isKnownAsSocket: false, events, data);

    /// <summary>Replaces both what a socket is watched for and its data, and arms it anew after a one-shot report.</summary>
    /// <param name="socket">A socket that the port has.</param>
    /// <param name="events">What for from now on.</param>
    /// <param name="data">Comes back with each event from now on.</param>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="events"/> has a flag that can't be honoured on every system, such as EPOLLET.</exception>
    /// <exception cref="ObjectDisposedException">The port has been disposed.</exception>
    /// <exception cref="IvException">
    /// EBADF: the socket is closed. ENOTSOCK: it is no socket of the system. ENOENT: the port does not have it. If several hold, the
    /// one that comes first here is told.
    /// </exception>
    public void Modify(IvSocket socket, EpollEvents events, ulong data = 0) => ThrowIfRefused(TryModify(socket, events, data), "modify", socket, events);

    /// <inheritdoc cref="Modify(IvSocket, EpollEvents, ulong)"/>
    public void Modify(Socket socket, EpollEvents events, ulong data = 0) => ThrowIfRefused(TryModify(socket, events, data), "modify", socket, events);

    /// <inheritdoc cref="Modify(IvSocket, EpollEvents, ulong)"/>
    public void Modify(SafeHandle socket, EpollEvents events, ulong data = 0) => ThrowIfRefused(TryModify(socket, events, data), "modify", socket, events);

    /// <inheritdoc cref="Modify(IvSocket, EpollEvents, ulong)"/>
    public void Modify(nint socket, EpollEvents events, ulong data = 0) => ThrowIfRefused(TryModify(socket, events, data), "modify", socket, events);

    /// <summary>As <see cref="Modify(IvSocket, EpollEvents, ulong)"/>, without exceptions but for null.</summary>
    /// <param name="socket">A socket that the port has.</param>
    /// <param name="events">What for from now on.</param>
    /// <param name="data">Comes back with each event from now on.</param>
    /// <returns><see cref="IvError.None"/>, or why not; EINVAL for a flag that can't be honoured, <see cref="IvError.Disposed"/> for a disposed port.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    public IvError TryModify(IvSocket socket, EpollEvents events, ulong data = 0) => TryChange(Change.Modify, socket, events, data);

    /// <inheritdoc cref="TryModify(IvSocket, EpollEvents, ulong)"/>
    public IvError TryModify(Socket socket, EpollEvents events, ulong data = 0) => TryChange(Change.Modify, HandleOf(socket), events, data);

    /// <inheritdoc cref="TryModify(IvSocket, EpollEvents, ulong)"/>
    public IvError TryModify(SafeHandle socket, EpollEvents events, ulong data = 0) => TryChange(Change.Modify, socket, events, data);

    /// <inheritdoc cref="TryModify(IvSocket, EpollEvents, ulong)"/>
    public IvError TryModify(nint socket, EpollEvents events, ulong data = 0) => TryChange(Change.Modify, socket, isKnownAsSocket: false, events, data);

    /// <summary>Ends watching a socket, before it is closed. A wait that has returned on another thread may hold an event of it yet.</summary>
    /// <param name="socket">A socket that the port has.</param>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The port has been disposed.</exception>
    /// <exception cref="IvException">
    /// EBADF: the socket is closed, and so no longer watched. ENOTSOCK: it is no socket of the system. ENOENT: the port does not have it.
    /// </exception>
    public void Remove(IvSocket socket) => ThrowIfRefused(TryRemove(socket), "remove", socket, EpollEvents.None);

    /// <inheritdoc cref="Remove(IvSocket)"/>
    public void Remove(Socket socket) => ThrowIfRefused(TryRemove(socket), "remove", socket, EpollEvents.None);

    /// <inheritdoc cref="Remove(IvSocket)"/>
    public void Remove(SafeHandle socket) => ThrowIfRefused(TryRemove(socket), "remove", socket, EpollEvents.None);

    /// <inheritdoc cref="Remove(IvSocket)"/>
    public void Remove(nint socket) => ThrowIfRefused(TryRemove(socket), "remove", socket, EpollEvents.None);

    /// <summary>As <see cref="Remove(IvSocket)"/>, without exceptions but for null.</summary>
    /// <param name="socket">A socket that the port has.</param>
    /// <returns><see cref="IvError.None"/>, or why not; <see cref="IvError.Disposed"/> for a disposed port.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    public IvError TryRemove(IvSocket socket) => TryChange(Change.Remove, socket, EpollEvents.None, 0);

    /// <inheritdoc cref="TryRemove(IvSocket)"/>
    public IvError TryRemove(Socket socket) => TryChange(Change.Remove, HandleOf(socket), EpollEvents.None, 0);

    /// <inheritdoc cref="TryRemove(IvSocket)"/>
    public IvError TryRemove(SafeHandle socket) => TryChange(Change.Remove, socket, EpollEvents.None, 0);

    /// <inheritdoc cref="TryRemove(IvSocket)"/>
    public IvError TryRemove(nint socket) => TryChange(Change.Remove, socket, isKnownAsSocket: false, EpollEvents.None, 0);

    private static SafeSocketHandle HandleOf(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        return socket.SafeHandle;
    }

    private IvError TryChange(Change change, IvSocket socket, EpollEvents events, ulong data)
    {
        ArgumentNullException.ThrowIfNull(socket);
        bool isOurs = ReferenceEquals(socket.Network, IvNetwork.System);

        // The number of a simulated socket may be that of a real one.
        IvError error = isOurs || _gate.IsClosed
            ? TryChange(change, socket.Handle, isKnownAsSocket: !socket.IsDisposed, events, data)
            : socket.IsDisposed ? IvError.EBADF : IvError.ENOTSOCK;
        GC.KeepAlive(socket);
        return error;
    }

    private IvError TryChange(Change change, SafeHandle socket, EpollEvents events, ulong data)
    {
        ArgumentNullException.ThrowIfNull(socket);
        bool referenced = false;
        try
        {
            nint handle = HandleReference.TryAdd(socket, ref referenced) ? socket.DangerousGetHandle() : -1;
            return TryChange(change, handle, isKnownAsSocket: false, events, data);
        }
        finally
        {
            if (referenced)
            {
                socket.DangerousRelease();
            }
        }
    }
}
