namespace Ivy.Net;

/// <summary>Something that happens once, and threads that wait for it, with loops and without.</summary>
internal sealed class GroupGate
{
    private readonly object _lock = new();
    private readonly List<IvEvent> _waiters = [];
    private bool _isSet;

    public bool IsSet => Volatile.Read(ref _isSet);

    /// <summary>Any thread.</summary>
    public void Set()
    {
        IvEvent[] waiters;
        lock (_lock)
        {
            Volatile.Write(ref _isSet, true);
            waiters = [.. _waiters];
            Monitor.PulseAll(_lock);
        }

        // Not under the lock: in a simulation a post lets other threads run.
        foreach (IvEvent waiter in waiters)
        {
            waiter.Post();
        }
    }

    /// <summary>Waits, and runs this thread's loop meanwhile, if it has one. False if that loop was told to quit.</summary>
    public bool Wait(IvNetwork network)
    {
        if (IsSet)
        {
            return true;
        }

        if (IvLoop.Current is { } loop)
        {
            return Wait(loop);
        }

        if (network is SimulatedNetwork)
        {
            // Who blocks there in anything but a loop holds all others.
            using var own = new IvLoop(new IvLoopOptions { Name = "group", Network = network });
            return Wait(own);
        }

        lock (_lock)
        {
            while (!_isSet)
            {
                Monitor.Wait(_lock);
            }
        }

        return true;
    }

    private bool Wait(IvLoop loop)
    {
        using var waiter = new IvEvent(static _ => { }) { IsInternal = true, KeepsLoopAlive = true };
        waiter.Register();
        lock (_lock)
        {
            _waiters.Add(waiter);
        }

        try
        {
            return loop.RunUntil(() => IsSet);
        }
        finally
        {
            lock (_lock)
            {
                _waiters.Remove(waiter);
            }
        }
    }
}
