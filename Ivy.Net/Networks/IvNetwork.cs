using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop;
using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net;

/// <summary>Where sockets and descriptors come from: the operating system, or a simulation.</summary>
/// <remarks>
/// <para>A socket belongs to a network, never to a loop: it may be made on any thread and moved. Registering it on a loop of
/// another network is a misuse. A socket that is made without naming a network takes that of this thread's loop, or
/// <see cref="System"/> where there is none.</para>
/// <para>Not meant to be derived from: <see cref="System"/> and SimulatedNetwork are all there is. See IvNetwork(3).</para>
/// </remarks>
public abstract class IvNetwork
{
    /// <summary>
    /// How many buffers one vectored call uses, and how many datagrams one batch moves: a batch's structures take 5 KiB of
    /// stack, and beyond 64 a system call's own price no longer shows.
    /// </summary>
    internal const int MaxBatch = 64;

    // sizeof(struct sockaddr_storage), socket(7): room for an address of any family.
    private const int AddressStorageSize = 128;

    [ThreadStatic]
    private static IvNetwork? _ofThisThread;

    private ObjectPool<SocketAddress> _addressPool = new DefaultObjectPool<SocketAddress>(new AddressPolicy());

    private protected IvNetwork()
    {
    }

    /// <summary>
    /// The operating system's sockets and descriptors. Where this library has no backend for the operating system yet, every
    /// call fails with <see cref="IvError.ENOSYS"/>; this version has one for Linux and one for Windows.
    /// </summary>
    public static IvNetwork System { get; } =
        OperatingSystem.IsLinux() ? new SystemNetwork()
        : OperatingSystem.IsWindows() ? new WinsockNetwork()
        : new UnsupportedNetwork();

    /// <summary>The network of this thread's loop, or <see cref="System"/> where there is none.</summary>
    public static IvNetwork Current => _ofThisThread ?? System;

