namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>xorshift64*, always from the same seed, as in Peers/peer.h: every subject draws the same numbers.</summary>
internal sealed class PeerRandom
{
    private ulong _state = 88172645463325252;

    public ulong Next()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return unchecked(_state * 2685821657736338717);
    }

    public ulong Below(ulong bound) => unchecked((Next() >> 32) * bound) >> 32;
}
