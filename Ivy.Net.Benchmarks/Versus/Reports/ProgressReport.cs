using System.Diagnostics;
using Ivy.Net.Benchmarks.Versus.Running;
using Spectre.Console;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>How far the run is: a line that is written anew on a terminal, a line for each round of a case elsewhere.</summary>
/// <param name="console">Where it goes: standard error, as the tables may go to a file.</param>
/// <param name="steps">How many measurements there will be, if none is repeated.</param>
internal sealed class ProgressReport(IAnsiConsole console, int steps) : IRunObserver, IDisposable
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private int _done;
    private (WorkloadCase? Case, int Round) _last;

    public void Measuring(WorkloadCase item, Subject subject, int round, int rounds)
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_begin);
        string left = _done == 0 ? string.Empty : $", some {TimeSpan.FromSeconds(Math.Ceiling(elapsed.TotalSeconds / _done * Math.Max(steps - _done, 0)))} left";
        string text = $"{item.Workload}, {item.Params}: round {round + 1} of {rounds}";
        if (console.Profile.Capabilities.Ansi)
        {
            // \e[K: what an earlier, longer line has left.
            console.Profile.Out.Writer.Write($"\r{text}, {subject.Name} ({_done * 100 / Math.Max(steps, 1)} %{left})\e[K");
        }
        else if (_last != (item, round))
        {
            console.WriteLine($"{text}{left}");
        }

        _last = (item, round);
        _done++;
    }

    public void Warn(string message)
    {
        EraseLine();
        console.WriteLine(message);
    }

    public void Dispose() => EraseLine();

    private void EraseLine()
    {
        if (console.Profile.Capabilities.Ansi)
        {
            console.Profile.Out.Writer.Write("\r\e[K");
        }
    }
}
