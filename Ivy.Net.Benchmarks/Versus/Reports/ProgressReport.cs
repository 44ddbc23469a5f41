using Ivy.Net.Benchmarks.Versus.Running;
using Spectre.Console;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>How far the run is, and how long it will still take: a line that is written anew on a terminal, a line for each round of a case elsewhere.</summary>
/// <param name="console">Where it goes: standard error, as the tables may go to a file.</param>
/// <param name="expected">How long it will take if nothing is repeated.</param>
/// <param name="time">The clock.</param>
internal sealed class ProgressReport(IAnsiConsole console, TimeSpan expected, TimeProvider time) : IRunObserver, IDisposable
{
    // Of so little the machine's pace can't be told.
    private static readonly TimeSpan TooLittle = TimeSpan.FromSeconds(20);

    private readonly long _begin = time.GetTimestamp();
    private TimeSpan _done;
    private (WorkloadCase? Case, int Round) _last;
    private bool _hasLine;

    public void Measuring(WorkloadCase item, Subject subject, int round, int rounds)
    {
        string text = $"{item.Workload}, {item.Params}: round {round + 1} of {rounds}";
        string left = $"{Texts.Duration(Left())} left";
        if (console.Profile.Capabilities.Ansi)
        {
            // \e[K: what an earlier, longer line has left.
            console.Profile.Out.Writer.Write($"\r{text}, {subject.Name} ({left})\e[K");
            _hasLine = true;
        }
        else if (_last != (item, round))
        {
            console.WriteLine($"{text}, {left}");
        }

        _last = (item, round);
        _done += subject.Expected;
    }

    public void Warn(string message)
    {
        EraseLine();
        console.WriteLine(message);
    }

    /// <summary>Before something else is written.</summary>
    public void EraseLine()
    {
        if (_hasLine)
        {
            console.Profile.Out.Writer.Write("\r\e[K");
            _hasLine = false;
        }
    }

    public void Dispose() => EraseLine();

    // At the pace so far: a machine may be slower than ours.
    private TimeSpan Left()
    {
        TimeSpan left = expected > _done ? expected - _done : TimeSpan.Zero;
        return _done < TooLittle ? left : left * (time.GetElapsedTime(_begin) / _done);
    }
}
