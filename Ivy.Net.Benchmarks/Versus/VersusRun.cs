using Ivy.Net.Benchmarks.Versus.Building;
using Ivy.Net.Benchmarks.Versus.Reports;
using Ivy.Net.Benchmarks.Versus.Running;
using Spectre.Console;

namespace Ivy.Net.Benchmarks.Versus;

/// <summary>A run: builds what it can, measures it in rounds, and reports.</summary>
/// <param name="options">What is asked for.</param>
internal sealed class VersusRun(VersusOptions options)
{
    private const int Accepted = 0;
    private const int SubjectsRefused = 1;

    /// <summary>Does all of it.</summary>
    /// <returns>0, or 1 if a subject was refused: the tables then miss something.</returns>
    /// <exception cref="VersusException">The run can't go on.</exception>
    public int Execute(CancellationToken cancel)
    {
        int[] allowed = Cores.OfThisThread();
        if (!allowed.Contains(options.Cores.Subject) || !allowed.Contains(options.Cores.Load))
        {
            throw new VersusException($"It takes two cores, one for what is measured and one for what loads it; the process may run on {string.Join(", ", allowed)}.");
        }

        var peers = new PeerToolchain();
        var settings = new RunSettings { Scale = options.Scale, SubjectCore = options.Cores.Subject, LoadCore = options.Cores.Load, Peers = peers };
        WorkloadCase[] cases = [.. WorkloadCatalog.All.Where(w => options.Workloads.Count == 0 || options.Workloads.Contains(w.Name)).SelectMany(w => w.Cases(settings)).Select(Filtered).OfType<WorkloadCase>()];
        if (cases.Length == 0)
        {
            throw new VersusException("No case is left: see what --case and --subject say, and the names in the tables.");
        }

        RunHeader header = RunHeader.OfThisRun(options.Command, options.RoundsText);
        IAnsiConsole output = Terminal.Of(Console.Out, Console.IsOutputRedirected);
        IAnsiConsole messages = Terminal.Of(Console.Error, Console.IsErrorRedirected);
        foreach (string line in header.Lines)
        {
            output.WriteLine(line);
        }

        if (peers.Missing is { } missing)
        {
            messages.WriteLine(missing);
        }

        foreach (string note in settings.Notes)
        {
            messages.WriteLine(note);
        }

        List<CaseResult> results = [];
        using (var progress = new ProgressReport(messages, options.EffectiveRounds * cases.Sum(static c => c.Subjects.Count + 1)))
        {
            var runner = new CaseRunner(options.EffectiveRounds, progress);
            foreach (WorkloadCase item in cases)
            {
                results.Add(runner.Run(item, cancel));
            }
        }

        Report(output, header, [.. results.SelectMany(MetricTable.Of)]);
        return results.Exists(static result => result.Refused.Count > 0) ? SubjectsRefused : Accepted;
    }

    // Without the subjects that are not asked for; null without any.
    private WorkloadCase? Filtered(WorkloadCase item)
    {
        Subject[] subjects = [.. item.Subjects.Where(subject => options.Subjects.Count == 0 || options.Subjects.Any(text => subject.Name.Contains(text, StringComparison.Ordinal)))];
        bool wanted = options.Cases.Count == 0 || options.Cases.Any(text => item.Params.Contains(text, StringComparison.Ordinal));
        return wanted && subjects.Length > 0 ? item with { Subjects = subjects } : null;
    }

    private void Report(IAnsiConsole output, RunHeader header, IReadOnlyList<MetricTable> tables)
    {
        foreach (MetricTable table in tables)
        {
            Terminal.Write(output, TextTable.Of(table));
        }

        TextTable targets = TextTable.OfTargets(tables);
        if (targets.Rows.Count > 0)
        {
            Terminal.Write(output, targets);
        }

        if (options.Json is { } json)
        {
            Directory.CreateDirectory(json.DirectoryName!);
            File.WriteAllLines(json.FullName, tables.SelectMany(JsonLines.Of));
        }

        foreach (FileInfo file in options.Markdown)
        {
            MarkdownReport.Write(file, header, tables);
        }

        if (options.Svg is { } folder)
        {
            folder.Create();
            foreach (IGrouping<string, MetricTable> workload in tables.GroupBy(static table => table.Case.Workload))
            {
                File.WriteAllText(Path.Combine(folder.FullName, $"{workload.Key}.svg"), SvgChart.Draw(workload.Key, header, [.. workload]));
            }
        }
    }
}
