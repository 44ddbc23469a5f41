using System.Globalization;
using System.Security;
using System.Text;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>A chart of bars as SVG: for each metric of each case a panel, in it a bar for each subject, with the range of its rounds.</summary>
internal static class SvgChart
{
    private const int Width = 860;
    private const int Labels = 190;
    private const int Values = 170;
    private const int Plot = Width - Labels - Values;
    private const int BarHeight = 14;
    private const int Step = 20;
    private const int Ticks = 4;

    // Seen in light and in dark, by people who do not see all colours, too: the words say which is which.
    private const string Style =
        """
        svg { background: #ffffff; }
        text { font: 12px system-ui, sans-serif; fill: #1f2328; }
        .small { font-size: 11px; fill: #59636e; }
        .title { font-size: 16px; font-weight: 600; }
        .panel { font-weight: 600; }
        .grid { stroke: #d1d9e0; }
        .range { stroke: #1f2328; stroke-width: 1.5; }
        .ivy { fill: #0f8a4f; } .library { fill: #3b7dd8; } .bare { fill: #7a6fd0; } .dotnet { fill: #d1791f; } .single { fill: #9aa4ae; }
        @media (prefers-color-scheme: dark) {
          svg { background: #0d1117; }
          text { fill: #f0f6fc; } .small { fill: #9198a1; } .grid { stroke: #3d444d; } .range { stroke: #f0f6fc; }
          .ivy { fill: #2fae6c; } .library { fill: #5b9bf0; } .bare { fill: #9a90ea; } .dotnet { fill: #e08e3c; } .single { fill: #6e7781; }
        }
        """;

    private static readonly (string Class, string Text)[] Legend =
    [
        ("ivy", "Ivy.Net"), ("library", "C library, two threads"), ("bare", "bare system calls in C, two threads"), ("dotnet", ".NET"), ("single", "C, one thread"),
    ];

    public static string Draw(string workload, RunHeader header, IReadOnlyList<MetricTable> tables)
    {
        var body = new StringBuilder();
        int y = 26;
        Text(body, 12, y, "title", $"{workload}: {header.Date}");
        y += 20;
        Text(body, 12, y, "small", header.Machine);
        y += 18;
        Text(body, 12, y, "small", $"{header.Rounds}; bars are medians, lines go from the lowest to the highest round; commit {header.Commit}");
        y += 14;
        y = DrawLegend(body, y, tables);
        foreach (MetricTable table in tables)
        {
            y = DrawPanel(body, y + 24, table);
        }

        y += 16;
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{y}\" viewBox=\"0 0 {Width} {y}\" role=\"img\">\n<title>{Escape(workload)}</title>\n<style>\n{Style}\n</style>\n{body}</svg>\n";
    }

    private static int DrawLegend(StringBuilder body, int y, IReadOnlyList<MetricTable> tables)
    {
        int x = 12;
        foreach ((string name, string text) in Legend.Where(entry => tables.Any(table => table.Rows.Any(row => row.Kind != SubjectKind.Again && Class(row.Kind) == entry.Class))))
        {
            Rectangle(body, x, y, 12, 12, name);
            Text(body, x + 18, y + 10, "small", text);
            x += 40 + (text.Length * 6);
        }

        return y + 12;
    }

    private static int DrawPanel(StringBuilder body, int y, MetricTable table)
    {
        Row[] rows = [.. table.Rows.Where(static row => row.Kind != SubjectKind.Again)];
        double step = NiceStep(rows.Max(static row => row.Max));
        double most = Math.Max(step, Math.Ceiling(rows.Max(static row => row.Max) / step) * step);
        Text(body, 12, y, "panel", $"{table.Case.Params}: {table.Metric.Name}, {table.Metric.Unit}{(table.Metric.IsRate ? " (longer is better)" : " (shorter is better)")}");
        y += 8;
        int bottom = y + (rows.Length * Step) + 4;
        for (double tick = 0; tick <= most + (step / 2); tick += step)
        {
            double x = Labels + (tick / most * Plot);
            body.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{x:0.#}\" y1=\"{y}\" x2=\"{x:0.#}\" y2=\"{bottom}\"/>\n");
            Text(body, x, bottom + 13, "small", Axis(tick), "middle");
        }

        foreach (Row row in rows)
        {
            y += 4;
            double middle = y + (BarHeight / 2.0);
            Text(body, Labels - 8, y + 11, string.Empty, row.Subject, "end");
            Rectangle(body, Labels, y, row.Median / most * Plot, BarHeight, Class(row.Kind));
            body.Append(CultureInfo.InvariantCulture, $"<line class=\"range\" x1=\"{Labels + (row.Min / most * Plot):0.#}\" y1=\"{middle}\" x2=\"{Labels + (row.Max / most * Plot):0.#}\" y2=\"{middle}\"/>\n");
            Text(body, Labels + (row.Max / most * Plot) + 8, y + 11, string.Empty, row.Ratio is { } ratio ? $"{Texts.Number(row.Median)} (cost × {ratio.ToString("0.00", CultureInfo.InvariantCulture)})" : Texts.Number(row.Median));
            y += Step - 4;
        }

        return bottom + 18;
    }

    private static string Class(SubjectKind kind) => kind switch
    {
        SubjectKind.Ivy => "ivy",
        SubjectKind.Library => "library",
        SubjectKind.Bare => "bare",
        SubjectKind.DotNet => "dotnet",
        _ => "single",
    };

    // 1, 2 or 5 times a power of ten, so that there are some four of them.
    private static double NiceStep(double most)
    {
        if (most <= 0)
        {
            return 1;
        }

        double raw = most / Ticks;
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double digit = raw / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    private static string Axis(double tick) => tick.ToString(tick >= 1000 ? "#,0" : "0.####", CultureInfo.InvariantCulture);

    private static void Text(StringBuilder body, double x, double y, string style, string text, string anchor = "start") =>
        body.Append(CultureInfo.InvariantCulture, $"<text class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{Escape(text)}</text>\n");

    private static void Rectangle(StringBuilder body, double x, double y, double width, double height, string style) =>
        body.Append(CultureInfo.InvariantCulture, $"<rect class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{height:0.#}\"/>\n");

    private static string Escape(string text) => SecurityElement.Escape(text);
}
