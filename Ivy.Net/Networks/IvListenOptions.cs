using System.Net;

namespace Ivy.Net;

/// <summary>How <see cref="IvSocket.Listen(EndPoint, IvListenOptions?, IvNetwork?)"/> prepares a listener.</summary>
/// <remarks>Immutable: may be shared by threads. What has no meaning for a kind of address is left out there. See IvSocket(3).</remarks>
public sealed class IvListenOptions
{
    /// <summary>What holds where nothing is said: the port of every server that does not know better.</summary>
    internal static readonly IvListenOptions Default = new();

    /// <summary>How many connections may wait to be accepted; the system may cut it down (net.core.somaxconn).</summary>
    /// <remarks>Defaults to 512.</remarks>
    public int Backlog { get; init; } = 512;

    /// <summary>SO_REUSEADDR: listen although old connections of the port are still in TIME_WAIT. IP only.</summary>
    /// <remarks>Defaults to true: a server that is started again must not wait for a minute.</remarks>
    public bool ReuseAddress { get; init; } = true;

    /// <summary>SO_REUSEPORT: several listeners of one user share the port, and the kernel spreads the connections. IP only.</summary>
    /// <remarks>Defaults to false.</remarks>
    public bool ReusePort { get; init; }

    /// <summary>IPV6_V6ONLY: false also takes IPv4, as addresses such as <c>::ffff:10.0.0.9</c>. IPv6 only.</summary>
    /// <remarks>Defaults to null: as the system has it (net.ipv6.bindv6only).</remarks>
    public bool? V6Only { get; init; }

    /// <summary>
    /// TCP_DEFER_ACCEPT: a connection becomes ready when its first bytes have come, or after about this time without any. In
    /// whole seconds, rounded up. TCP only.
    /// </summary>
    /// <remarks>Defaults to null: off.</remarks>
    public TimeSpan? DeferAccept { get; init; }

    /// <summary>
    /// Takes away the socket file that a server left behind: only if the path is a socket, and nobody answers there. Unix only.
    /// </summary>
    /// <remarks>
    /// Defaults to false. Two servers that start on one path in the same moment may take it from each other: that the path is
    /// free is asked first and acted on later.
    /// </remarks>
    public bool UnlinkExisting { get; init; }

    /// <summary>
    /// The permissions of the socket file: who may write it may connect. Set between bind(2) and listen(2), so that nobody gets in
    /// before. Unix only; not for abstract names, which have no file.
    /// </summary>
    /// <remarks>Defaults to null: as the umask of the process says.</remarks>
    public UnixFileMode? Mode { get; init; }
}
