using System.Diagnostics;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>What a subject of this assembly measures: samples by metric, of which the median is printed, and counts.</summary>
internal sealed class Figures
{
    private readonly Dictionary<string, List<double>> _samples = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _checks = new(StringComparer.Ordinal);

    public static double NanosecondsSince(long timestamp) => (Stopwatch.GetTimestamp() - timestamp) * (1e9 / Stopwatch.Frequency);

    /// <summary>Drops all samples: the warm-up is over.</summary>
    public void Clear() => _samples.Clear();

    public void Add(string metric, double value)
    {
        if (!_samples.TryGetValue(metric, out List<double>? samples))
        {
            _samples.Add(metric, samples = []);
        }

        samples.Add(value);
    }

    public void Check(string name, long count) => _checks[name] = count;

    /// <summary>Prints the line that the runner reads.</summary>
    public void Print() => Console.WriteLine(new Sample
    {
        Values = _samples.ToDictionary(static s => s.Key, static s => Statistics.Median(s.Value), StringComparer.Ordinal),
        Checks = _checks,
    });
}
