namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>What the rounds of a case gave.</summary>
/// <param name="item">The case.</param>
internal sealed class CaseResult(WorkloadCase item)
{
    private readonly Dictionary<(string Subject, string Metric), List<double>> _series = [];
    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);

    public WorkloadCase Case => item;

    public int Rounds { get; private set; }

    /// <summary>Runs that were rejected and repeated.</summary>
    public int Repeated { get; set; }

    /// <summary>Subjects that gave no run that counts, and why.</summary>
    public IReadOnlyDictionary<string, string> Refused => _refused;

    /// <summary>The subjects that have been measured, with their peer once more at the end.</summary>
    public required IReadOnlyList<Subject> Subjects { get; init; }

    /// <summary>The subject that was measured twice, and the second time's name; null where there was no peer.</summary>
    public (string Once, string Again)? Twin { get; init; }

    /// <summary>One value per round; empty if the subject has no such figure.</summary>
    public IReadOnlyList<double> Series(string subject, string metric) =>
        !_refused.ContainsKey(subject) && _series.TryGetValue((subject, metric), out List<double>? values) ? values : [];

    public void Add(string subject, Sample sample)
    {
        foreach (Metric metric in item.Metrics)
        {
            if (sample.Values.TryGetValue(metric.Name, out double value))
            {
                if (!_series.TryGetValue((subject, metric.Name), out List<double>? values))
                {
                    _series.Add((subject, metric.Name), values = []);
                }

                values.Add(value);
            }
        }
    }

    public void Refuse(string subject, string why) => _refused[subject] = why;

    public void EndRound() => Rounds++;
}
