namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>What is measured: its name, its unit, and whether more is better.</summary>
/// <param name="Name">As in the table and the JSON lines, and in the line that a subject prints.</param>
/// <param name="Unit">As in <c>ns</c> or <c>posts/s</c>.</param>
/// <param name="IsRate">More is better. A ratio is always one of costs: that of a rate is turned round.</param>
internal sealed record Metric(string Name, string Unit, bool IsRate = false)
{
    /// <summary>For people who have not read how a workload works.</summary>
    public string Words { get; init; } = Name;

    /// <summary>How much worse a value is than another: above 1 is worse, for rates too.</summary>
    public double CostRatio(double value, double other)
    {
        // None of something, as a server that sleeps uses no CPU: no worse than none, and infinitely worse than some.
        if (value == other)
        {
            return 1;
        }

        return IsRate ? other / value : value / other;
    }
}
