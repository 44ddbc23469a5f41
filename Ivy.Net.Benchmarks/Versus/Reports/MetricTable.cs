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

    /// <summary>One for each target, those of subjects without figures, too.</summary>
    public IReadOnlyList<Verdict> Verdicts { get; init; } = [];

    /// <summary>All metrics of a case that have figures.</summary>
    public static IReadOnlyList<MetricTable> Of(CaseResult result) =>
        [.. result.Case.Metrics.Select(metric => Of(result, metric)).Where(static table => table.Rows.Count > 0)];

    private static MetricTable Of(CaseResult result, Metric metric)
    {
        string? best = Best(result, metric, SubjectKind.Library) ?? Best(result, metric, SubjectKind.Bare);
        double[] itself = result.Twin is { } twin ? Ratios(result, metric, twin.Again, twin.Once, metric.Name) : [];
        double spread = Statistics.Spread(itself);
        Verdict[] verdicts = [.. result.Case.Targets.Where(target => target.Metric == metric.Name).Select(target => Judge(result, metric, target, spread))];
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
                Verdicts = [.. verdicts.Where(verdict => verdict.Target.Subject == subject.Name)],
            });
        }

        return new MetricTable { Case = result.Case, Metric = metric, BestPeer = best, Spread = spread, Rows = rows, Verdicts = verdicts };
    }

    private static Verdict Judge(CaseResult result, Metric metric, Target target, double spread)
    {
        var open = new Verdict(target, metric, VerdictKind.NotMeasured);
        IReadOnlyList<double> own = result.Series(target.Subject, metric.Name);
        if (own.Count == 0)
        {
            return open;
        }

        if (target.IsAmount)
        {
            double amount = Statistics.Median(own);
            return open with { Kind = amount <= target.Limit ? VerdictKind.Met : VerdictKind.Missed, Figure = amount };
        }

        string? peer = target.Peer ?? BestOfAll(result, metric);
        double[] ratios = peer is null ? [] : Ratios(result, metric, target.Subject, peer, target.PeerMetric ?? metric.Name);
        if (ratios.Length == 0)
        {
            return open;
        }

        double ratio = Statistics.Median(ratios);
        return open with { Kind = Verdict.Judge(ratio, target.Limit, spread), Peer = peer, Figure = ratio, Spread = spread };
    }

    // Null if the best may be one that was not asked for, or that was refused.
    private static string? BestOfAll(CaseResult result, Metric metric) =>
        result.Case.LeftOut.Any(static subject => subject.Kind == SubjectKind.Library)
        || result.Subjects.Any(subject => subject.Kind == SubjectKind.Library && result.Refused.ContainsKey(subject.Name))
            ? null
            : Best(result, metric, SubjectKind.Library);

    private static double[] Ratios(CaseResult result, Metric metric, string subject, string peer, string peerMetric) =>
        Statistics.Ratios(metric, result.Series(subject, metric.Name), result.Series(peer, peerMetric));

    private static string? Best(CaseResult result, Metric metric, SubjectKind kind) =>
        result.Subjects
            .Where(subject => subject.Kind == kind && result.Series(subject.Name, metric.Name).Count > 0)
            .MinBy(subject => Statistics.Median(result.Series(subject.Name, metric.Name)) * (metric.IsRate ? -1 : 1))?.Name;
}
