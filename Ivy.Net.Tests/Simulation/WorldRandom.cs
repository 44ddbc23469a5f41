namespace Ivy.Net.Tests.Simulation;

/// <summary>SplitMix64: what the programs of a world do at random, the same for the same seed on every runtime.</summary>
internal sealed class WorldRandom(ulong seed)
{
    private ulong _state = seed;

    public int Below(int bound)
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (int)((z ^ (z >> 31)) % (ulong)bound);
    }
}
