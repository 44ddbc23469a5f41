namespace Ivy.Net;

/// <summary>What the kernel calls an skb: bytes of one send, with what goes along.</summary>
internal sealed class SimulatedMessage(byte[] bytes, SimulatedAddress? from, SimulatedUnixSocket? sender, SimulatedDescription[]? rights)
{
    public byte[] Bytes { get; } = bytes;

    public SimulatedAddress? From { get; } = from;

    /// <summary>Whose send buffer it fills until it is read; null for UDP, which forgets a datagram once it is out.</summary>
    public SimulatedUnixSocket? Sender { get; } = sender;

    /// <summary>Taken by the first read that touches the message.</summary>
    public SimulatedDescription[]? Rights { get; set; } = rights;

    /// <summary>How much of it was read.</summary>
    public int Offset { get; set; }

    public int Length => Bytes.Length - Offset;

    /// <summary>Drops what nobody read.</summary>
    public void Discard()
    {
        foreach (SimulatedDescription description in Rights ?? [])
        {
            description.Release();
        }

        Rights = null;
    }
}
