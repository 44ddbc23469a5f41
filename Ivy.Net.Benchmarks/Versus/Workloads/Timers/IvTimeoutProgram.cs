namespace Ivy.Net.Benchmarks.Versus.Workloads.Timers;

/// <summary>IvTimeout: what it is made for, as all timers have the same duration.</summary>
internal sealed class IvTimeoutProgram : TimerProgram, IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(10);

    private readonly IvLoop _loop = new();
    private IvTimeout[] _timeouts = [];

    public void Dispose() => _loop.Dispose();

    protected override bool HasConstantDuration => true;

    protected override void Prepare()
    {
        _timeouts = new IvTimeout[Count];
        Action<IvTimeout> handler = timeout => Fired((int)timeout.State!);
        for (int i = 0; i < Count; i++)
        {
            _timeouts[i] = new IvTimeout(Long, handler) { State = i };
        }
    }

    protected override void RunLoop()
    {
        SetDuration(Long);
        new IvTask(_ => Step()).Register();
        _loop.Run();
    }

    protected override void UseShortDuration() => SetDuration(Short);

    protected override void AddAll(long[] due)
    {
        foreach (IvTimeout timeout in _timeouts)
        {
            timeout.Start();
        }
    }

    protected override void MoveAll(int[] which, long[] due) => throw new NotSupportedException();

    protected override void PostponeAll(int[] which)
    {
        foreach (int i in which)
        {
            _timeouts[i].Start();
        }
    }

    protected override void DeleteAll(int[] which)
    {
        foreach (int i in which)
        {
            _timeouts[i].Stop();
        }
    }

    private void SetDuration(TimeSpan duration)
    {
        foreach (IvTimeout timeout in _timeouts)
        {
            timeout.Duration = duration;
        }
    }
}
