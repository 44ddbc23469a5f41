using System.Numerics;
using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>
/// A rung of the <see cref="TimerLadder"/>: a wheel of buckets of 2^Shift nanoseconds each, which turns as time goes on, and one
/// more bucket for all that is beyond it.
/// </summary>
/// <remarks>
/// <para>A tick is a key without its last Shift bits. R1: bucket (tick modulo 64) has the entries of the ticks from
/// <see cref="Current"/> to <see cref="Last"/>, which is at most 63 more, and no others; its bit in <see cref="Occupied"/> tells that there are any.</para>
/// <para>R2: what is beyond the wheel has ticks after Last. While nothing is, the wheel turns for ever.</para>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal struct TimerRung
{
    public const int BucketCount = 1 << BucketBits;
    public const int Beyond = BucketCount;

    private const int BucketBits = 6;

    public int Shift;
    public ulong Current;
    public ulong Last;
    public ulong Occupied;

    // A key that is not after any that is beyond the wheel, if anything is.
    public ulong BeyondKey;
    public bool HasBeyond;

    /// <summary>The first key that may be in this rung: what is before it is in a finer rung or in the heap.</summary>
    public ulong Start;

    /// <summary>Makes it a wheel that takes in both keys and all between them, with nothing in it.</summary>
    public void Span(ulong lowest, ulong highest)
    {
        Shift = ShiftFor(lowest, highest);
        Occupied = 0;
        HasBeyond = false;
        Current = lowest >> Shift;
        Start = Current << Shift;
        Last = Current + (BucketCount - 1);
        if (Last < Current)
        {
            Last = ulong.MaxValue;
        }
    }

    /// <summary>Makes it a wheel that takes in nothing: all keys from one on, which is not 0, are beyond it.</summary>
    public void SpanNothing(ulong start)
    {
        Shift = 0;
        Occupied = 0;
        HasBeyond = true;
        BeyondKey = start;
        Current = start;
        Start = start;
        Last = start - 1;
    }

    /// <summary>The bucket for a key from <see cref="Start"/> on.</summary>
    public readonly int Find(ulong key)
    {
        ulong tick = key >> Shift;
        return tick <= Last ? (int)(tick % BucketCount) : Beyond;
    }

    /// <summary>An entry is put into a bucket.</summary>
    /// <returns>The earliest key that it may be moved to and stay there.</returns>
    public ulong Mark(int number, ulong key)
    {
        if (number != Beyond)
        {
            Occupied |= 1UL << number;
            return key >> Shift << Shift;
        }

        if (!HasBeyond || key < BeyondKey)
        {
            HasBeyond = true;
            BeyondKey = key;
        }

        return BeyondKey;
    }

    /// <summary>A bucket is empty.</summary>
    public void Unmark(int number)
    {
        if (number == Beyond)
        {
            HasBeyond = false;
        }
        else
        {
            Occupied &= ~(1UL << number);
        }
    }

    /// <summary>Everything before a tick has been taken. False if there is no such tick: no key is left for this rung.</summary>
    public bool TryAdvance(ulong tick)
    {
        if (tick > ulong.MaxValue >> Shift || tick == 0)
        {
            return false;
        }

        Current = tick;
        Start = tick << Shift;
        ulong last = tick + (BucketCount - 1);
        Last = last < tick ? ulong.MaxValue : last;
        if (HasBeyond)
        {
            Last = Math.Min(Last, (BeyondKey >> Shift) - 1);
        }

        return true;
    }

    /// <summary>The first tick that has entries; <see cref="Occupied"/> must not be 0.</summary>
    public readonly ulong FirstTick()
    {
        int turn = (int)(Current % BucketCount);
        return Current + (ulong)BitOperations.TrailingZeroCount(BitOperations.RotateRight(Occupied, turn));
    }

    // The smallest for which both lie within one turn of the wheel.
    private static int ShiftFor(ulong lowest, ulong highest)
    {
        int shift = Math.Max(0, 64 - BitOperations.LeadingZeroCount(highest - lowest) - BucketBits);
        return (highest >> shift) - (lowest >> shift) < BucketCount ? shift : shift + 1;
    }
}
