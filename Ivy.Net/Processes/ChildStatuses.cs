using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>What the kernel says of a child, in the terms of <see cref="IvChildStatus"/>.</summary>
internal static class ChildStatuses
{
    // The encoding of wait(2).
    private const int SignalMask = 0x7F;
    private const int CoreFlag = 0x80;
    private const int CodeShift = 8;
    private const int CodeMask = 0xFF;

    private const int BytesPerKibibyte = 1024;

    public static IvChildStatus From(ChildState state, ResourceUsage usage)
    {
        IvChildStatusKind kind = state.Code switch
        {
            Constants.CLD_EXITED => IvChildStatusKind.Exited,
            Constants.CLD_KILLED or Constants.CLD_DUMPED => IvChildStatusKind.Signaled,
            Constants.CLD_STOPPED or Constants.CLD_TRAPPED => IvChildStatusKind.Stopped,
            Constants.CLD_CONTINUED => IvChildStatusKind.Continued,
            _ => IvChildStatusKind.Unknown,
        };
        return new IvChildStatus(kind, state.Status) { CoreDumped = state.Code == Constants.CLD_DUMPED, Usage = From(usage) };
    }

    /// <summary>From the encoding of wait(2).</summary>
    public static IvChildStatus FromWait(int status)
    {
        int signal = status & SignalMask;
        return signal == 0
            ? new IvChildStatus(IvChildStatusKind.Exited, (status >> CodeShift) & CodeMask)
            : new IvChildStatus(IvChildStatusKind.Signaled, signal) { CoreDumped = (status & CoreFlag) != 0 };
    }

    private static IvChildUsage From(ResourceUsage usage) => new()
    {
        UserTime = Time(usage.UserSeconds, usage.UserMicroseconds),
        SystemTime = Time(usage.SystemSeconds, usage.SystemMicroseconds),
        MaxResidentBytes = (long)usage.MaximumResident * BytesPerKibibyte,
        MinorFaults = usage.MinorFaults,
        MajorFaults = usage.MajorFaults,
        BlocksIn = usage.BlocksIn,
        BlocksOut = usage.BlocksOut,
        VoluntarySwitches = usage.VoluntarySwitches,
        InvoluntarySwitches = usage.InvoluntarySwitches,
    };

    private static TimeSpan Time(long seconds, long microseconds) =>
        new((seconds * TimeSpan.TicksPerSecond) + (microseconds * TimeSpan.TicksPerMicrosecond));
}
