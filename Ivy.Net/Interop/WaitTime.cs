namespace Ivy.Net.Interop;

/// <summary>From a deadline to what the waiting system calls take.</summary>
internal static class WaitTime
{
    // A day: the kernel takes more, but a bound keeps the arithmetic far from its limits, and waking once a day costs nothing.
    private const long MaximumNanoseconds = 86_400_000_000_000;
    private const long NanosecondsPerMillisecond = 1_000_000;

    /// <summary>Nanoseconds from now to the deadline: 0 if it has passed, a day at most.</summary>
    public static long Until(long deadline, long now)
    {
        // The difference of two longs may not be one; compared first, it is.
        return deadline <= now ? 0 : now < deadline - MaximumNanoseconds ? MaximumNanoseconds : deadline - now;
    }

    /// <summary>Rounded up: a wait must not end before its deadline, and one that is too short would spin.</summary>
    public static int ToMilliseconds(long nanoseconds) => (int)((nanoseconds + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond);
}
