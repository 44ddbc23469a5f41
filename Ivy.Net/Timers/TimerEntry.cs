using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>A timer with what it is ordered by, so that timers are compared without being touched.</summary>
/// <remarks>
/// The key is the deadline with its sign bit turned over, so that unsigned numbers have the order of the deadlines. The order
/// is the number of the registration.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct TimerEntry(ulong key, IvTimer timer, long order)
{
    public readonly ulong Key = key;
    public readonly IvTimer Timer = timer;
    public readonly long Order = order;

    /// <summary>Whether this is what its timer wants: it may have been moved later since.</summary>
    public bool IsCurrent => Timer.Key == Key && Timer.Order == Order;

    public static ulong ToKey(long deadline) => (ulong)deadline ^ (1UL << 63);

    public static long ToDeadline(ulong key) => (long)(key ^ (1UL << 63));

    public bool IsBefore(in TimerEntry other) => Key < other.Key || (Key == other.Key && Order < other.Order);
}
