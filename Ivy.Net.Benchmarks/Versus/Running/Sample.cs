using System.Text.Json;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>What one run of a subject gave: figures, counts that have to match, and why it does not count, if so.</summary>
internal sealed record Sample
{
    public IReadOnlyDictionary<string, double> Values { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> Checks { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Null for a run that counts.</summary>
    public string? Rejection { get; init; }

    public static Sample Rejected(string why) => new() { Rejection = why };

    /// <summary>Reads <c>{"values":{"add":30.1},"checks":{"fired":10000}}</c>, the last line that a subject prints.</summary>
    public static Sample Parse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return new Sample
            {
                Values = document.RootElement.GetProperty("values").EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value.GetDouble(), StringComparer.Ordinal),
                Checks = document.RootElement.GetProperty("checks").EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value.GetInt64(), StringComparer.Ordinal),
            };
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return Rejected(line.Length == 0 ? "it printed no figures" : $"it printed no figures, but: {line}");
        }
    }

    /// <summary>The line that <see cref="Parse"/> reads.</summary>
    public override string ToString() => JsonSerializer.Serialize(new { values = Values, checks = Checks });

    /// <summary>This sample, or one that is rejected: a count is not what it must be, or a figure is missing or no figure.</summary>
    public Sample Checked(WorkloadCase item)
    {
        if (Rejection is not null)
        {
            return this;
        }

        foreach ((string name, long expected) in item.Expected)
        {
            if (!Checks.TryGetValue(name, out long actual) || actual != expected)
            {
                return Rejected($"{name} is {(Checks.ContainsKey(name) ? actual : "missing")}, and must be {expected}");
            }
        }

        string? bad = item.Metrics.Select(static metric => metric.Name).FirstOrDefault(name => Values.TryGetValue(name, out double value) && !(double.IsFinite(value) && value >= 0));
        return bad is not null ? Rejected($"{bad} is {Values[bad]}") : Values.Count == 0 ? Rejected("it printed no figures") : this;
    }
}
