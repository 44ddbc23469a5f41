namespace Ivy.Net.Interop.Windows;

/// <summary>From a deadline to what a completion port takes.</summary>
internal static class PortWaitTime
{
    /// <summary>A day: no wait is longer, which keeps clear of the number that means for ever.</summary>
    public const uint Longest = 86_400_000;

    /// <summary>Milliseconds from now to the deadline, rounded up: 0 if it has passed, a day at most.</summary>
    public static uint Until(long deadline, long now) => (uint)WaitTime.ToMilliseconds(WaitTime.Until(deadline, now));
}
