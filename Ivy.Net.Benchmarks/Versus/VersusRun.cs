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

        if (options.Markdown.FirstOrDefault(static file => !MarkdownReport.CanWrite(file)) is { } foreign)
        {
            throw new VersusException($"{foreign} is there and has no place for a table, such as <!-- versus:chain --><!-- /versus:chain -->; it is left as it is.");
        }

        var peers = new PeerToolchain();
        var settings = new RunSettings { Scale = options.Scale, SubjectCore = options.Cores.Subject, LoadCore = options.Cores.Load, Peers = peers };
        WorkloadCase[] cases = [.. WorkloadCatalog.All.Where(w => options.Workloads.Count == 0 || options.Workloads.Contains(w.Name)).SelectMany(w => w.Cases(settings)).Select(Filtered).OfType<WorkloadCase>()];
        if (cases.Length == 0)
        {
            throw new VersusException("No case is left: see what --case and --subject say, and the names in the tables.");
        }

        TimeSpan expected = cases.Aggregate(TimeSpan.Zero, (sum, item) => sum + (options.EffectiveRounds * item.ExpectedOfRound));
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

        messages.WriteLine($"{options.EffectiveRounds * cases.Sum(static item => item.StepsOfRound)} measurements, {Texts.Duration(expected)}");
        return Measure(cases, header, expected, output, messages, cancel);
    }

    // Workload by workload, each with its tables and in the files as soon as it is measured: what is interrupted later, has these.
    private int Measure(IEnumerable<WorkloadCase> cases, RunHeader header, TimeSpan expected, IAnsiConsole output, IAnsiConsole messages, CancellationToken cancel)
    {
        int outcome = Accepted;
        List<MetricTable> all = [];
        using var progress = new ProgressReport(messages, expected, TimeProvider.System);
        var runner = new CaseRunner(options.EffectiveRounds, progress);
        foreach (IGrouping<string, WorkloadCase> workload in cases.GroupBy(static item => item.Workload))
        {
            List<MetricTable> tables = [];
            foreach (WorkloadCase item in workload)
            {
                CaseResult result = runner.Run(item, cancel);
                outcome = result.Refused.Count > 0 ? SubjectsRefused : outcome;
                tables.AddRange(MetricTable.Of(result));
            }

            progress.EraseLine();
            foreach (MetricTable table in tables)
            {
                Terminal.Write(output, TextTable.Of(table));
            }

            all.AddRange(tables);
            WriteFiles(header, workload.Key, tables, all);
        }

        TextTable targets = TextTable.OfTargets(all);
        if (targets.Rows.Count > 0)
        {
            Terminal.Write(output, targets);
        }

        return outcome;
    }

    // Without the subjects that are not asked for; null without any.
    private WorkloadCase? Filtered(WorkloadCase item) =>
        options.Cases.Count == 0 || options.Cases.Any(text => item.Params.Contains(text, StringComparison.Ordinal))
            ? item.Only(subject => options.Subjects.Count == 0 || options.Subjects.Any(text => subject.Name.Contains(text, StringComparison.Ordinal)))
            : null;

    private void WriteFiles(RunHeader header, string workload, IReadOnlyList<MetricTable> tables, IEnumerable<MetricTable> all)
    {
        if (tables.Count == 0)
        {
            return;
        }

        if (options.Svg is { } folder)
        {
            folder.Create();
            File.WriteAllText(Path.Combine(folder.FullName, $"{workload}.svg"), SvgChart.Draw(workload, header, tables));
        }

        foreach (FileInfo file in options.Markdown)
        {
            new MarkdownReport(header, [.. all], options.Svg).Write(file);
        }

        if (options.Json is { } json)
        {
            Directory.CreateDirectory(json.DirectoryName!);
            File.WriteAllLines(json.FullName, all.SelectMany(JsonLines.Of));
        }
    }
}
