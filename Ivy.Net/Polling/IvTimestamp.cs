using System.Diagnostics;
using System.Globalization;

namespace Ivy.Net;

/// <summary>A point on the monotonic clock, in nanoseconds; the clock of a loop, real or simulated.</summary>
/// <remarks>
/// The zero point is arbitrary (on Linux: boot, without the time asleep) and says nothing about the time of day. Arithmetic
/// saturates at <see cref="MinValue"/> and <see cref="MaxValue"/>, which read as "long ago" and "never".
/// Follows clock_gettime(2), CLOCK_MONOTONIC.
/// </remarks>
/// <param name="Nanoseconds">Nanoseconds since the zero point.</param>
[DebuggerDisplay("{ToString(),nq}")]
public readonly record struct IvTimestamp(long Nanoseconds) : IComparable<IvTimestamp>
{
    private const long NanosecondsPerTick = 100;
    private const long NanosecondsPerSecond = 1_000_000_000;

    // .NET counts in the clock's own unit: nanoseconds on Linux, 100 ns on Windows.
    private static readonly bool StopwatchIsNanoseconds = Stopwatch.Frequency == NanosecondsPerSecond;

    /// <summary>Before everything: a deadline that has always passed.</summary>
    public static IvTimestamp MinValue => new(long.MinValue);

    /// <summary>Never: a deadline that is not reached.</summary>
    public static IvTimestamp MaxValue => new(long.MaxValue);

    /// <summary>The system's monotonic clock, read now (some 20 ns). <see cref="IvLoop.Now"/> is cheaper and is what timers go by.</summary>
    public static IvTimestamp System => new(StopwatchIsNanoseconds
        ? Stopwatch.GetTimestamp()
        : (long)((Int128)Stopwatch.GetTimestamp() * NanosecondsPerSecond / Stopwatch.Frequency));

    /// <summary>Later by a span, or earlier if it is negative; saturates.</summary>
    /// <param name="time">A time.</param>
    /// <param name="span">A span; <see cref="TimeSpan.MaxValue"/> gives <see cref="MaxValue"/>.</param>
    /// <returns>The other time.</returns>
    public static IvTimestamp operator +(IvTimestamp time, TimeSpan span) => time.Add(span);

    /// <summary>Earlier by a span; saturates.</summary>
    /// <param name="time">A time.</param>
    /// <param name="span">A span.</param>
    /// <returns>The other time.</returns>
    public static IvTimestamp operator -(IvTimestamp time, TimeSpan span) => time.Subtract(span);

    /// <summary>The span from the second to the first, cut to ticks of 100 ns; saturates.</summary>
    /// <param name="left">The later time.</param>
    /// <param name="right">The earlier time.</param>
    /// <returns>Negative if <paramref name="left"/> is the earlier one.</returns>
    public static TimeSpan operator -(IvTimestamp left, IvTimestamp right) => left.Subtract(right);

    /// <summary>Earlier than.</summary>
    /// <param name="left">A time.</param>
    /// <param name="right">A time.</param>
    /// <returns>Whether it is.</returns>
    public static bool operator <(IvTimestamp left, IvTimestamp right) => left.Nanoseconds < right.Nanoseconds;

    /// <summary>Later than.</summary>
    /// <param name="left">A time.</param>
    /// <param name="right">A time.</param>
    /// <returns>Whether it is.</returns>
    public static bool operator >(IvTimestamp left, IvTimestamp right) => left.Nanoseconds > right.Nanoseconds;

    /// <summary>Not later than.</summary>
    /// <param name="left">A time.</param>
    /// <param name="right">A time.</param>
    /// <returns>Whether it is.</returns>
    public static bool operator <=(IvTimestamp left, IvTimestamp right) => left.Nanoseconds <= right.Nanoseconds;

    /// <summary>Not earlier than.</summary>
    /// <param name="left">A time.</param>
    /// <param name="right">A time.</param>
    /// <returns>Whether it is.</returns>
    public static bool operator >=(IvTimestamp left, IvTimestamp right) => left.Nanoseconds >= right.Nanoseconds;

    /// <summary>A time that many nanoseconds later; saturates.</summary>
    /// <param name="nanoseconds">May be negative.</param>
    /// <returns>The other time.</returns>
    public IvTimestamp AddNanoseconds(long nanoseconds) => new(SaturatingAdd(Nanoseconds, nanoseconds));

    /// <summary>Later by a span; saturates.</summary>
    /// <param name="span">May be negative.</param>
    /// <returns>The other time.</returns>
    public IvTimestamp Add(TimeSpan span) =>
        IsInNanoseconds(span) ? AddNanoseconds(span.Ticks * NanosecondsPerTick) : AddLong(span.Ticks);

    /// <summary>Earlier by a span; saturates.</summary>
    /// <param name="span">May be negative.</param>
    /// <returns>The other time.</returns>
    public IvTimestamp Subtract(TimeSpan span) =>
        IsInNanoseconds(span) ? AddNanoseconds(-span.Ticks * NanosecondsPerTick) : AddLong(-(Int128)span.Ticks);

    /// <summary>The span since another time, cut to ticks of 100 ns; saturates.</summary>
    /// <param name="other">The earlier time.</param>
    /// <returns>Negative if <paramref name="other"/> is the later one.</returns>
    public TimeSpan Subtract(IvTimestamp other)
    {
        Int128 nanoseconds = (Int128)Nanoseconds - other.Nanoseconds;
        return new TimeSpan((long)(nanoseconds / NanosecondsPerTick));
    }

    /// <inheritdoc/>
    public int CompareTo(IvTimestamp other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Seconds with nine digits, as in <c>4711.000000250s</c>; <c>never</c> and <c>always</c> at the limits.</summary>
    /// <returns>A text for logs. Allocates.</returns>
    public override string ToString() => Nanoseconds switch
    {
        long.MaxValue => "never",
        long.MinValue => "always",
        _ => string.Create(CultureInfo.InvariantCulture, $"{(decimal)Nanoseconds / NanosecondsPerSecond:F9}s"),
    };

    /// <summary>Nanoseconds of a clock that advances in steps of some milliseconds (CLOCK_MONOTONIC_COARSE; some 5 ns).</summary>
    internal static long SystemCoarse => Environment.TickCount64 * (NanosecondsPerSecond / 1000);

    internal static long ToNanoseconds(TimeSpan span) =>
        IsInNanoseconds(span) ? span.Ticks * NanosecondsPerTick : span.Ticks < 0 ? long.MinValue : long.MaxValue;

    // A TimeSpan reaches a hundred times as far as the nanoseconds of a long.
    private static bool IsInNanoseconds(TimeSpan span)
    {
        const long limit = long.MaxValue / NanosecondsPerTick;
        return span.Ticks is >= -limit and <= limit;
    }

    private IvTimestamp AddLong(Int128 ticks) => new((long)Int128.Clamp(Nanoseconds + (ticks * NanosecondsPerTick), long.MinValue, long.MaxValue));

    private static long SaturatingAdd(long left, long right)
    {
        long sum = unchecked(left + right);

        // Overflow flips the sign against both terms.
        return ((left ^ sum) & (right ^ sum)) < 0 ? (left < 0 ? long.MinValue : long.MaxValue) : sum;
    }
}
