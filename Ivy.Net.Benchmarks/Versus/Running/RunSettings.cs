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

    /// <summary>How long a subject does the work before it measures, in milliseconds: time for .NET to compile what is hot, and for caches to fill.</summary>
    public int WarmUp => Scale switch { Scale.Full => 1000, Scale.Quick => 700, _ => 1 };

    /// <summary>How long it measures at least.</summary>
    public int Duration => Scale switch { Scale.Full => 700, Scale.Quick => 400, _ => 1 };

    public string WarmUpArgument => $"warm={WarmUp}";

    public string DurationArgument => $"run={Duration}";
}
