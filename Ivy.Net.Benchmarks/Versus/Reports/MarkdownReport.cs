using System.Text;
using System.Text.RegularExpressions;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>The tables as Markdown: a page of their own, or parts of a page that somebody else writes.</summary>
/// <remarks>
/// A part lies between <c>&lt;!-- versus:NAME --&gt;</c> and <c>&lt;!-- /versus:NAME --&gt;</c>, and NAME is <c>header</c>, <c>targets</c>, or
/// a workload. A run replaces what it measured: the parts of its workloads, and their lines in the other two.
/// </remarks>
/// <param name="header">Of the run.</param>
/// <param name="tables">What it measured.</param>
/// <param name="charts">Where it has written its charts; null if it has not.</param>
internal sealed partial class MarkdownReport(RunHeader header, IReadOnlyList<MetricTable> tables, DirectoryInfo? charts)
{
    private readonly string[] _workloads = [.. tables.Select(static table => table.Case.Workload).Distinct()];

    /// <summary>Whether a run may write into the file: there is none, or it has parts.</summary>
    public static bool CanWrite(FileInfo file) => !file.Exists || file.Length == 0 || Part().IsMatch(File.ReadAllText(file.FullName));

    public void Write(FileInfo file)
    {
        Directory.CreateDirectory(file.DirectoryName!);
        string text = File.Exists(file.FullName) ? File.ReadAllText(file.FullName) : string.Empty;
        File.WriteAllText(file.FullName, Fill(text.Length > 0 ? text : NewPage(), file.Directory!));
    }

    /// <summary>The text, with what belongs into its parts.</summary>
    /// <param name="text">Of the page.</param>
    /// <param name="folder">The page's.</param>
    public string Fill(string text, DirectoryInfo folder) => _workloads.Length == 0 ? text : Part().Replace(text, match =>
    {
        string before = match.Groups["content"].Value;
        string content = match.Groups["name"].Value switch
        {
            "header" => RunLog.Parse(before).With(header, _workloads).ToString(),
            "targets" => Targets(before),
            string workload when _workloads.Contains(workload) => Workload(workload, folder),
            _ => string.Empty,
        };
        return content.Length == 0 ? match.Value : $"{match.Groups["begin"].Value}\n{content}{match.Groups["end"].Value}";
    });

    /// <summary>A page with a part for everything.</summary>
    private static string NewPage()
    {
        var text = new StringBuilder($"# Versus\n\n{Empty("header")}\n## Targets\n\n{Empty("targets")}");
        foreach (string name in WorkloadCatalog.All.Select(static workload => workload.Name))
        {
            text.Append($"\n## {name}\n\n{Empty(name)}");
        }

        return text.ToString();

        static string Empty(string name) => $"<!-- versus:{name} --><!-- /versus:{name} -->\n";
    }

    // With its own head, as the parts of a page may be of different runs.
    private string Workload(string name, DirectoryInfo folder)
    {
        string head = $"{header.Machine}; {header.Date}, commit {header.Commit}; {header.Rounds}.\n\n```sh\n{header.Command}\n```\n";
        string chart = ChartFrom(folder, name) is { } path ? $"\n![The figures of {name} as a chart]({path})\n" : string.Empty;
        return $"{head}{chart}\n{string.Join('\n', tables.Where(table => table.Case.Workload == name).Select(TextTable.Of).Select(static table => $"{Upper(table.Title)}:\n\n{Of(table)}"))}";
    }

    // As the page has to say it; null if the page can't.
    private string? ChartFrom(DirectoryInfo folder, string workload)
    {
        string? path = charts is null ? null : Path.GetRelativePath(folder.FullName, Path.Combine(charts.FullName, $"{workload}.svg"));
        return path is null || path.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(path) ? null : path.Replace('\\', '/');
    }

    // The rows of other workloads stay as they are.
    private string Targets(string before)
    {
        TextTable measured = TextTable.OfTargets(tables);
        IEnumerable<string> kept = before.Split('\n').Where(IsRow).Where(row => !_workloads.Contains(WorkloadOf(row)));
        string[] rows = [.. kept.Concat(measured.Rows.Select(Line)).OrderBy(static row => WorkloadCatalog.IndexOf(WorkloadOf(row)))];
        return rows.Length == 0 ? string.Empty : $"{Head(measured)}{string.Join('\n', rows)}\n";

        bool IsRow(string line) => line.StartsWith("| ", StringComparison.Ordinal) && line != Line(measured.Head) && WorkloadCatalog.IndexOf(WorkloadOf(line)) < WorkloadCatalog.All.Count;
    }

    // A row of the table of targets begins with its workload and a comma.
    private static string WorkloadOf(string row) => row[2..].Split(',', ' ')[0];

    private static string Of(TextTable table) => $"{Head(table)}{string.Concat(table.Rows.Select(static row => $"{Line(row)}\n"))}";

    private static string Head(TextTable table) => $"{Line(table.Head)}\n{Line([.. table.Head.Select(name => IsNumber(name) ? "---:" : "---")])}\n";

    private static bool IsNumber(string name) => name is "median" or "min – max" || name.StartsWith("cost", StringComparison.Ordinal);

    private static string Line(IReadOnlyList<string> cells) => $"| {string.Join(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |";

    private static string Upper(string title) => char.ToUpperInvariant(title[0]) + title[1..];

    [GeneratedRegex(@"(?<begin><!-- versus:(?<name>[a-z]+) -->)(?<content>.*?)(?<end><!-- /versus:\k<name> -->)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Part();
}
