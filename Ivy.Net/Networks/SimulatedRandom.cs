using System.Numerics;

namespace Ivy.Net;

/// <summary>
/// xoshiro256** seeded by SplitMix64 (Blackman and Vigna, 2018): ours, and not <see cref="Random"/>, because the same seed
/// must mean the same run under every version of .NET.
/// </summary>
internal sealed class SimulatedRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    // A concern (the schedule, the faults, the wire …) has a stream of its own, so that it draws the same numbers
    // however often another one draws.
    public SimulatedRandom(ulong seed, ulong stream)
    {
        ulong state = seed ^ Mix(stream);
        _s0 = SplitMix(ref state);
        _s1 = SplitMix(ref state);
        _s2 = SplitMix(ref state);
        _s3 = SplitMix(ref state);
    }

    /// <summary>The finalizer of SplitMix64: a good hash of 64 bits.</summary>
    /// <param name="value">What to hash.</param>
    /// <returns>Its hash.</returns>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    public ulong Next()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong shifted = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= shifted;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>From 0 to below the bound. The bias of the multiplication is below 2^-32, and nobody gambles here.</summary>
    /// <param name="bound">1 or more.</param>
    /// <returns>The number.</returns>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>From the least to the most, both included.</summary>
    /// <param name="least">The least.</param>
    /// <param name="most">The most; not less.</param>
    /// <returns>The number.</returns>
    public long Between(long least, long most) =>
        least >= most ? least : least + (long)Math.BigMul(Next(), (ulong)(most - least) + 1, out _);

    /// <summary>True with a probability. Without one nothing is drawn, so that a switched off fault changes nothing else.</summary>
    /// <param name="probability">0 to 1.</param>
    /// <returns>Whether it happens.</returns>
    public bool Chance(double probability) => probability > 0 && (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        return Mix(state);
    }
}
