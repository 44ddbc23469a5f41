using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>One line of JSON for each row, for other programs.</summary>
internal static class JsonLines
{
    // As people read it, too: a + is a +.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IEnumerable<string> Of(MetricTable table) => table.Rows.Select(row => JsonSerializer.Serialize(
        new
        {
            workload = table.Case.Workload,
            @params = table.Case.Params,
            subject = row.Subject,
            metric = table.Metric.Name,
            unit = table.Metric.Unit,
            median = row.Median,
            min = row.Min,
            max = row.Max,
            rounds = row.Rounds,
            ratio_to_best_peer = Finite(row.Ratio),
        },
        Plain));

    // JSON has no infinity.
    private static double? Finite(double? ratio) => ratio is { } value && double.IsFinite(value) ? value : null;
}