    /// <summary>What messages and dumps call it, as in <c>system</c> and <c>simulated</c>.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Where the sockets of this network take an address from that they need for the duration of one call, as
    /// <see cref="IvSocket.LocalEndPoint"/> and <see cref="IvSocket.SendTo(ReadOnlySpan{byte}, EndPoint)"/> do.
    /// </summary>
    /// <remarks>
    /// <para>May be replaced, best before the first socket is made, by a pool that any thread may use and whose addresses have
    /// a <see cref="SocketAddress.Buffer"/> of at least 128 bytes (struct sockaddr_storage). The default keeps twice as many
    /// as there are processors.</para>
    /// <para>Any thread may read and write it.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">It is set to null.</exception>
    public ObjectPool<SocketAddress> AddressPool
    {
        get => Volatile.Read(ref _addressPool);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Volatile.Write(ref _addressPool, value);
        }
    }

    // Set by the loop when it is made and disposed; this folder must not know loops.
    internal static IvNetwork? OfThisThread
    {
        get => _ofThisThread;
        set => _ofThisThread = value;
    }

    // Conventions of what follows. A handle is a descriptor of this network. Nothing blocks, nothing throws for what the
    // system said, EINTR never comes out, nothing allocates per call. Every new descriptor is non-blocking and
    // close-on-exec. A SocketAddress holds the native sockaddr: its Size is set to what was written.

    /// <summary>The highest handle there can be; any other would be cut to that of a stranger.</summary>
    internal virtual nint MaxHandle => int.MaxValue;

    /// <summary>The family of what <see cref="OpenPair"/> makes.</summary>
    internal virtual AddressFamily PairFamily => AddressFamily.Unix;

    /// <summary>Whether several listeners may share a port, and the system spreads the connections: SO_REUSEPORT.</summary>
    internal virtual bool SharesPorts => true;

    /// <summary>socket(2).</summary>
    internal abstract IvError Open(AddressFamily family, SocketType type, ProtocolType protocol, out nint handle);

    /// <summary>socketpair(2) of Unix sockets, or the nearest thing that the system has.</summary>
    internal abstract IvError OpenPair(SocketType type, out nint first, out nint second);

    /// <summary>close(2). Ends what waits on the descriptor; a bad handle is no error.</summary>
    internal abstract void Close(nint handle);

    /// <summary>
    /// What the finalizer of a forgotten socket calls, on its own thread. A simulation has nothing to do here: when the
    /// collector runs must not change what it does.
    /// </summary>
    internal virtual void CloseForgotten(nint handle)
    {
    }

    internal abstract IvError Bind(nint handle, SocketAddress address);

    internal abstract IvError Listen(nint handle, int backlog);

    /// <summary>None: connected at once. EINPROGRESS: readiness for writing tells. EAGAIN: a Unix listener's backlog is full.</summary>
    internal abstract IvError Connect(nint handle, SocketAddress address);

    /// <summary>accept4(2); EAGAIN when nobody waits. The peer's address goes to <paramref name="from"/> if it is not null.</summary>
    internal abstract IvError Accept(nint handle, SocketAddress? from, out nint peer);

    /// <summary>recv(2). On a stream, 0 bytes into a non-empty buffer are <see cref="IvIoResult.End"/>.</summary>
    internal abstract IvIoResult Receive(nint handle, Span<byte> buffer, SocketFlags flags, bool stream);

    internal abstract IvIoResult Send(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags);

    /// <summary>Scatter and gather over one call; flags as in <see cref="Receive"/>.</summary>
    internal abstract IvIoResult ReceiveV(nint handle, ReadOnlySpan<Memory<byte>> buffers, SocketFlags flags, bool stream);

    internal abstract IvIoResult SendV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers, SocketFlags flags);

    internal abstract IvIoResult ReceiveFrom(nint handle, Span<byte> buffer, SocketFlags flags, SocketAddress from);

    internal abstract IvIoResult SendTo(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags, SocketAddress to);

    /// <summary>recvmmsg(2): how many datagrams were filled, front first; an error only if none was.</summary>
    internal abstract int ReceiveMany(nint handle, Span<IvDatagram> datagrams, SocketFlags flags, out IvError error);

    /// <summary>sendmmsg(2): how many were sent, front first; an error only if none was.</summary>
    internal abstract int SendMany(nint handle, ReadOnlySpan<IvDatagram> datagrams, SocketFlags flags, out IvError error);

    /// <summary>SCM_RIGHTS: the bytes (at least one) go with duplicates of the handles.</summary>
    internal abstract IvIoResult SendHandles(nint handle, ReadOnlySpan<byte> buffer, ReadOnlySpan<nint> handles);

    /// <summary>
    /// SCM_RIGHTS: what came is close-on-exec and the caller's to close. More handles than there is room for are closed, and
    /// <paramref name="truncated"/> says so.
    /// </summary>
    internal abstract IvIoResult ReceiveHandles(nint handle, Span<byte> buffer, Span<nint> handles, out int count, out bool truncated);

    internal abstract IvError Shutdown(nint handle, SocketShutdown how);

    internal abstract IvError GetLocalAddress(nint handle, SocketAddress address);

    internal abstract IvError GetRemoteAddress(nint handle, SocketAddress address);

    /// <summary>getsockopt(2) with the platform's numbers.</summary>
    internal abstract IvError GetOption(nint handle, int level, int name, Span<byte> value, out int length);

    /// <summary>setsockopt(2) with the platform's numbers.</summary>
    internal abstract IvError SetOption(nint handle, int level, int name, ReadOnlySpan<byte> value);

    /// <summary>As <see cref="GetOption"/>, of an option that the library names: number and layout of the value are Linux's on every system.</summary>
    internal virtual IvError GetNamedOption(nint handle, SocketOption option, Span<byte> value, out int length) =>
        GetOption(handle, option.Level, option.Name, value, out length);

    /// <summary>As <see cref="SetOption"/>, of an option that the library names.</summary>
    internal virtual IvError SetNamedOption(nint handle, SocketOption option, ReadOnlySpan<byte> value) =>
        SetOption(handle, option.Level, option.Name, value);

    /// <summary>read(2); 0 bytes into a non-empty buffer are <see cref="IvIoResult.End"/>.</summary>
    internal abstract IvIoResult Read(nint handle, Span<byte> buffer);

    internal abstract IvIoResult Write(nint handle, ReadOnlySpan<byte> buffer);

    internal abstract IvIoResult ReadV(nint handle, ReadOnlySpan<Memory<byte>> buffers);

    internal abstract IvIoResult WriteV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers);

    /// <summary>fstat(2): EBADF for a number that is not open.</summary>
    internal abstract IvError Identify(nint handle, out DescriptorIdentity identity);

    /// <summary>fcntl(F_SETFD, FD_CLOEXEC), for a descriptor that was inherited.</summary>
    internal virtual IvError SetCloseOnExec(nint handle) => IvError.None;

    /// <summary>unlink(2) of a Unix address's path, if it is a socket: EADDRINUSE where another kind of file has the name.</summary>
    internal virtual IvError UnlinkSocket(SocketAddress address) => IvError.EOPNOTSUPP;

    /// <summary>chmod(2) of a Unix address's path.</summary>
    internal virtual IvError SetFileMode(SocketAddress address, UnixFileMode mode) => IvError.EOPNOTSUPP;

    internal abstract IvError GetBlocking(nint handle, out bool blocking);

    internal abstract IvError SetBlocking(nint handle, bool blocking);

    /// <summary>fcntl(F_DUPFD_CLOEXEC).</summary>
    internal abstract IvError Duplicate(nint handle, out nint duplicate);

    /// <summary>eventfd(2): readable while its counter is not 0; written and read in words of eight bytes.</summary>
    internal abstract IvError OpenEvent(out nint handle);

    /// <summary>
    /// pipe2(2), with as much room as it was asked for or else what the system gives by itself: what a splice goes through. ENOSYS where
    /// there is no splice.
    /// </summary>
    internal virtual IvError OpenPipe(ref int capacity, out nint read, out nint write)
    {
        read = write = -1;
        return IvError.ENOSYS;
    }

    /// <summary>
    /// splice(2), from or into a pipe, as much as goes without blocking; 0 bytes are <see cref="IvIoResult.End"/>. EINVAL, ENOSYS, EPERM:
    /// not with this descriptor, or not here.
    /// </summary>
    internal virtual IvIoResult Splice(nint from, nint to, int count) => IvIoResult.Failed(IvError.ENOSYS);

    /// <summary>poll(2) with no time: whether a read would not block. Asked only where a splice may fail for another reason.</summary>
    internal virtual bool IsReadable(nint handle) => false;

    private sealed class AddressPolicy : PooledObjectPolicy<SocketAddress>
    {
        public override SocketAddress Create() => new(AddressFamily.Unspecified, AddressStorageSize);

        public override bool Return(SocketAddress obj) => obj.Buffer.Length >= AddressStorageSize;
    }
}
