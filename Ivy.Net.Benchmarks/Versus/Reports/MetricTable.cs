using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>The figures of one metric of a case: a row for each subject.</summary>
internal sealed record MetricTable
{
    public required WorkloadCase Case { get; init; }

    public required Metric Metric { get; init; }

    /// <summary>The C library with the lowest cost; the bare system calls where there is no library; else null.</summary>
    public string? BestPeer { get; init; }

    /// <summary>By how much two equal programs differ here, as a factor; see <see cref="Statistics.Spread"/>.</summary>
    public double Spread { get; init; } = 1;

    public required IReadOnlyList<Row> Rows { get; init; }

    /// <summary>All metrics of a case that have figures.</summary>
    public static IReadOnlyList<MetricTable> Of(CaseResult result) =>
        [.. result.Case.Metrics.Select(metric => Of(result, metric)).Where(static table => table.Rows.Count > 0)];

    private static MetricTable Of(CaseResult result, Metric metric)
    {
        string? best = Best(result, metric, SubjectKind.Library) ?? Best(result, metric, SubjectKind.Bare);
        double[] itself = result.Twin is { } twin ? Ratios(result, metric, twin.Again, twin.Once, metric.Name) : [];
        double spread = Statistics.Spread(itself);
        var rows = new List<Row>();
        foreach (Subject subject in result.Subjects)
        {
            IReadOnlyList<double> series = result.Series(subject.Name, metric.Name);
            if (series.Count == 0)
            {
                continue;
            }

            double[] ratios = subject.Kind == SubjectKind.Again ? itself : best is null ? [] : Ratios(result, metric, subject.Name, best, metric.Name);
            rows.Add(new Row
            {
                Subject = subject.Name,
                Kind = subject.Kind,
                Median = Statistics.Median(series),
                Min = series.Min(),
                Max = series.Max(),
                Rounds = series.Count,
                Ratio = ratios.Length == 0 ? null : Statistics.Median(ratios),
                RatioMin = ratios.Length == 0 ? null : ratios.Min(),
                RatioMax = ratios.Length == 0 ? null : ratios.Max(),
                Verdicts = [.. result.Case.Targets.Where(target => target.Subject == subject.Name && target.Metric == metric.Name).Select(target => Judge(result, metric, target, best, spread))],
            });
        }

        return new MetricTable { Case = result.Case, Metric = metric, BestPeer = best, Spread = spread, Rows = rows };
    }

    private static Verdict Judge(CaseResult result, Metric metric, Target target, string? best, double spread)
    {
        if (target.IsAmount)
        {
            double amount = Statistics.Median(result.Series(target.Subject, target.Metric));
            return new Verdict(target, null, amount, amount <= target.Limit ? VerdictKind.Met : VerdictKind.Missed);
        }

        string? peer = target.Peer ?? best;
        double[] ratios = peer is null ? [] : Ratios(result, metric, target.Subject, peer, target.PeerMetric ?? metric.Name);
        if (ratios.Length == 0)
        {
            return new Verdict(target, null, double.NaN, VerdictKind.Open);
        }

        double ratio = Statistics.Median(ratios);
        VerdictKind kind = ratio <= target.Limit ? VerdictKind.Met : ratio <= target.Limit * spread ? VerdictKind.MetWithinSpread : VerdictKind.Missed;
        return new Verdict(target, peer, ratio, kind);
    }

    private static double[] Ratios(CaseResult result, Metric metric, string subject, string peer, string peerMetric) =>
        Statistics.Ratios(metric, result.Series(subject, metric.Name), result.Series(peer, peerMetric));

    private static string? Best(CaseResult result, Metric metric, SubjectKind kind) =>
        result.Subjects
            .Where(subject => subject.Kind == kind && result.Series(subject.Name, metric.Name).Count > 0)
            .MinBy(subject => Statistics.Median(result.Series(subject.Name, metric.Name)) * (metric.IsRate ? -1 : 1))?.Name;
}
