using Ivy.Net.Benchmarks.Versus.Reports;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Tests.Benchmarks;

/// <summary>The page of figures: what a run writes, and what it leaves alone.</summary>
internal sealed class MarkdownReportTests
{
    private static readonly MetricTable Chain = Table("chain", 60);

    private static readonly RunHeader Later = Made.Header with { Date = "2026-02-03 04:05Z", Commit = "1234567", Command = "dotnet run -- versus posts" };

    private DirectoryInfo _folder = null!;

    private FileInfo Page => new(Path.Combine(_folder.FullName, "page.md"));

    private string Text => File.ReadAllText(Page.FullName);

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("ivy-report-");

    [TearDown]
    public void RemoveFolder() => _folder.Delete(recursive: true);

    [Test]
    public void A_new_page_has_the_machine_the_command_the_targets_and_every_table()
    {
        Write(Made.Header, Chain);
        Assert.That(Text, Does.Contain("a machine & its kernel").And.Contain("dotnet run -- versus").And.Contain("## Targets").And.Contain("| <ivy> | 60.0 | 60.0 – 60.0 | 0.600 |"));
    }

    [Test]
    public void A_run_fills_the_places_of_a_page_and_leaves_the_rest_and_what_was_not_run()
    {
        const string before = """
            Words.
            <!-- versus:chain -->
            old
            <!-- /versus:chain -->
            More.
            <!-- versus:posts -->
            as it was
            <!-- /versus:posts -->
            <!-- versus:header --><!-- /versus:header -->
            """;
        var report = new MarkdownReport(Made.Header, [Chain], charts: null);
        string after = report.Fill(before, _folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after, Does.StartWith("Words.\n<!-- versus:chain -->\na machine & its kernel; 2026-01-02 03:04Z, commit abcdef0").And.Contain("\nChain, 100/1/2000: event, ns:\n\n| subject |"));
            Assert.That(after, Does.Not.Contain("old").And.Contain("More."));
            Assert.That(after, Does.Contain("<!-- versus:posts -->\nas it was\n<!-- /versus:posts -->"));
            Assert.That(report.Fill(after, _folder), Is.EqualTo(after), "once more changes nothing");
        }
    }

    [Test]
    public void A_run_of_one_workload_keeps_the_targets_of_the_others_in_the_order_of_the_workloads()
    {
        Write(Made.Header, Table("posts", 50), Table("echo", 70));
        Write(Later, Chain);
        Assert.That(Targets(), Is.EqualTo(["chain 0.600", "posts 0.500", "echo 0.700"]), "the new one is put where it belongs");
        Write(Later, Table("echo", 80));
        Assert.That(Targets(), Is.EqualTo(["chain 0.600", "posts 0.500", "echo 0.800"]), "what is measured again replaces what was");

        IEnumerable<string> Targets() => Text.Split('\n').Where(static line => line.Contains(" × the best C library | ", StringComparison.Ordinal))
            .Select(static line => $"{line[2..line.IndexOf(',', StringComparison.Ordinal)]} {line.Split(" | ")[2].Split(' ')[0]}");
    }

    [Test]
    public void The_table_of_targets_has_one_head_however_often_it_is_written()
    {
        Write(Made.Header, Chain);
        Write(Later, Table("posts", 50));
        Assert.That(Text.Split('\n').Count(static line => line == "| what | target | measured | outcome |"), Is.EqualTo(1));
    }

    [Test]
    public void The_head_of_a_page_says_of_each_workload_when_and_how_it_was_measured()
    {
        Write(Made.Header, Table("posts", 50), Chain, Table("echo", 70));
        Write(Later, Table("posts", 50));
        Assert.That(Text, Does.Contain(
            """
            <!-- versus:header -->
            a machine & its kernel

            * chain, echo: 2026-01-02 03:04Z, commit abcdef0; 3 rounds; `dotnet run -- versus`
            * posts: 2026-02-03 04:05Z, commit 1234567; 3 rounds; `dotnet run -- versus posts`
            <!-- /versus:header -->
            """));
    }

    [Test]
    public void Figures_of_two_machines_are_not_mixed_up()
    {
        Write(Made.Header, Chain);
        Write(Later with { Machine = "another machine" }, Table("posts", 50));
        Assert.That(Text, Does.Contain("a machine & its kernel\n\n* chain: 2026-01-02").And.Contain("another machine\n\n* posts: 2026-02-03"));
    }

    [Test]
    public void A_run_that_gave_no_figures_changes_nothing()
    {
        Write(Made.Header, Chain);
        string before = Text;
        Write(Later);
        Assert.That(Text, Is.EqualTo(before));
    }

    [TestCase("", "chain.svg")]
    [TestCase("charts/today", "charts/today/chain.svg")]
    [TestCase("..", null)]
    public void A_chart_that_lies_under_the_page_is_shown_in_it(string folder, string? path)
    {
        string text = new MarkdownReport(Made.Header, [Chain], new DirectoryInfo(Path.Combine(_folder.FullName, folder))).Fill("<!-- versus:chain --><!-- /versus:chain -->", _folder);
        Assert.That(text, path is null ? Does.Not.Contain(".svg") : Does.Contain($"\n![The figures of chain as a chart]({path})\n"));
    }

    [Test]
    public void A_page_of_somebody_else_is_not_written_over()
    {
        File.WriteAllText(Page.FullName, "# Mine\n");
        Assert.That(MarkdownReport.CanWrite(Page), Is.False);
        File.WriteAllText(Page.FullName, "# Mine\n<!-- versus:targets --><!-- /versus:targets -->\n");
        Assert.That(MarkdownReport.CanWrite(Page), Is.True);
    }

    private void Write(RunHeader header, params MetricTable[] tables) => new MarkdownReport(header, tables, charts: null).Write(Page);

    private static MetricTable Table(string workload, double value) =>
        Made.Table(workload, [("libev+idle", SubjectKind.Library, [100, 100]), ("<ivy>", SubjectKind.Ivy, [value, value])], targets: new Target("<ivy>", "event", 1));
}
