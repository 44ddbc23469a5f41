namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>
/// Of which runs the figures of a page are: for each machine a paragraph that says what it is, and a list of its runs. A run says which workloads it measured,
/// when, at which commit, and by which command; what a later run measures, is taken from the earlier one.
/// </summary>
internal sealed class RunLog
{
    private const string Bullet = "* ";
    private const string Colon = ": ";
    private const string Comma = ", ";

    private readonly List<Entry> _entries = [];

    private RunLog()
    {
    }

    /// <summary>Reads what <see cref="ToString"/> has written.</summary>
    public static RunLog Parse(string text)
    {
        var log = new RunLog();
        string machine = string.Empty;
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = line.IndexOf(Colon, StringComparison.Ordinal);
            if (!line.StartsWith(Bullet, StringComparison.Ordinal))
            {
                machine = line;
            }
            else if (colon > 0)
            {
                log._entries.Add(new Entry(line[Bullet.Length..colon].Split(Comma), machine, line[(colon + Colon.Length)..]));
            }
        }

        return log;
    }

    /// <summary>The log with one more run.</summary>
    public RunLog With(RunHeader header, IReadOnlyCollection<string> workloads)
    {
        var log = new RunLog();
        log._entries.AddRange(_entries.Select(entry => entry with { Workloads = [.. entry.Workloads.Except(workloads, StringComparer.Ordinal)] }).Where(static entry => entry.Workloads.Count > 0));
        log._entries.Add(new Entry([.. workloads.OrderBy(WorkloadCatalog.IndexOf)], header.Machine, $"{header.Date}, commit {header.Commit}; {header.Rounds}; `{header.Command}`"));
        return log;
    }

    public override string ToString() => string.Join('\n', _entries
        .OrderBy(static entry => WorkloadCatalog.IndexOf(entry.Workloads[0]))
        .GroupBy(static entry => entry.Machine)
        .Select(static machine => $"{machine.Key}\n\n{string.Concat(machine.Select(static run => $"{Bullet}{string.Join(Comma, run.Workloads)}{Colon}{run.Text}\n"))}"));

    private sealed record Entry(IReadOnlyList<string> Workloads, string Machine, string Text);
}
