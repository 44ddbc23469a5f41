using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>Whether a target is met.</summary>
internal enum VerdictKind
{
    Met,

    /// <summary>Not by the median, but by less than two equal programs differ.</summary>
    MetWithinSpread,

    Missed,

    /// <summary>The peer is not there.</summary>
    Open,
}

/// <summary>A target, and what was measured.</summary>
/// <param name="Target">The target.</param>
/// <param name="Peer">Against whom; null for an amount, or if there is nobody.</param>
/// <param name="Figure">The ratio, or the amount; NaN if it is open.</param>
/// <param name="Kind">The verdict.</param>
internal sealed record Verdict(Target Target, string? Peer, double Figure, VerdictKind Kind)
{
    public string Condition => Target.IsAmount
        ? $"≤ {Texts.Number(Target.Limit)}"
        : $"≤ {Target.Limit:0.00} × {Peer ?? Target.Peer ?? "the best library"}{(Target.PeerMetric is { } other ? $"'s {other}" : string.Empty)}";

    public string Outcome => Kind switch
    {
        VerdictKind.Met => $"met ({Amount})",
        VerdictKind.MetWithinSpread => $"met within the spread ({Amount})",
        VerdictKind.Missed => $"missed ({Amount})",
        _ => "no peer",
    };

    private string Amount => Target.IsAmount ? Texts.Number(Figure) : Texts.Ratio(Figure);
}
