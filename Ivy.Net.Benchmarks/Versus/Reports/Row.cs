using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>A subject's figures of one metric.</summary>
internal sealed record Row
{
    public required string Subject { get; init; }

    public SubjectKind Kind { get; init; }

    public double Median { get; init; }

    public double Min { get; init; }

    public double Max { get; init; }

    public int Rounds { get; init; }

    /// <summary>The median of the cost ratios to the best peer, round by round; that of the peer which is measured twice, to itself. Null without a peer.</summary>
    public double? Ratio { get; init; }

    public double? RatioMin { get; init; }

    public double? RatioMax { get; init; }

    public IReadOnlyList<Verdict> Verdicts { get; init; } = [];
}
