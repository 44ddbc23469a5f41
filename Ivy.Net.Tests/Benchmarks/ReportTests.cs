using System.Text.Json;
using System.Xml.Linq;
using Ivy.Net.Benchmarks.Versus.Reports;
using Ivy.Net.Benchmarks.Versus.Running;
using Spectre.Console;

namespace Ivy.Net.Tests.Benchmarks;

internal sealed class ReportTests
{
    private static readonly MetricTable Table = Made.Table(
        [("libev+idle", SubjectKind.Library, [100, 100, 100]), ("<ivy>", SubjectKind.Ivy, [50, 60, 70])],
        targets: new Target("<ivy>", "event", 1));

    [Test]
    public void A_line_of_JSON_has_exactly_the_keys_that_other_programs_expect()
    {
        string[] lines = [.. JsonLines.Of(Table)];
        using JsonDocument line = JsonDocument.Parse(lines[1]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines, Has.Length.EqualTo(3), "one for each row");
            Assert.That(
                line.RootElement.EnumerateObject().Select(static p => p.Name),
                Is.EqualTo(["workload", "params", "subject", "metric", "unit", "median", "min", "max", "rounds", "ratio_to_best_peer"]));
            Assert.That(lines[1], Is.EqualTo("""{"workload":"chain","params":"100/1/2000","subject":"<ivy>","metric":"event","unit":"ns","median":60,"min":50,"max":70,"rounds":3,"ratio_to_best_peer":0.6}"""));
        }
    }

    [Test]
    public void Without_a_peer_the_ratio_is_null() =>
        Assert.That(JsonLines.Of(Made.Table([("ivy", SubjectKind.Ivy, [1])])).Single(), Does.EndWith("\"ratio_to_best_peer\":null}"));

    [Test]
    public void A_table_that_goes_to_a_file_is_plain_and_has_a_line_for_each_subject()
    {
        using var writer = new StringWriter();
        IAnsiConsole console = Terminal.Of(writer, isRedirected: true);
        Terminal.Write(console, TextTable.Of(Table));
        string[] lines = writer.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines[0], Is.EqualTo("chain, 100/1/2000: event, ns"));
            Assert.That(Words(lines[1]), Is.EqualTo(["subject", "median", "min – max", "cost ÷ libev+idle", "min – max", "target"]));
            Assert.That(Words(lines[4]), Is.EqualTo(["<ivy>", "60.0", "50.0 – 70.0", "0.600", "0.500 – 0.700", "≤ 1.00 × the best C library: met (0.600 × libev+idle)"]));
            Assert.That(Words(lines[5])[^1], Is.EqualTo("a peer ÷ itself"));
            Assert.That(writer.ToString(), Does.Not.Contain('\e'));
        }
    }

    [Test]
    public void A_chart_is_well_formed_and_has_a_bar_a_range_and_a_label_for_each_subject()
    {
        string text = SvgChart.Draw("chain", Made.Header, [Table]);
        XElement svg = XElement.Parse(text);
        XNamespace name = svg.Name.Namespace;
        string[] bars = [.. svg.Elements(name + "rect").Skip(2).Select(static r => (string)r.Attribute("class")!)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(svg.Elements(name + "rect").Take(2).Select(static r => (string)r.Attribute("width")!), Has.All.EqualTo("12"), "the legend has what is in it");
            Assert.That(bars, Is.EqualTo(["library", "ivy"]), "a peer once more is no bar");
            Assert.That(svg.Elements(name + "line").Count(static l => (string?)l.Attribute("class") == "range"), Is.EqualTo(2));
            Assert.That(svg.Elements(name + "text").Select(static t => t.Value), Does.Contain("<ivy>").And.Contain("60.0 (cost × 0.60)"));
            Assert.That(text, Does.Contain("prefers-color-scheme: dark"));
        }
    }

    [TestCase(0.004)]
    [TestCase(7)]
    [TestCase(12_345_678)]
    public void The_axis_of_a_chart_reaches_over_the_longest_bar(double most)
    {
        XElement svg = XElement.Parse(SvgChart.Draw("chain", Made.Header, [Made.Table([("ivy", SubjectKind.Ivy, [most])])]));
        XNamespace name = svg.Name.Namespace;
        double[] grid = [.. svg.Elements(name + "line").Where(static l => (string?)l.Attribute("class") == "grid").Select(static l => (double)l.Attribute("x1")!)];
        XElement bar = svg.Elements(name + "rect").Last();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((double)bar.Attribute("x")! + (double)bar.Attribute("width")!, Is.LessThanOrEqualTo(grid[^1] + 0.2));
            Assert.That(grid, Has.Length.InRange(3, 7));
        }
    }

    private static string[] Words(string line) => line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
}
