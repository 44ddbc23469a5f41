using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>A table as text, for the terminal and for Markdown.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Head">The columns; all but the first and the last are numbers.</param>
/// <param name="Rows">The cells.</param>
internal sealed record TextTable(string Title, IReadOnlyList<string> Head, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>All subjects of one metric.</summary>
    public static TextTable Of(MetricTable table) => new(
        $"{table.Case.Workload}, {table.Case.Params}: {table.Metric.Name}, {table.Metric.Unit}{(table.Metric.IsRate ? " (more is better)" : string.Empty)}",
        ["subject", "median", "min – max", table.BestPeer is { } best ? $"cost ÷ {best}" : "cost ratio", "min – max", "target"],
        [.. table.Rows.Select(Cells)]);

    /// <summary>All targets, a row for each.</summary>
    public static TextTable OfTargets(IEnumerable<MetricTable> tables) => new(
        "Targets",
        ["what", "target", "measured", "outcome"],
        [
            .. from table in tables
               from verdict in table.Verdicts
               select (string[])
               [
                   $"{table.Case.Workload}, {table.Case.Params}: {verdict.Metric.Words}, {verdict.Target.Subject}",
                   verdict.Condition,
                   verdict.Measured + OwnMedian(table, verdict),
                   verdict.Outcome,
               ],
        ]);

    // Beside a ratio; an amount is one.
    private static string OwnMedian(MetricTable table, Verdict verdict) =>
        !verdict.Target.IsAmount && verdict.Peer is not null && table.Rows.FirstOrDefault(row => row.Subject == verdict.Target.Subject) is { } row
            ? $" ({Texts.Number(row.Median)} {table.Metric.Unit})"
            : string.Empty;

    private static string[] Cells(Row row) =>
    [
        row.Subject,
        Texts.Number(row.Median),
        $"{Texts.Number(row.Min)} – {Texts.Number(row.Max)}",
        row.Ratio is { } ratio ? Texts.Ratio(ratio) : "–",
        row.Ratio is null ? "–" : $"{Texts.Ratio(row.RatioMin!.Value)} – {Texts.Ratio(row.RatioMax!.Value)}",
        row.Kind == SubjectKind.Again ? "a peer ÷ itself" : string.Join("; ", row.Verdicts.Select(static verdict => verdict.Summary)),
    ];
}
