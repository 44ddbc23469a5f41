namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>Whether a target is met.</summary>
internal enum VerdictKind
{
    Met,

    /// <summary>Not by the median, but by less than two equal programs differ.</summary>
    MetWithinSpread,

    Missed,

    /// <summary>Two equal programs differed so much that nobody can say.</summary>
    Undecided,

    /// <summary>The subject, or the peer, or one of the libraries of which the best is the peer, has no figures.</summary>
    NotMeasured,
}
