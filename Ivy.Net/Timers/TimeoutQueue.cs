namespace Ivy.Net;

/// <summary>The timeouts of one duration, linked in the order of their deadlines, behind one timer of the loop.</summary>
/// <remarks>
/// O1: a (re)started timeout goes to the end; since the clock does not go back, the list is in order.
/// O2: the timer is armed for a time that is not after the deadline of the first; it runs while there is a first.
/// </remarks>
#pragma warning disable CA1001 // a timer of the loop's own has nothing to give back
internal sealed class TimeoutQueue
#pragma warning restore CA1001
{
    private readonly IvLoop _loop;
    private readonly long _duration;
    private readonly IvTimer _timer;
    private IvTimeout? _first;
    private IvTimeout? _last;
    private bool _running;

    public TimeoutQueue(IvLoop loop, long duration)
    {
        _loop = loop;
        _duration = duration;
        _timer = new IvTimer(static timer => ((TimeoutQueue)timer.State!).RunDue()) { State = this, IsInternal = true };
    }

    public int Count { get; private set; }

    public void Add(IvTimeout timeout, IvTimestamp now)
    {
        Append(timeout, now);
        if (!_timer.IsRegistered && !_running)
        {
            _timer.StartAt(new IvTimestamp(_first!.Deadline));
        }
    }

    public void Restart(IvTimeout timeout, IvTimestamp now)
    {
        Unlink(timeout);
        Append(timeout, now);
    }

    public void Remove(IvTimeout timeout)
    {
        Unlink(timeout);
        timeout.Queue = null;
        if (_first is null && !_running)
        {
            _timer.Stop();
        }
    }

    public void ForEach<TState>(TState state, Action<TState, IvTimeout> action)
    {
        for (IvTimeout? timeout = _first; timeout is not null;)
        {
            IvTimeout? next = timeout.Next;
            action(state, timeout);
            timeout = next;
        }
    }

    private void RunDue()
    {
        long now = _loop.Now.Nanoseconds;
        if (_first is null || _first.Deadline > now)
        {
            // Restarted since the timer was armed.
            _loop.UncountDispatch();
        }

        _running = true;
        try
        {
            while (_first is { } timeout && timeout.Deadline <= now && !_loop.IsBroken)
            {
                timeout.Fire(_loop);
            }
        }
        finally
        {
            // Also after an exception and a Break: what is left is due, and runs in the next turn.
            _running = false;
            if (_first is { } next)
            {
                _timer.StartAt(new IvTimestamp(next.Deadline));
            }
        }
    }

    private void Append(IvTimeout timeout, IvTimestamp now)
    {
        timeout.Deadline = now.AddNanoseconds(_duration).Nanoseconds;
        timeout.Queue = this;
        timeout.Previous = _last;
        timeout.Next = null;
        if (_last is null)
        {
            _first = timeout;
        }
        else
        {
            _last.Next = timeout;
        }

        _last = timeout;
        Count++;
    }

    private void Unlink(IvTimeout timeout)
    {
        if (timeout.Previous is null)
        {
            _first = timeout.Next;
        }
        else
        {
            timeout.Previous.Next = timeout.Next;
        }

        if (timeout.Next is null)
        {
            _last = timeout.Previous;
        }
        else
        {
            timeout.Next.Previous = timeout.Previous;
        }

        timeout.Next = timeout.Previous = null;
        Count--;
    }
}
