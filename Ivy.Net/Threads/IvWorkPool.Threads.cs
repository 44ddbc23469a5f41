using System.Globalization;

namespace Ivy.Net;

/// <content>The queue and the threads.</content>
/// <remarks>
/// P1: all of it changes under the gate. Nothing is called under it that could block, post or call the user: in a simulation a
///     post hands over to another thread, which may want the gate.
/// P2: an idle thread leaves the idle list when it is kicked, not when it wakes: k submits kick k distinct threads.
/// P3: as long as something is queued, a thread is working, waking or starting; the last one that is lost takes the queue along.
/// </remarks>
public sealed partial class IvWorkPool
{
    private readonly Lock _gate = new();
    private readonly WorkQueue _queue = new();

    // All that run; those that wait, the latest last: its caches are warm, and the others get their chance to end.
    private readonly List<WorkPoolThread> _all = [];
    private readonly List<WorkPoolThread> _idle = [];

    // Threads that take work: neither retired nor lost. And those of them that have not looked at the queue since they were kicked.
    private int _workers;
    private int _waking;
    private int _lastNumber;
    private int _unfinished;
    private int _failedStarts;

    internal IvWorkPoolOptions Options { get; }

    internal bool IsSimulated => _owner.Network is SimulatedNetwork;

    internal IvLoopOptions LoopOptionsFor(string name) => (Options.LoopOptions ?? new IvLoopOptions()).For(name, _owner.Network);

    /// <summary>Any thread, by a token.</summary>
    internal void Cancel(WorkItem item)
    {
        lock (_gate)
        {
            if (item.Stage == WorkStage.Preparing)
            {
                item.Stage = WorkStage.CancelledEarly;
            }

            if (item.Stage != WorkStage.Queued)
            {
                return;
            }

            _queue.Remove(item);
        }

        item.MarkCancelled();
        SendHome(item);
    }

    /// <summary>Any thread: to the completion, or to nobody if the loop is gone.</summary>
    internal void SendHome(WorkItem item)
    {
        if (!_owner.Enqueue(item, state: null))
        {
            item.Drop();
        }
    }

    /// <summary>A thread begins to look: the number of the last item that it may take before its own loop has its turn.</summary>
    internal long BeginRound(WorkPoolThread thread)
    {
        lock (_gate)
        {
            Awake(thread);
            return _queue.LastNumber;
        }
    }

    internal WorkItem? Take(long limit)
    {
        lock (_gate)
        {
            return _queue.Take(limit);
        }
    }

    internal WorkPoolThreadState EndRound(WorkPoolThread thread)
    {
        lock (_gate)
        {
            if (_queue.Count > 0)
            {
                return WorkPoolThreadState.Working;
            }

            if (_isClosed)
            {
                _workers--;
                return WorkPoolThreadState.Retired;
            }

            _idle.Add(thread);
            return WorkPoolThreadState.Idle;
        }
    }

    /// <summary>A thread's idle time is over.</summary>
    internal WorkPoolThreadState OnIdle(WorkPoolThread thread)
    {
        lock (_gate)
        {
            if (!_idle.Contains(thread))
            {
                return WorkPoolThreadState.Working;
            }

            if (_workers <= Options.MinThreads || thread.HasObjects)
            {
                return WorkPoolThreadState.Idle;
            }

            _idle.Remove(thread);
            _workers--;
            return WorkPoolThreadState.Retired;
        }
    }

    /// <summary>A new thread has no loop, or its ThreadStart threw.</summary>
    internal void OnStartFailed(WorkPoolThread thread, Exception exception)
    {
        List<WorkItem> left;
        lock (_gate)
        {
            Awake(thread);
            left = LoseOne();
        }

        Report(exception, isStart: true);
        FailAll(left, exception);
    }

    private IvError Enqueue(WorkItem item, bool isBounded)
    {
        WorkPoolThread? kicked = null;
        WorkPoolThread? started = null;
        IvError error = IvError.None;
        bool isCancelled = false;
        lock (_gate)
        {
            isCancelled = item.Stage == WorkStage.CancelledEarly;
            if (_isClosed)
            {
                error = IvError.Disposed;
            }
            else if (isCancelled)
            {
                Interlocked.Increment(ref _unfinished);
            }
            else if (isBounded && _queue.Count - _waking >= Options.QueueLimit)
            {
                error = IvError.ENOBUFS;
            }
            else
            {
                Interlocked.Increment(ref _unfinished);
                _queue.Add(item);
                kicked = TakeIdle();
                started = kicked is null && _workers < _maxThreads ? AddThread() : null;
            }
        }

        if (error != IvError.None)
        {
            item.Refuse();
            return error;
        }

        if (isCancelled)
        {
            item.MarkCancelled();
            SendHome(item);
        }

        kicked?.Kick();
        return started is null ? IvError.None : Start(started, item);
    }

    private WorkPoolThread? TakeIdle()
    {
        if (_idle.Count == 0)
        {
            return null;
        }

        WorkPoolThread thread = _idle[^1];
        _idle.RemoveAt(_idle.Count - 1);
        thread.IsWaking = true;
        _waking++;
        return thread;
    }

    private WorkPoolThread AddThread()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{Options.Name ?? "ivy work"} {++_lastNumber}");
        var thread = new WorkPoolThread(this, name, Options.IdleTime) { IsWaking = true };
        _all.Add(thread);
        _workers++;
        _waking++;
        return thread;
    }

    private IvError Start(WorkPoolThread thread, WorkItem item)
    {
        IvError error = IvError.Disposed;
        try
        {
            error = thread.TryStart(_owner.Network);
        }
        finally
        {
            if (error != IvError.None)
            {
                error = OnRefused(thread, item);
            }
        }

        return error;
    }

    // Where others are at work it is done by them. Else the item goes back to its submitter, unless a token was faster.
    private IvError OnRefused(WorkPoolThread thread, WorkItem item)
    {
        List<WorkItem> left;
        bool isBack;
        lock (_gate)
        {
            _all.Remove(thread);
            Awake(thread);
            isBack = _workers == 1 && item.Stage == WorkStage.Queued;
            if (isBack)
            {
                _queue.Remove(item);
                Interlocked.Decrement(ref _unfinished);
            }

            left = LoseOne();
        }

        IvException refused = LibraryThread.Refused(this);
        Report(refused, isStart: true);
        FailAll(left, refused);
        if (!isBack)
        {
            return IvError.None;
        }

        item.Refuse();
        return IvError.ENOMEM;
    }

    // P3: with the last thread goes the queue.
    private List<WorkItem> LoseOne()
    {
        _failedStarts++;
        _workers--;
        List<WorkItem> left = [];
        while (_workers == 0 && _queue.Take(long.MaxValue) is { } item)
        {
            left.Add(item);
        }

        return left;
    }

    private void FailAll(List<WorkItem> items, Exception exception)
    {
        foreach (WorkItem item in items)
        {
            item.MarkFailed(exception);
            SendHome(item);
        }
    }

    private void Awake(WorkPoolThread thread)
    {
        _waking -= thread.IsWaking ? 1 : 0;
        thread.IsWaking = false;
    }
}
