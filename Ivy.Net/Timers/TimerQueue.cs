namespace Ivy.Net;

/// <summary>The timers of a loop: the armed ones in order, and those that have expired and wait for their handler.</summary>
/// <remarks>
/// Q1: what is due is first moved to the expired list, with one reading of the clock, and then run; a timer that a handler
/// arms for the past waits for the next turn.
/// Q2: what Break or an exception leaves on the expired list runs first in the next turn.
/// </remarks>
internal sealed class TimerQueue(IvLoop loop)
{
    private readonly TimerLadder _armed = new();

    // Expired timers in order; the ones before _head have run, a removed one leaves a hole.
    private IvTimer?[] _expired = new IvTimer?[16];
    private int _head;
    private int _tail;
    private int _expiredCount;
    private long _order;

    public int Count => _armed.Count + _expiredCount;

    public bool HasExpired => _expiredCount > 0;

    public bool IsEmpty => _armed.Count == 0 && _expiredCount == 0;

    internal TimerLadder Armed => _armed;

    internal int ExpiredCapacity => _expired.Length;

    public long NextOrder() => ++_order;

    public void Add(IvTimer timer) => _armed.Add(timer);

    /// <summary>A timer is armed anew, for a time that its entry does not allow for.</summary>
    public void MoveEarlier(IvTimer timer)
    {
        if (timer.IsExpired)
        {
            // Expired and waiting for its turn: armed anew, it must not run for the old deadline.
            RemoveExpired(timer);
            _armed.Add(timer);
        }
        else
        {
            _armed.MoveEarlier(timer);
        }
    }

    public void Remove(IvTimer timer)
    {
        if (timer.IsExpired)
        {
            RemoveExpired(timer);
        }
        else
        {
            _armed.Remove(timer);
        }
    }

    public void RemoveExpired(IvTimer timer)
    {
        if (Planted.Active == PlantedBug.StoppedTimerRuns)
        {
            return;
        }

        _expired[timer.ExpiredIndex] = null;
        _expiredCount--;
    }

    /// <summary>When the loop must wake up for a timer; <see cref="long.MinValue"/> if one waits already.</summary>
    public long NextDeadline() => _expiredCount > 0 ? long.MinValue : _armed.NextDeadline();

    /// <summary>Runs what is due; false if Break ended it early. Reads the clock only if there is a timer.</summary>
    /// <param name="collect">False: only what is left of the expired ones.</param>
    public bool RunDue(bool collect = true)
    {
        if (IsEmpty || (!collect && _expiredCount == 0))
        {
            return true;
        }

        long now = loop.Now.Nanoseconds;
        if (Planted.Active == PlantedBug.EarlyTimer)
        {
            now += 1_000_000;
        }

        while (collect && _armed.PopDue(now) is { } due)
        {
            Expire(due);
        }

        while (_head < _tail)
        {
            IvTimer? timer = _expired[_head];
            _expired[_head++] = null;
            if (timer is null)
            {
                continue;
            }

            _expiredCount--;
            timer.Fire(loop, now);
            if (loop.IsBroken)
            {
                return false;
            }
        }

        _head = _tail = 0;
        return true;
    }

    public void ForEach<TState>(TState state, Action<TState, IvTimer> action)
    {
        _armed.ForEach(state, action);
        for (int i = _head; i < _tail; i++)
        {
            if (_expired[i] is { } timer)
            {
                action(state, timer);
            }
        }
    }

    private void Expire(IvTimer timer)
    {
        if (_tail == _expired.Length)
        {
            MakeRoom();
        }

        timer.ExpiredIndex = _tail;
        timer.Floor = ulong.MaxValue;
        _expired[_tail++] = timer;
        _expiredCount++;
    }

    // Room at the front comes of a Break or an exception: a loop that never runs the list to its end must not grow it for ever.
    private void MakeRoom()
    {
        int count = 0;
        for (int i = _head; i < _tail; i++)
        {
            if (_expired[i] is { } timer)
            {
                timer.ExpiredIndex = count;
                _expired[count++] = timer;
            }
        }

        Array.Clear(_expired, count, _tail - count);
        _head = 0;
        _tail = count;
        if (count > _expired.Length / 2)
        {
            Array.Resize(ref _expired, _expired.Length * 2);
        }
    }
}
