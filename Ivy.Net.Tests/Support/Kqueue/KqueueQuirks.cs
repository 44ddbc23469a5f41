using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Tests.Support;

/// <summary>In what the kernels differ, as their sources and their users' reports have it.</summary>
internal sealed record KqueueQuirks
{
    public static KqueueQuirks Darwin { get; } = new()
    {
        Dialect = KqueueDialect.Darwin,
        ErrorsKeepFlags = true,
        LowWaterIsCut = true,
        KeepsBrokenPipe = true,
        Unpollable = 22, // EINVAL
    };

    public static KqueueQuirks FreeBsd { get; } = new()
    {
        Dialect = KqueueDialect.FreeBsd,
        PipeKnoteEndsOnce = true,
        IgnoresWrongEnd = true,
        Unpollable = 19, // ENODEV
    };

    public required KqueueDialect Dialect { get; init; }

    /// <summary>An answer has EV_ERROR beside the flags of the change, not in their place.</summary>
    public bool ErrorsKeepFlags { get; init; }

    /// <summary>NOTE_LOWAT beyond the size of the buffer means a full one.</summary>
    public bool LowWaterIsCut { get; init; }

    /// <summary>ADD for writing to a pipe that nobody reads says EPIPE, and the knote is there all the same.</summary>
    public bool KeepsBrokenPipe { get; init; }

    /// <summary>A pipe's knote for writing tells of the end once, with EV_ONESHOT, and is gone.</summary>
    public bool PipeKnoteEndsOnce { get; init; }

    /// <summary>A pipe's end that is watched for what it can't do is never reported, instead of with the end of the other one.</summary>
    public bool IgnoresWrongEnd { get; init; }

    /// <summary>The errno of a device without readiness.</summary>
    public required int Unpollable { get; init; }

    /// <summary>In a sandbox of capsicum(4) a closed descriptor is ENOTCAPABLE.</summary>
    public bool IsSandboxed { get; init; }

    /// <summary>EVFILT_USER events can be added, and do not come.</summary>
    public bool LosesUserEvents { get; init; }

    /// <summary>The kernel does not know EVFILT_USER.</summary>
    public bool HasNoUserEvents { get; init; }

    public override string ToString() => Dialect.Name;
}
