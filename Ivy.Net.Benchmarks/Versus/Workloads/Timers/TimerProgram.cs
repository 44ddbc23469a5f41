using System.Diagnostics;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Timers;

/// <summary>The timers workload on something that has timers: the C# side of Peers/timers.h.</summary>
internal abstract class TimerProgram
{
    private const long OrderTolerance = 1_000_000;

    // libevent reads a clock that lags behind by a tick of the kernel; all wait for it.
    private const long CoarseClock = 20_000_000;

    // The warm-up has no more than this: the compiler's work depends on how often something is called, and with a million timers a repetition
    // takes seconds.
    private const int MostWhileCompiling = 10_000;

    private readonly Figures _figures = new();
    private long _fired;
    private long _firedSum;
    private long _expectedFired;
    private long _misordered;
    private long _lastDue;
    private long _fireBegin;
    private long _fireEnd;

    protected TimerSequence Sequence { get; private set; } = null!;

    protected int Count { get; private set; }

    /// <summary>All timers have the same duration: due times are not looked at, and there is no moving to anywhere.</summary>
    protected virtual bool HasConstantDuration => false;

    /// <summary>They run on other threads, in no order, while more are added: what adding costs is then in what firing costs.</summary>
    protected virtual bool FiresElsewhere => false;

    public void Run(SubjectArguments arguments)
    {
        int count = arguments.Number("count");
        int core = arguments.Number("core");
        var warmUp = new WarmUp(arguments.Number("warm"));
        int run = arguments.Number("run");
        Begin(Math.Min(count, MostWhileCompiling));
        Repeat(() => !warmUp.IsOver);
        Cores.PinProcess(core);
        if (Count < count)
        {
            // Once, for the caches and the memory that it takes.
            Begin(count);
            Repeat(static () => false);
        }

        _figures.Clear();
        long begin = Stopwatch.GetTimestamp();
        Repeat(() => Stopwatch.GetElapsedTime(begin).TotalMilliseconds < run);
        long repetitions = _expectedFired / Count;
        _figures.Check("fired", _fired / repetitions);
        _figures.Check("sum", _firedSum / repetitions);
        _figures.Check("misordered", _misordered);
        _figures.Print();
    }

    private void Begin(int count)
    {
        Count = count;
        Sequence = new TimerSequence(count);
        _fired = _firedSum = _expectedFired = 0;
        Prepare();
    }

    /// <summary>Makes the timers; none runs.</summary>
    protected abstract void Prepare();

    /// <summary>Runs the loop, with one call of <see cref="Step"/> from within; returns when no timer runs any more.</summary>
    protected abstract void RunLoop();

    /// <summary>For i from 0 on, starts timer i, due so many nanoseconds from the loop's now.</summary>
    protected abstract void AddAll(long[] due);

    /// <summary>Moves timers that run.</summary>
    protected abstract void MoveAll(int[] which, long[] due);

    /// <summary>Moves timers that run, the i-th to <see cref="TimerSequence.LaterDue"/>.</summary>
    protected abstract void PostponeAll(int[] which);

    protected abstract void DeleteAll(int[] which);

    /// <summary>Of <see cref="HasConstantDuration"/>: 10 ms from now on.</summary>
    protected virtual void UseShortDuration()
    {
    }

    protected void Fired(int i)
    {
        if (!FiresElsewhere)
        {
            long due = HasConstantDuration ? i * OrderTolerance : Sequence.FireDue[i];
            if (due + OrderTolerance <= _lastDue)
            {
                _misordered++;
            }
            else if (due > _lastDue)
            {
                _lastDue = due;
            }

            _firedSum += i;
            if (++_fired == _expectedFired)
            {
                _fireEnd = Cpu.OfProcess();
            }

            return;
        }

        Interlocked.Add(ref _firedSum, i);
        if (Interlocked.Increment(ref _fired) == _expectedFired)
        {
            Volatile.Write(ref _fireEnd, Cpu.OfProcess());
        }
    }

    protected bool HasAllFired => Volatile.Read(ref _fireEnd) != 0;

    protected void Step()
    {
        Time("add", () => AddAll(Sequence.AddDue));
        if (!HasConstantDuration)
        {
            Time("move", () => MoveAll(Sequence.MoveWhich, Sequence.MoveDue));
        }

        Time("later", () => PostponeAll(Sequence.LaterWhich));
        Time("delete", () => DeleteAll(Sequence.DeleteWhich));
        _lastDue = 0;
        Volatile.Write(ref _fireEnd, 0);
        _expectedFired += Count;
        UseShortDuration();
        _fireBegin = Cpu.OfProcess();
        AddAll(Sequence.FireDue);
        if (FiresElsewhere)
        {
            return;
        }

        long due = Stopwatch.GetTimestamp() + TimerSequence.FireFrom + TimerSequence.FireSpan + CoarseClock;
        while (Stopwatch.GetTimestamp() < due)
        {
        }

        _fireBegin = Cpu.OfProcess();
    }

    // At least once.
    private void Repeat(Func<bool> goesOn)
    {
        do
        {
            RunLoop();
            _figures.Add("fire", (_fireEnd - _fireBegin) / (double)Count);
        }
        while (goesOn());
    }

    private void Time(string metric, Action work)
    {
        long begin = Stopwatch.GetTimestamp();
        work();
        _figures.Add(metric, Figures.NanosecondsSince(begin) / Count);
    }
}
