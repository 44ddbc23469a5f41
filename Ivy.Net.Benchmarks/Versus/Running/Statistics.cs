namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>Medians, and ratios that are taken within a round: what disturbs a round, disturbs both sides.</summary>
internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length == 0 ? double.NaN : sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The cost ratios of two series, round by round.</summary>
    public static double[] Ratios(Metric metric, IReadOnlyList<double> series, IReadOnlyList<double> other) =>
        [.. series.Zip(other, metric.CostRatio)];

    /// <summary>
    /// By how much two equal programs differ in a round, as a factor of 1 or more: the median of the ratios of a peer to itself, each
    /// turned so that it is not below 1. The median, so that one bad round does not excuse everything.
    /// </summary>
    public static double Spread(IEnumerable<double> ratiosToItself)
    {
        double spread = Median(ratiosToItself.Select(static ratio => Math.Max(ratio, 1 / ratio)));
        return double.IsNaN(spread) ? 1 : spread;
    }
}
