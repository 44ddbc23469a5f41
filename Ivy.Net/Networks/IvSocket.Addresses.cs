using System.Net;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// Who it is and whom it talks to.
public sealed partial class IvSocket
{
    /// <summary>
    /// Where it is bound; null where it is not, where it has no name (a Unix socket that was not bound), and where it has been
    /// disposed. Asked of the system at each read; allocates.
    /// </summary>
    /// <remarks>A Unix path that is not UTF-8 reads as null too: <see cref="GetLocalAddress"/> gives its bytes.</remarks>
    public EndPoint? LocalEndPoint
    {
        get
        {
            SocketAddress address = _network.AddressPool.Get();
            EndPoint? endPoint = GetLocalAddress(address) == IvError.None ? NativeAddress.ToEndPoint(address) : null;
            _network.AddressPool.Return(address);
            return endPoint;
        }
    }

    /// <summary>
    /// Whom it is connected to; null where it is not (yet), where the peer has no name, and where it has been disposed. Asked of the
    /// system at each read; allocates.
    /// </summary>
    /// <remarks>A Unix path that is not UTF-8 reads as null too: <see cref="GetRemoteAddress"/> gives its bytes.</remarks>
    public EndPoint? RemoteEndPoint
    {
        get
        {
            SocketAddress address = _network.AddressPool.Get();
            EndPoint? endPoint = GetRemoteAddress(address) == IvError.None ? NativeAddress.ToEndPoint(address) : null;
            _network.AddressPool.Return(address);
            return endPoint;
        }
    }

    // SO_ACCEPTCONN.
    private bool IsListening => TryGetOption(SocketOptions.IsListening, out int listening) == IvError.None && listening != 0;

    /// <summary>Where it is bound, as the system's own structure: getsockname(2). Does not allocate.</summary>
    /// <param name="address">
    /// Overwritten, up to the room that its buffer has; its size becomes 0 where there is no address or none that fits.
    /// </param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    public IvError GetLocalAddress(SocketAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        nint handle = _handle;
        IvError error = handle == Closed ? IvError.Disposed : _network.GetLocalAddress(handle, address);
        GC.KeepAlive(this);
        return error;
    }

    /// <summary>Whom it is connected to, as the system's own structure: getpeername(2). Does not allocate.</summary>
    /// <param name="address">
    /// Overwritten, up to the room that its buffer has; its size becomes 0 where there is no address or none that fits.
    /// </param>
    /// <returns><see cref="IvError.None"/>; ENOTCONN where it is not connected.</returns>
    public IvError GetRemoteAddress(SocketAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        nint handle = _handle;
        IvError error = handle == Closed ? IvError.Disposed : _network.GetRemoteAddress(handle, address);
        GC.KeepAlive(this);
        return error;
    }

    // The address of an end point for the length of one call: written into a pooled one where that is possible. Give it back.
    private static SocketAddress Rent(IvNetwork network, EndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        switch (endPoint)
        {
            case IPEndPoint ip:
                SocketAddress address = network.AddressPool.Get();
                NativeAddress.Write(ip, address);
                return address;

            case DnsEndPoint:
                throw new ArgumentException($"{endPoint} is a name: resolve it first, and use an address of the answer.", nameof(endPoint));

            default:
                return endPoint.Serialize();
        }
    }

    private static void GiveBack(IvNetwork network, EndPoint endPoint, SocketAddress address)
    {
        if (endPoint is IPEndPoint)
        {
            network.AddressPool.Return(address);
        }
    }

    // The kernel would say EINVAL, which is no help to anybody.
    private static IvError Check(SocketAddress address) =>
        address.Size > NativeAddress.UnixSize
        && MemoryMarshal.Read<ushort>(address.Buffer.Span) == Constants.AF_UNIX
            ? IvError.ENAMETOOLONG
            : IvError.None;
}
