using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>What a child has used, together with those of its own children that it has waited for; getrusage(2).</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IvChildUsage
{
    /// <summary>Processor time in the program.</summary>
    public TimeSpan UserTime { get; init; }

    /// <summary>Processor time in the kernel.</summary>
    public TimeSpan SystemTime { get; init; }

    /// <summary>The most memory that it had at once, in bytes; of its children, the one that had the most counts.</summary>
    public long MaxResidentBytes { get; init; }

    /// <summary>Page faults that were served without reading from a disk.</summary>
    public long MinorFaults { get; init; }

    /// <summary>Page faults for which a disk was read.</summary>
    public long MajorFaults { get; init; }

    /// <summary>Blocks read from a disk, of 512 bytes.</summary>
    public long BlocksIn { get; init; }

    /// <summary>Blocks written to a disk, of 512 bytes.</summary>
    public long BlocksOut { get; init; }

    /// <summary>How often it gave the processor up, to wait for something.</summary>
    public long VoluntarySwitches { get; init; }

    /// <summary>How often the processor was taken from it.</summary>
    public long InvoluntarySwitches { get; init; }
}
