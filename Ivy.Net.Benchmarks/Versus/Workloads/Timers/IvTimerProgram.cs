namespace Ivy.Net.Benchmarks.Versus.Workloads.Timers;

/// <summary>IvTimer: one for each timer, moved by StartAt.</summary>
internal sealed class IvTimerProgram : TimerProgram, IDisposable
{
    private readonly IvLoop _loop = new();
    private IvTimer[] _timers = [];

    public void Dispose() => _loop.Dispose();

    protected override void Prepare()
    {
        _timers = new IvTimer[Count];
        Action<IvTimer> handler = timer => Fired((int)timer.State!);
        for (int i = 0; i < Count; i++)
        {
            _timers[i] = new IvTimer(handler) { State = i };
        }

        // In a server they are old.
        GC.Collect();
        GC.Collect();
    }

    protected override void RunLoop()
    {
        new IvTask(_ => Step()).Register();
        _loop.Run();
    }

    protected override void AddAll(long[] due)
    {
        IvTimestamp now = _loop.Now;
        for (int i = 0; i < due.Length; i++)
        {
            _timers[i].StartAt(now.AddNanoseconds(due[i]));
        }
    }

    protected override void MoveAll(int[] which, long[] due)
    {
        IvTimestamp now = _loop.Now;
        for (int i = 0; i < which.Length; i++)
        {
            _timers[which[i]].StartAt(now.AddNanoseconds(due[i]));
        }
    }

    protected override void PostponeAll(int[] which)
    {
        IvTimestamp now = _loop.Now;
        for (int i = 0; i < which.Length; i++)
        {
            _timers[which[i]].StartAt(now.AddNanoseconds(TimerSequence.LaterDue(i)));
        }
    }

    protected override void DeleteAll(int[] which)
    {
        foreach (int i in which)
        {
            _timers[i].Stop();
        }
    }
}
