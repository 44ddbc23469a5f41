namespace Ivy.Net;

/// <summary>How the loops of an <see cref="IvLoopGroup"/> share the connections of a port. See IvLoopGroup(3), socket(7).</summary>
public enum IvAcceptMode
{
    /// <summary>
    /// A listener for each loop, on one port (SO_REUSEPORT): the kernel picks by a hash of the addresses, and no loop is in
    /// another's way. IP only.
    /// </summary>
    ReusePort,

    /// <summary>
    /// As <see cref="ReusePort"/>, but the CPU on which a connection arrives decides (SO_ATTACH_REUSEPORT_CBPF). Of use with pinned
    /// loops and a network card with several queues. On a simulated network, which has no CPUs, the same as <see cref="ReusePort"/>.
    /// </summary>
    SteerByCpu,

    /// <summary>One listener, on one of the loops, which hands the connections to all in turn.</summary>
    RoundRobin,

    /// <summary>One listener, on one of the loops, which hands each connection to the loop that has the fewest.</summary>
    LeastConnections,
}
