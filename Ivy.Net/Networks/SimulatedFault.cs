namespace Ivy.Net;

/// <summary>The kinds of faults that a <see cref="SimulatedNetwork"/> injects.</summary>
/// <remarks>
/// Each is something that an operating system or a network may do at any time and that programs forget. None breaks what the
/// kernel guarantees: of a stream that is not reset no byte is lost, doubled or moved. See SimulatedNetwork(3).
/// </remarks>
public enum SimulatedFault
{
    /// <summary>A read on a stream gives fewer bytes than there are and than were asked for.</summary>
    ShortRead,

    /// <summary>A write on a stream takes fewer bytes than there is room for.</summary>
    ShortWrite,

    /// <summary>A call on a socket that is ready would block (EAGAIN); it stays ready, and is reported again.</summary>
    SpuriousReadiness,

    /// <summary>A wait ends early and empty, as by a signal (EINTR).</summary>
    InterruptedWait,

    /// <summary>A TCP connection is reset (RST), seen by both sides.</summary>
    ConnectionReset,

    /// <summary>A TCP connection can't be made: ETIMEDOUT.</summary>
    FailedConnect,

    /// <summary>A new descriptor is refused once: EMFILE.</summary>
    DescriptorExhaustion,

    /// <summary>What was sent takes up to <see cref="SimulatedNetworkOptions.LongestDelay"/> longer.</summary>
    DelayedDelivery,

    /// <summary>A thread whose wait is over goes on up to <see cref="SimulatedNetworkOptions.LongestDelay"/> later.</summary>
    DelayedWakeup,

    /// <summary>A UDP datagram never arrives.</summary>
    LostDatagram,

    /// <summary>A UDP datagram arrives twice.</summary>
    DuplicatedDatagram,

    /// <summary>A UDP datagram is overtaken by those sent after it.</summary>
    ReorderedDatagram,
}
