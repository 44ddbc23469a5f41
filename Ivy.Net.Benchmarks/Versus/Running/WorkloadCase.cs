namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>A workload with its parameters: the subjects that do it, what is measured, and what is to be reached.</summary>
internal sealed record WorkloadCase
{
    public required string Workload { get; init; }

    /// <summary>As in <c>1000000 live</c>.</summary>
    public required string Params { get; init; }

    public required IReadOnlyList<Metric> Metrics { get; init; }

    /// <summary>In the order of the first round.</summary>
    public required IReadOnlyList<Subject> Subjects { get; init; }

    public IReadOnlyList<Target> Targets { get; init; } = [];

    /// <summary>The subject that is measured twice in every round; the first library if it is null or not there.</summary>
    public string? Twin { get; init; }

    /// <summary>Counts that each subject must report: the same work was done by all.</summary>
    public IReadOnlyDictionary<string, long> Expected { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);
}
