using System.Net;
using System.Net.Sockets;

namespace Ivy.Net;

// Datagrams with their addresses, one by one and in batches.
public sealed partial class IvSocket
{
    /// <summary>Receives one datagram, and says from whom: recvfrom(2).</summary>
    /// <param name="buffer">Where to; what does not fit is lost.</param>
    /// <param name="from">
    /// Overwritten with the sender's address, up to the room that its buffer has; its size becomes 0 where the sender has no address
    /// (an unbound Unix socket) or none that fits. Use one over and over.
    /// </param>
    /// <returns>Bytes, 0 for an empty datagram; would-block; or the error, as ECONNREFUSED for an earlier datagram.</returns>
    /// <remarks>For the thread that has the socket. Does not allocate.</remarks>
    public IvIoResult ReceiveFrom(Span<byte> buffer, SocketAddress from)
    {
        ArgumentNullException.ThrowIfNull(from);
        nint handle = IoHandle;
        IvIoResult result = handle == Closed
            ? IvIoResult.Failed(IvError.Disposed)
            : _network.ReceiveFrom(handle, buffer, SocketFlags.None, from);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>Sends one datagram to an address: sendto(2).</summary>
    /// <param name="buffer">What; goes whole or not at all.</param>
    /// <param name="to">To whom, as <see cref="EndPoint.Serialize"/> makes it or <see cref="ReceiveFrom"/> filled it.</param>
    /// <returns>Bytes; would-block; or the error: EMSGSIZE, ENETUNREACH … of send(2), EDESTADDRREQ for an address of size 0.</returns>
    /// <remarks>For the thread that has the socket. Does not allocate.</remarks>
    public IvIoResult SendTo(ReadOnlySpan<byte> buffer, SocketAddress to)
    {
        ArgumentNullException.ThrowIfNull(to);
        nint handle = IoHandle;
        IvError refused = handle == Closed ? IvError.Disposed : Check(to);
        IvIoResult result = refused == IvError.None
            ? _network.SendTo(handle, buffer, SocketFlags.None, to)
            : IvIoResult.Failed(refused);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>As <see cref="SendTo(ReadOnlySpan{byte}, SocketAddress)"/>, with an address from the network's pool.</summary>
    /// <param name="buffer">What; goes whole or not at all.</param>
    /// <param name="to">To whom. An <see cref="IPEndPoint"/> allocates nothing; other kinds allocate one address.</param>
    /// <returns>As <see cref="SendTo(ReadOnlySpan{byte}, SocketAddress)"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="to"/> is a name that was not resolved.</exception>
    public IvIoResult SendTo(ReadOnlySpan<byte> buffer, EndPoint to)
    {
        SocketAddress address = Rent(_network, to);
        IvIoResult result = SendTo(buffer, address);
        GiveBack(_network, to, address);
        return result;
    }

    /// <summary>Receives a batch of datagrams in one call: recvmmsg(2).</summary>
    /// <param name="datagrams">
    /// Where to: each <see cref="IvDatagram.Buffer"/> is filled in turn, up to <see cref="MaxBatch"/> of them.
    /// <see cref="IvDatagram.Length"/>, <see cref="IvDatagram.IsTruncated"/> and the address, if there is one, are set.
    /// </param>
    /// <param name="error">
    /// <see cref="IvError.None"/> if any came or none was asked for; <see cref="IvError.EAGAIN"/> if none has come; or the error. An
    /// error after the first datagram is told by the next call.
    /// </param>
    /// <returns>How many came; they are the first ones of <paramref name="datagrams"/>.</returns>
    /// <remarks>
    /// For the thread that has the socket. Does not allocate. Two datagrams of one batch must not share an address object.
    /// </remarks>
    public int ReceiveMany(Span<IvDatagram> datagrams, out IvError error)
    {
        nint handle = IoHandle;
        if (handle == Closed)
        {
            error = IvError.Disposed;
            return 0;
        }

        int count = _network.ReceiveMany(handle, datagrams[..Math.Min(datagrams.Length, MaxBatch)], SocketFlags.None, out error);
        GC.KeepAlive(this);
        return count;
    }

    /// <summary>Sends a batch of datagrams in one call: sendmmsg(2).</summary>
    /// <param name="datagrams">
    /// What: the first <see cref="IvDatagram.Length"/> bytes of each, to its address; up to <see cref="MaxBatch"/> of them.
    /// </param>
    /// <param name="error">
    /// <see cref="IvError.None"/> if any was sent or none was given; <see cref="IvError.EAGAIN"/> if there is no room; or the error of
    /// the first.
    /// </param>
    /// <returns>How many were sent, from the front. Send the rest, if there is one, by the next call, which tells its error.</returns>
    /// <exception cref="ArgumentException">A length is negative or beyond its buffer. Nothing was sent.</exception>
    /// <remarks>For the thread that has the socket. Does not allocate.</remarks>
    public int SendMany(ReadOnlySpan<IvDatagram> datagrams, out IvError error)
    {
        datagrams = datagrams[..Math.Min(datagrams.Length, MaxBatch)];
        foreach (ref readonly IvDatagram datagram in datagrams)
        {
            if ((uint)datagram.Length > (uint)datagram.Buffer.Length)
            {
                throw new ArgumentException($"A datagram has the length {datagram.Length} in a buffer of {datagram.Buffer.Length} bytes.", nameof(datagrams));
            }
        }

        nint handle = IoHandle;
        if (handle == Closed)
        {
            error = IvError.Disposed;
            return 0;
        }

        int count = _network.SendMany(handle, datagrams, SocketFlags.None, out error);
        GC.KeepAlive(this);
        return count;
    }
}
