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

    /// <summary>Of these there would be more, but they are not asked for.</summary>
    public IReadOnlyList<Subject> LeftOut { get; init; } = [];

    public IReadOnlyList<Target> Targets { get; init; } = [];

    /// <summary>The subject that is measured twice in every round; the first library if it is null or not there.</summary>
    public string? Twin { get; init; }

    /// <summary>Counts that each subject must report: the same work was done by all.</summary>
    public IReadOnlyDictionary<string, long> Expected { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>The subject that is measured twice in every round; null without a peer.</summary>
    public Subject? Repeated =>
        Subjects.FirstOrDefault(subject => subject.Name == Twin)
        ?? Subjects.FirstOrDefault(static subject => subject.Kind == SubjectKind.Library)
        ?? Subjects.FirstOrDefault(static subject => subject.Kind is SubjectKind.Bare or SubjectKind.DotNet);

    /// <summary>How many measurements a round has.</summary>
    public int StepsOfRound => Subjects.Count + (Repeated is null ? 0 : 1);

    /// <summary>About how long a round takes.</summary>
    public TimeSpan ExpectedOfRound => Subjects.Aggregate(Repeated?.Expected ?? TimeSpan.Zero, static (sum, subject) => sum + subject.Expected);

    /// <summary>The case with the subjects that are asked for; null without any.</summary>
    public WorkloadCase? Only(Func<Subject, bool> isWanted) => Subjects.Any(isWanted)
        ? this with { Subjects = [.. Subjects.Where(isWanted)], LeftOut = [.. Subjects.Where(subject => !isWanted(subject))] }
        : null;
}
