namespace Ivy.Net.Polling;

/// <summary>What an entry of the ring carries and its answer brings back: whose it is, which slot of theirs, which life of the slot.</summary>
internal static class UringTag
{
    public const int Watch = 0;
    public const int Wake = 1;
    public const int Operation = 2;

    // Nobody is told: the answers to cancellations.
    public const int Nobody = 3;

    private const int KindShift = 62;
    private const int GenerationShift = 32;

    // It wraps after a billion lives of a slot, all of which would have to pass while one answer is under way.
    public const uint GenerationMask = (1u << (KindShift - GenerationShift)) - 1;

    public const ulong OfWake = (ulong)Wake << KindShift;
    public const ulong OfNobody = (ulong)Nobody << KindShift;

    public static ulong Of(int kind, int slot, uint generation) => ((ulong)kind << KindShift) | ((ulong)generation << GenerationShift) | (uint)slot;

    public static int Kind(ulong tag) => (int)(tag >> KindShift);

    public static int Slot(ulong tag) => (int)(uint)tag;

    public static uint Generation(ulong tag) => (uint)(tag >> GenerationShift) & GenerationMask;
}
