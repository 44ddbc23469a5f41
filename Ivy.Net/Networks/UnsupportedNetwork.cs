using System.Net;
using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>
/// What <see cref="IvNetwork.System"/> is where the operating system has no backend here yet: every call says ENOSYS, so that
/// the failure stands at the first call and has a name. A simulated network works everywhere.
/// </summary>
internal sealed class UnsupportedNetwork : IvNetwork
{
    private const IvError Unsupported = IvError.ENOSYS;

    public override string Name => "unsupported";

    internal override IvError Open(AddressFamily family, SocketType type, ProtocolType protocol, out nint handle) => None(out handle);

    internal override IvError OpenPair(SocketType type, out nint first, out nint second)
    {
        second = -1;
        return None(out first);
    }

    internal override void Close(nint handle)
    {
    }

    internal override IvError Bind(nint handle, SocketAddress address) => Unsupported;

    internal override IvError Listen(nint handle, int backlog) => Unsupported;

    internal override IvError Connect(nint handle, SocketAddress address) => Unsupported;

    internal override IvError Accept(nint handle, SocketAddress? from, out nint peer) => None(out peer);

    internal override IvIoResult Receive(nint handle, Span<byte> buffer, SocketFlags flags, bool stream) => IvIoResult.Failed(Unsupported);

    internal override IvIoResult Send(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags) => IvIoResult.Failed(Unsupported);

    internal override IvIoResult ReceiveV(nint handle, ReadOnlySpan<Memory<byte>> buffers, SocketFlags flags, bool stream) =>
        IvIoResult.Failed(Unsupported);

    internal override IvIoResult SendV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers, SocketFlags flags) =>
        IvIoResult.Failed(Unsupported);

    internal override IvIoResult ReceiveFrom(nint handle, Span<byte> buffer, SocketFlags flags, SocketAddress from) =>
        IvIoResult.Failed(Unsupported);

    internal override IvIoResult SendTo(nint handle, ReadOnlySpan<byte> buffer, SocketFlags flags, SocketAddress to) =>
        IvIoResult.Failed(Unsupported);

    internal override int ReceiveMany(nint handle, Span<IvDatagram> datagrams, SocketFlags flags, out IvError error)
    {
        error = Unsupported;
        return 0;
    }

    internal override int SendMany(nint handle, ReadOnlySpan<IvDatagram> datagrams, SocketFlags flags, out IvError error)
    {
        error = Unsupported;
        return 0;
    }

    internal override IvIoResult SendHandles(nint handle, ReadOnlySpan<byte> buffer, ReadOnlySpan<nint> handles) =>
        IvIoResult.Failed(Unsupported);

    internal override IvIoResult ReceiveHandles(nint handle, Span<byte> buffer, Span<nint> handles, out int count, out bool truncated)
    {
        count = 0;
        truncated = false;
        return IvIoResult.Failed(Unsupported);
    }

    internal override IvError Shutdown(nint handle, SocketShutdown how) => Unsupported;

    internal override IvError GetLocalAddress(nint handle, SocketAddress address) => Unsupported;

    internal override IvError GetRemoteAddress(nint handle, SocketAddress address) => Unsupported;

    internal override IvError GetOption(nint handle, int level, int name, Span<byte> value, out int length)
    {
        length = 0;
        return Unsupported;
    }

    internal override IvError SetOption(nint handle, int level, int name, ReadOnlySpan<byte> value) => Unsupported;

    internal override IvIoResult Read(nint handle, Span<byte> buffer) => IvIoResult.Failed(Unsupported);

    internal override IvIoResult Write(nint handle, ReadOnlySpan<byte> buffer) => IvIoResult.Failed(Unsupported);

    internal override IvIoResult ReadV(nint handle, ReadOnlySpan<Memory<byte>> buffers) => IvIoResult.Failed(Unsupported);

    internal override IvIoResult WriteV(nint handle, ReadOnlySpan<ReadOnlyMemory<byte>> buffers) => IvIoResult.Failed(Unsupported);

    internal override IvError Identify(nint handle, out DescriptorIdentity identity)
    {
        identity = default;
        return Unsupported;
    }

    internal override IvError GetBlocking(nint handle, out bool blocking)
    {
        blocking = false;
        return Unsupported;
    }

    internal override IvError SetBlocking(nint handle, bool blocking) => Unsupported;

    internal override IvError Duplicate(nint handle, out nint duplicate) => None(out duplicate);

    internal override IvError OpenEvent(out nint handle) => None(out handle);

    private static IvError None(out nint handle)
    {
        handle = -1;
        return Unsupported;
    }
}
