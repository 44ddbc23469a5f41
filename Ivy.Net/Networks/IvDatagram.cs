using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>One datagram of a batch: what <see cref="IvSocket.ReceiveMany(Span{IvDatagram}, out IvError)"/> fills and
/// <see cref="IvSocket.SendMany(ReadOnlySpan{IvDatagram}, out IvError)"/> sends.</summary>
/// <remarks>
/// Make an array of them once and use it for every batch: the calls allocate nothing, and keep none of it. See IvSocket(3),
/// recvmmsg(2), sendmmsg(2).
/// </remarks>
[DebuggerDisplay("{Length} of {Buffer.Length} bytes, {Address}, truncated: {IsTruncated}")]
[StructLayout(LayoutKind.Auto)]
public struct IvDatagram
{
    /// <summary>A datagram of the whole buffer: room to receive into, or bytes to send.</summary>
    /// <param name="buffer">The memory.</param>
    /// <param name="address">
    /// Receiving: where the sender's address goes, null if nobody asks. Sending: the receiver, null on a connected socket.
    /// </param>
    public IvDatagram(Memory<byte> buffer, SocketAddress? address = null)
    {
        Buffer = buffer;
        Length = buffer.Length;
        Address = address;
    }

    /// <summary>The memory: receiving uses all of it, sending its first <see cref="Length"/> bytes.</summary>
    public Memory<byte> Buffer { get; set; }

    /// <summary>In bytes. Receiving sets it to what came; sending reads it.</summary>
    public int Length { get; set; }

    /// <summary>
    /// Receiving: overwritten with the sender's address if it is not null; its <see cref="SocketAddress.Size"/> becomes 0 where
    /// the sender has no address or none that fits. Sending: the receiver, null on a connected socket.
    /// </summary>
    public SocketAddress? Address { get; set; }

    /// <summary>Set by receiving: the datagram was longer than <see cref="Buffer"/>, and its end is lost.</summary>
    public bool IsTruncated { get; set; }
}
