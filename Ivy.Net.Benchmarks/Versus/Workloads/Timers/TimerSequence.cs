using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Timers;

/// <summary>The numbers of the timers workload, as Peers/timers.h draws them: the same for every subject. Nanoseconds from the loop's now.</summary>
internal sealed class TimerSequence
{
    public const long Second = 1_000_000_000;
    public const long Hour = 3600 * Second;
    public const long FireFrom = 1_000_000;
    public const long FireSpan = 10_000_000;
    public const long Microsecond = 1000;

    private const int MicrosecondsPerSecond = 1_000_000;

    public TimerSequence(int count)
    {
        var random = new PeerRandom();
        AddDue = Draw(count, () => Hour + ((long)random.Below(3600UL * MicrosecondsPerSecond) * Microsecond));
        MoveWhich = Draw(count, () => (int)random.Below((ulong)count));
        MoveDue = Draw(count, () => Hour + ((long)random.Below(3600UL * MicrosecondsPerSecond) * Microsecond));
        LaterWhich = Draw(count, () => (int)random.Below((ulong)count));
        DeleteWhich = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int j = (int)random.Below((ulong)i + 1);
            (DeleteWhich[i], DeleteWhich[j]) = (DeleteWhich[j], DeleteWhich[i]);
        }

        FireDue = Draw(count, () => FireFrom + (long)random.Below(FireSpan));
    }

    public long[] AddDue { get; }

    public int[] MoveWhich { get; }

    public long[] MoveDue { get; }

    public int[] LaterWhich { get; }

    public int[] DeleteWhich { get; }

    public long[] FireDue { get; }

    /// <summary>When the timer of the i-th call is due that is put off.</summary>
    public static long LaterDue(int i) => (2 * Hour) + (i * Microsecond);

    private static T[] Draw<T>(int count, Func<T> next)
    {
        var values = new T[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = next();
        }

        return values;
    }
}
