using System.Diagnostics;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Posts;

/// <summary>Passes of so many messages each, repeated for the warm-up and then for the measurement: the C# side of Peers/posts.h. For the receiver, which is the main thread, or waited for by it.</summary>
/// <param name="arguments">Of the subject.</param>
/// <param name="metric">What a pass gives.</param>
/// <param name="isRate">Messages per second, or nanoseconds per message.</param>
internal sealed class PassMeter(SubjectArguments arguments, string metric, bool isRate)
{
    private readonly Figures _figures = new();
    private readonly int _run = arguments.Number("run");
    private readonly int _core = arguments.Number("core");
    private long _passBegin;
    private long _runBegin;
    private readonly WarmUp _warmUp = new(arguments.Number("warm"));
    private long _sleeps;
    private long _passes;
    private long _received;
    private bool _isWarm;

    /// <summary>Messages of a pass.</summary>
    public int Count { get; init; } = arguments.Number("count");

    public long Misordered { get; set; }

    public void BeginPass()
    {
        _sleeps = Cpu.Sleeps();
        _passBegin = Stopwatch.GetTimestamp();
    }

    /// <summary>True if there is another one.</summary>
    public bool EndPass()
    {
        double nanoseconds = Figures.NanosecondsSince(_passBegin);
        _passes++;
        _received += Count;
        _figures.Add(metric, isRate ? Count * 1e9 / nanoseconds : nanoseconds / Count);
        _figures.Add("sleeps", (Cpu.Sleeps() - _sleeps) / (double)Count);
        if (_isWarm)
        {
            return Stopwatch.GetElapsedTime(_runBegin).TotalMilliseconds < _run;
        }

        if (_warmUp.IsOver)
        {
            // Not before: the thread on which the runtime compiles may have been started by this one, and inherits its cores.
            Cores.PinMainThread(_core);
            _isWarm = true;
            _figures.Clear();
            _runBegin = Stopwatch.GetTimestamp();
        }

        return true;
    }

    public void Print()
    {
        _figures.Check("received", _received / _passes);
        _figures.Check("misordered", Misordered);
        _figures.Print();
    }
}
