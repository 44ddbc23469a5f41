using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>A target, and what was measured.</summary>
/// <param name="Target">The target.</param>
/// <param name="Metric">Of which its subject has a figure.</param>
/// <param name="Kind">The verdict.</param>
internal sealed record Verdict(Target Target, Metric Metric, VerdictKind Kind)
{
    /// <summary>Where two equal programs differ by more than this, a difference says nothing.</summary>
    public const double MostSpread = 1.1;

    /// <summary>Against whom; null for an amount, or if there is nobody.</summary>
    public string? Peer { get; init; }

    /// <summary>The cost ratio, or the amount; NaN if it is not measured.</summary>
    public double Figure { get; init; } = double.NaN;

    /// <summary>By how much two equal programs differed.</summary>
    public double Spread { get; init; } = 1;

    /// <summary>What is to be reached.</summary>
    public string Condition => Target.IsAmount
        ? $"≤ {Texts.Number(Target.Limit)} {Metric.Unit}"
        : $"{(Metric.IsRate ? "≥" : "≤")} {Natural(Target.Limit):0.00} × {Target.Peer ?? "the best C library"}{OtherMetric}";

    /// <summary>What was reached.</summary>
    public string Measured => Kind == VerdictKind.NotMeasured ? "–" : Target.IsAmount ? $"{Texts.Number(Figure)} {Metric.Unit}" : $"{Texts.Ratio(Natural(Figure))} × {Peer}{OtherMetric}";

    public string Outcome => Kind switch
    {
        VerdictKind.Met => "met",
        VerdictKind.MetWithinSpread => $"met within the spread of {Texts.Ratio(Spread)}",
        VerdictKind.Missed => "missed",
        VerdictKind.Undecided => $"undecided: the machine was too noisy, a spread of {Texts.Ratio(Spread)}",
        _ => "not measured",
    };

    /// <summary>All of it in a cell.</summary>
    public string Summary => Kind == VerdictKind.NotMeasured ? $"{Condition}: {Outcome}" : $"{Condition}: {Outcome} ({Measured})";

    private string OtherMetric => Target.PeerMetric is { } other ? $"'s {other}" : string.Empty;

    /// <summary>A ratio of costs is judged as it is. Where the spread is absurd, only what exceeds it counts, for better and for worse.</summary>
    public static VerdictKind Judge(double ratio, double limit, double spread) =>
        ratio > limit * spread ? VerdictKind.Missed
        : spread > MostSpread ? (ratio * spread <= limit ? VerdictKind.Met : VerdictKind.Undecided)
        : ratio <= limit ? VerdictKind.Met : VerdictKind.MetWithinSpread;

    // Of rates people think the other way round: at least twice as many.
    private double Natural(double ratio) => Metric.IsRate ? 1 / ratio : ratio;
}
