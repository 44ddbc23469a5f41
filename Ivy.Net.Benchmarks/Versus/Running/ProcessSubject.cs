namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>A subject that does all of its work in one process, which prints its figures as its last line.</summary>
/// <param name="name">As in the table.</param>
/// <param name="kind">What it stands for.</param>
/// <param name="command">The program and its arguments.</param>
/// <param name="cores">Where it runs, all of its threads.</param>
internal sealed class ProcessSubject(string name, SubjectKind kind, IReadOnlyList<string> command, IReadOnlyList<int> cores) : Subject(name, kind)
{
    // Beyond any of our workloads: it hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public override Sample Measure(CancellationToken cancel)
    {
        using var process = PinnedProcess.Start(command, cores);
        (string output, string error, int? exitCode) = process.WaitForEnd(Patience, cancel);
        string last = output.TrimEnd().Split('\n')[^1];
        return exitCode switch
        {
            null => Sample.Rejected($"it did not end within {Patience.TotalSeconds:0} s"),
            0 => Sample.Parse(last),
            _ => Sample.Rejected($"exit code {exitCode}: {(error.Length > 0 ? error.Trim().Split('\n')[0] : last)}"),
        };
    }
}
