namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>What a subject has to reach: a cost of at most so many times that of a peer, or at most an amount.</summary>
/// <param name="Subject">Whose figure it is.</param>
/// <param name="Metric">Of which metric.</param>
/// <param name="Limit">The ratio, or the amount.</param>
internal sealed record Target(string Subject, string Metric, double Limit)
{
    /// <summary>The peer; null for the best of the C libraries.</summary>
    public string? Peer { get; init; }

    /// <summary>The metric of the peer, if it is another one.</summary>
    public string? PeerMetric { get; init; }

    /// <summary>The limit is an amount in the metric's unit, and there is no peer.</summary>
    public bool IsAmount { get; init; }
}
