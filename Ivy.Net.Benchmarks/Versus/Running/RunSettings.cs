using Ivy.Net.Benchmarks.Versus.Building;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>What the cases of a workload are made from.</summary>
internal sealed record RunSettings
{
    public Scale Scale { get; init; }

    /// <summary>For what is measured.</summary>
    public int SubjectCore { get; init; }

    /// <summary>For what loads it: clients, producers.</summary>
    public int LoadCore { get; init; } = 1;

    public required PeerToolchain Peers { get; init; }

    /// <summary>What workloads have left out, and why: a line for each.</summary>
    public ISet<string> Notes { get; } = new SortedSet<string>(StringComparer.Ordinal);

    public IReadOnlyList<int> OneCore => [SubjectCore];

    public IReadOnlyList<int> BothCores => [SubjectCore, LoadCore];

    /// <summary>How long a subject does the work at least before it measures, in milliseconds, so that caches fill. Programs in C# go on until nothing is compiled any more.</summary>
    public int WarmUp => Scale switch { Scale.Full or Scale.Quick => 150, _ => 1 };

    /// <summary>How long it measures at least.</summary>
    public int Duration => Scale switch { Scale.Full => 600, Scale.Quick => 300, _ => 1 };

    /// <summary>About how long the work takes once, where that is longer than <see cref="Duration"/>.</summary>
    public TimeSpan Repetition { get; init; }

    // What the estimate of a run is made from; measured.
    private int StartInC => 20;

    private int StartOfDotNet => 150;

    private int Settling => Scale == Scale.Smoke ? 0 : 1000;

    public string WarmUpArgument => $"warm={WarmUp}";

    /// <summary>
    /// For programs of this assembly that do their work on one core: they have both while the runtime compiles, and bind themselves to that one
    /// before they measure.
    /// </summary>
    public string CoreArgument => $"core={SubjectCore}";

    public string DurationArgument => $"run={Duration}";

    /// <summary>About how long a measurement takes, from the start of the process to its end.</summary>
    public TimeSpan Expected(SubjectKind kind)
    {
        int start = kind is SubjectKind.DotNet or SubjectKind.Ivy ? StartOfDotNet + Settling : StartInC;
        double work = Math.Max(WarmUp, Repetition.TotalMilliseconds) + Math.Max(Duration, Repetition.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(start + work);
    }
}
