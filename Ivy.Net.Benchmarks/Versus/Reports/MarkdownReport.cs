using System.Text;
using System.Text.RegularExpressions;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>The tables as Markdown: a file of their own, or parts of a file that somebody else writes.</summary>
/// <remarks>
/// A part lies between <c>&lt;!-- versus:NAME --&gt;</c> and <c>&lt;!-- /versus:NAME --&gt;</c>, and NAME is <c>header</c>, <c>targets</c>, or
/// a workload. Parts of workloads that have not run stay as they are.
/// </remarks>
internal static partial class MarkdownReport
{
    public static void Write(FileInfo file, RunHeader header, IReadOnlyList<MetricTable> tables)
    {
        Directory.CreateDirectory(file.DirectoryName!);
        string text = file.Exists ? File.ReadAllText(file.FullName) : string.Empty;
        File.WriteAllText(file.FullName, Part().IsMatch(text) ? Fill(text, header, tables) : Whole(header, tables));
    }

    /// <summary>The text, with what belongs into its parts.</summary>
    public static string Fill(string text, RunHeader header, IReadOnlyList<MetricTable> tables) => Part().Replace(text, match =>
    {
        string? content = match.Groups["name"].Value switch
        {
            "header" => Head(header),
            "targets" => TextTable.OfTargets(tables) is { Rows.Count: > 0 } targets ? Of(targets) : string.Empty,
            string workload => Workload(header, [.. tables.Where(table => table.Case.Workload == workload)]),
        };
        return string.IsNullOrEmpty(content) ? match.Value : $"{match.Groups["begin"].Value}\n{content}{match.Groups["end"].Value}";
    });

    public static string Whole(RunHeader header, IReadOnlyList<MetricTable> tables)
    {
        var text = new StringBuilder("# Versus\n\n").Append(Head(header)).Append("\n## Targets\n\n").Append(Of(TextTable.OfTargets(tables)));
        foreach (IGrouping<string, MetricTable> workload in tables.GroupBy(static table => table.Case.Workload))
        {
            text.Append($"\n## {workload.Key}\n\n").Append(Tables(workload));
        }

        return text.ToString();
    }

    private static string Head(RunHeader header) => $"{header.Machine}; {header.Date}, commit {header.Commit}; {header.Rounds}.\n\n```sh\n{header.Command}\n```\n";

    // With its own head, as the parts of a page may be of different runs.
    private static string Workload(RunHeader header, IReadOnlyList<MetricTable> tables) => tables.Count == 0 ? string.Empty : $"{Head(header)}\n{Tables(tables)}";

    private static string Tables(IEnumerable<MetricTable> tables) => string.Join('\n', tables.Select(TextTable.Of).Select(static table => $"{Upper(table.Title)}:\n\n{Of(table)}"));

    private static string Of(TextTable table)
    {
        var text = new StringBuilder();
        Append(table.Head);
        Append([.. table.Head.Select((_, i) => i == 0 || i == table.Head.Count - 1 ? "---" : "---:")]);
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            Append(row);
        }

        return text.ToString();

        void Append(IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
    }

    private static string Upper(string title) => char.ToUpperInvariant(title[0]) + title[1..];

    [GeneratedRegex(@"(?<begin><!-- versus:(?<name>[a-z]+) -->).*?(?<end><!-- /versus:\k<name> -->)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Part();
}
