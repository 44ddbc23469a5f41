namespace Ivy.Net.Interop.Windows;

/// <summary>What tells a socket from the next one that gets its handle: a port of its own, or a peer. Zero is what is not known.</summary>
/// <param name="Port">The local port.</param>
/// <param name="Peer">Address and port of a stream's peer, as one number.</param>
internal readonly record struct AfdSocketName(int Port, ulong Peer)
{
    /// <summary>False if what has this name later can't be the same socket: a port that is bound stays, and so does a peer.</summary>
    public bool MayBe(AfdSocketName later) => MayBe((ulong)Port, (ulong)later.Port) && MayBe(Peer, later.Peer);

    /// <summary>With what is known by now.</summary>
    public AfdSocketName With(AfdSocketName later) => new(later.Port != 0 ? later.Port : Port, later.Peer != 0 ? later.Peer : Peer);

    private static bool MayBe(ulong one, ulong later) => one == 0 || later == 0 || one == later;
}
