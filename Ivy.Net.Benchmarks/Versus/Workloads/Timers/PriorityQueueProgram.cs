using System.Diagnostics;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Timers;

/// <summary>
/// PriorityQueue, as it is used for timers: it can't move or remove cheaply, so that moving queues the timer once more, deleting only
/// marks it, and entries that are out of date are dropped when they reach the top.
/// </summary>
internal sealed class PriorityQueueProgram : TimerProgram
{
    private const int Stopped = -1;

    private readonly PriorityQueue<(int Timer, int Version), long> _queue = new();
    private int[] _versions = [];
    private int _version;
    private long _now;

    protected override void Prepare() => _versions = new int[Count];

    protected override void RunLoop()
    {
        _queue.Clear();
        Array.Fill(_versions, Stopped);
        _now = Stopwatch.GetTimestamp();
        Step();
        long now = Stopwatch.GetTimestamp();
        while (_queue.TryPeek(out (int Timer, int Version) entry, out long due) && due <= now)
        {
            _queue.Dequeue();
            if (_versions[entry.Timer] == entry.Version)
            {
                _versions[entry.Timer] = Stopped;
                Fired(entry.Timer);
            }
        }
    }

    protected override void AddAll(long[] due)
    {
        for (int i = 0; i < due.Length; i++)
        {
            Set(i, due[i]);
        }
    }

    protected override void MoveAll(int[] which, long[] due)
    {
        for (int i = 0; i < which.Length; i++)
        {
            Set(which[i], due[i]);
        }
    }

    protected override void PostponeAll(int[] which)
    {
        for (int i = 0; i < which.Length; i++)
        {
            Set(which[i], TimerSequence.LaterDue(i));
        }
    }

    protected override void DeleteAll(int[] which)
    {
        foreach (int i in which)
        {
            _versions[i] = Stopped;
        }
    }

    private void Set(int timer, long due)
    {
        _versions[timer] = _version++;
        _queue.Enqueue((timer, _versions[timer]), _now + due);
    }
}
