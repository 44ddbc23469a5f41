namespace Ivy.Net.Benchmarks.Versus.Workloads.Timers;

/// <summary>System.Threading.Timer: moved and stopped by Change; its callbacks run on the thread pool.</summary>
internal sealed class ThreadingTimerProgram : TimerProgram
{
    private const long NanosecondsPerMillisecond = 1_000_000;

    private Timer[] _timers = [];

    protected override bool FiresElsewhere => true;

    protected override void Prepare()
    {
        _timers = new Timer[Count];
        TimerCallback callback = state => Fired((int)state!);
        for (int i = 0; i < Count; i++)
        {
            _timers[i] = new Timer(callback, i, Timeout.Infinite, Timeout.Infinite);
        }
    }

    protected override void RunLoop()
    {
        Step();
        while (!HasAllFired)
        {
            Thread.Sleep(1);
        }
    }

    protected override void AddAll(long[] due)
    {
        for (int i = 0; i < due.Length; i++)
        {
            _timers[i].Change(Milliseconds(due[i]), Timeout.Infinite);
        }
    }

    protected override void MoveAll(int[] which, long[] due)
    {
        for (int i = 0; i < which.Length; i++)
        {
            _timers[which[i]].Change(Milliseconds(due[i]), Timeout.Infinite);
        }
    }

    protected override void PostponeAll(int[] which)
    {
        for (int i = 0; i < which.Length; i++)
        {
            _timers[which[i]].Change(Milliseconds(TimerSequence.LaterDue(i)), Timeout.Infinite);
        }
    }

    protected override void DeleteAll(int[] which)
    {
        foreach (int i in which)
        {
            _timers[i].Change(Timeout.Infinite, Timeout.Infinite);
        }
    }

    private static long Milliseconds(long nanoseconds) => (nanoseconds + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond;
}
