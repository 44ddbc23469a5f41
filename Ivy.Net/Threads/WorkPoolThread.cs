namespace Ivy.Net;

/// <summary>A thread of an <see cref="IvWorkPool"/>: a loop that is kicked when there is work, and whose own objects have their turn in between.</summary>
#pragma warning disable CA1001 // what it owns is the loop's, and ends with it on the thread itself
internal sealed class WorkPoolThread
#pragma warning restore CA1001
{
    private readonly IvWorkPool _pool;
    private readonly string _name;
    private readonly IvEvent _kick;
    private readonly IvTimeout? _idle;
    private IvLoop? _loop;
    private int _activeAtStart;
    private bool _isRetired;

    public WorkPoolThread(IvWorkPool pool, string name, TimeSpan idleTime)
    {
        _pool = pool;
        _name = name;
        _kick = new IvEvent(_ => WorkSome()) { IsInternal = true };
        _idle = idleTime == Timeout.InfiniteTimeSpan ? null : new IvTimeout(idleTime, _ => OnIdle()) { IsInternal = true };
    }

    /// <summary>Null in a simulation, where nobody may join.</summary>
    public Thread? Thread { get; private set; }

    /// <summary>It was woken or started, and has not looked at the queue yet. Under the pool's lock.</summary>
    public bool IsWaking { get; set; }

    /// <summary>Whether work, or ThreadStart, has left objects on the loop for which it must go on.</summary>
    public bool HasObjects => _loop!.Active > _activeAtStart;

    public IvError TryStart(IvNetwork network) => LibraryThread.TryStart(network, _name, Live, out _);

    /// <summary>Any thread.</summary>
    public void Kick() => _kick.Post();

    /// <summary>Any thread: what the loop waits for does not matter any more.</summary>
    public void Quit() => Volatile.Read(ref _loop)?.Quit();

    private void Live()
    {
        Thread = _pool.IsSimulated ? null : Thread.CurrentThread;
        try
        {
            if (TryBegin())
            {
                Serve();
                End();
            }
        }
        finally
        {
            DisposeLoop();
        }

        _pool.OnEnded(this);
    }

    private bool TryBegin()
    {
        try
        {
            Volatile.Write(ref _loop, new IvLoop(_pool.LoopOptionsFor(_name)));
            _kick.Register();
            _pool.Options.ThreadStart?.Invoke(_pool);
            _activeAtStart = _loop.Active;
            return true;
        }
        catch (Exception exception) when (exception is not SimulationStoppedException)
        {
            _pool.OnStartFailed(this, exception);
            return false;
        }
    }

    // An exception here is that of a handler which some work has registered: the pool's owner is told, and the loop goes on.
    private void Serve()
    {
        _kick.Post();
        while (!_isRetired)
        {
            Guarded(static worker => worker._loop!.Run(IvRunMode.KeepAlive));
        }
    }

    private void End()
    {
        _idle?.Stop();
        Guarded(static worker => worker._pool.Options.ThreadStop?.Invoke(worker._pool));

        // As in ivykis: what work has registered is served to its end, unless the pool was disposed.
        while (_loop!.Active > 0 && !_pool.IsAbandoned)
        {
            Guarded(static worker => worker._loop!.Run());
        }
    }

    private void DisposeLoop()
    {
        if (_loop is null)
        {
            return;
        }

        _idle?.Stop();
        _kick.Dispose();
        Guarded(static worker => worker._loop!.Dispose());
    }

    private void Guarded(Action<WorkPoolThread> action)
    {
        try
        {
            action(this);
        }
        catch (Exception exception) when (exception is not (SimulationStoppedException or IvFatalException { Info.Reason: IvFatalReason.Internal }))
        {
            _pool.Report(exception, isStart: false);
        }
    }

    // O2: what was queued when it began, and then the loop's own timers and descriptors; a kick of its own brings it back.
    private void WorkSome()
    {
        long limit = _pool.BeginRound(this);
        while (_pool.Take(limit) is { } item)
        {
            item.Execute();
            _loop!.RestoreContext();
            _pool.SendHome(item);
        }

        switch (_pool.EndRound(this))
        {
            case WorkPoolThreadState.Working:
                _kick.Post();
                break;
            case WorkPoolThreadState.Idle:
                _idle?.Start();
                break;
            default:
                Retire();
                break;
        }
    }

    private void OnIdle()
    {
        switch (_pool.OnIdle(this))
        {
            case WorkPoolThreadState.Idle:
                _idle!.Start();
                break;
            case WorkPoolThreadState.Retired:
                Retire();
                break;
            default:
                // Kicked already.
                break;
        }
    }

    private void Retire()
    {
        _isRetired = true;
        _loop!.Quit();
    }
}
