namespace Ivy.Net;

/// <summary>The tasks of a loop, in rounds.</summary>
/// <remarks>
/// T1: a round runs what was queued when it began, and what its tasks queue that has not run in this round.
/// T2: a task is out of its list and unbound before its handler runs.
/// T3: a round that Break or an exception cut short is finished before the next one begins.
/// </remarks>
internal sealed class TaskQueue(IvLoop loop)
{
    // Rounds of different loops have different numbers: a task may have run on another one before. A loop would have to make a
    // round each microsecond for twelve days to reach the numbers of the next one, and then a task runs a round later.
    private const int RoundBits = 40;

    // How many tasks a round takes in while it runs: a task that makes tasks that make tasks must not keep it for ever.
    private const int MaximumJoined = 1024;

    private static long _lastQueue;

    // Two lists that change places: one is filled while the other is run.
    private TaskList _round = new();
    private TaskList _pending = new();
    private ulong _roundNumber = (ulong)Interlocked.Increment(ref _lastQueue) << RoundBits;
    private bool _inRound;
    private int _joined;

    public int Count => _round.Count + _pending.Count;

    public bool IsEmpty => _round.First is null && _pending.First is null;

    public void Add(IvTask task)
    {
        bool joins = _inRound && task.LastRound != _roundNumber && _joined < MaximumJoined;
        _joined += joins ? 1 : 0;
        (joins ? _round : _pending).Append(task);
    }

    /// <summary>Runs one round; false if Break ended it early.</summary>
    /// <param name="begin">False: only what is left of a round.</param>
    public bool RunRound(bool begin = true)
    {
        if (_round.First is null)
        {
            if (_pending.First is null || !begin)
            {
                return true;
            }

            (_round, _pending) = (_pending, _round);
            _roundNumber++;
            _joined = 0;
        }

        _inRound = true;
        try
        {
            while (_round.First is { } task)
            {
                task.LastRound = _roundNumber;
                task.EndRegistration();
                loop.Invoke(task.Handler, task);
                if (loop.IsBroken)
                {
                    return false;
                }
            }
        }
        finally
        {
            _inRound = false;
        }

        return true;
    }

    public void ForEach<TState>(TState state, Action<TState, IvTask> action)
    {
        Visit(_round, state, action);
        Visit(_pending, state, action);
    }

    private static void Visit<TState>(TaskList list, TState state, Action<TState, IvTask> action)
    {
        for (IvTask? task = list.First; task is not null;)
        {
            IvTask? next = task.Next;
            action(state, task);
            task = next;
        }
    }
}
