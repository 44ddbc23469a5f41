using System.Globalization;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>The line that a load generator prints: <c>messages=1050000 bytes=67200000 errors=0 …</c></summary>
internal sealed class LoadReport
{
    private readonly Dictionary<string, double> _values;

    private LoadReport(Dictionary<string, double> values) => _values = values;

    /// <summary>A figure of the line.</summary>
    /// <exception cref="VersusException">The line has no such figure.</exception>
    public double this[string key] => _values.TryGetValue(key, out double value) ? value : throw new VersusException($"The load generator does not say {key}.");

    /// <summary>Null if it is not such a line.</summary>
    public static LoadReport? Parse(string line)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = word.Split('=');
            if (pair.Length != 2 || !double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !values.TryAdd(pair[0], value))
            {
                return null;
            }
        }

        return values.Count == 0 ? null : new LoadReport(values);
    }
}
