namespace Ivy.Net;

/// <summary>What a tree has taken down, in order; the second half of a move is found by its cookie.</summary>
internal sealed class TreeChangeQueue
{
    private readonly Queue<TreeChange> _changes = new();

    // The arrivals that have not been taken. A cookie may have several: a folder that has two paths for a while tells all twice.
    private readonly Dictionary<uint, Queue<TreeChange>> _arrivals = [];
    private int _overflows;

    public bool IsEmpty => _changes.Count == 0;

    public bool HasOverflow => _overflows > 0;

    public void Add(in TreeChange change)
    {
        _changes.Enqueue(change);
        _overflows += change.IsOverflow ? 1 : 0;
        if (change.What == IvFileEvents.MovedTo)
        {
            if (!_arrivals.TryGetValue(change.Cookie, out Queue<TreeChange>? arrivals))
            {
                _arrivals.Add(change.Cookie, arrivals = new Queue<TreeChange>());
            }

            arrivals.Enqueue(change);
        }
    }

    public TreeChange Peek() => _changes.Peek();

    public bool HasArrival(uint cookie) => _arrivals.ContainsKey(cookie);

    /// <summary>Takes the second half of a move ahead of its turn, wherever in the queue it is.</summary>
    public bool TryTakeArrival(uint cookie, out TreeChange arrival)
    {
        arrival = default;
        if (!_arrivals.TryGetValue(cookie, out Queue<TreeChange>? arrivals))
        {
            return false;
        }

        arrival = arrivals.Dequeue();
        if (arrivals.Count == 0)
        {
            _arrivals.Remove(cookie);
        }

        return true;
    }

    /// <summary>The next one; false if it is an arrival that has been taken already.</summary>
    public bool TryTake(out TreeChange change)
    {
        change = _changes.Dequeue();
        _overflows -= change.IsOverflow ? 1 : 0;
        if (change.What != IvFileEvents.MovedTo)
        {
            return true;
        }

        return _arrivals.TryGetValue(change.Cookie, out Queue<TreeChange>? arrivals)
            && arrivals.Peek() == change
            && TryTakeArrival(change.Cookie, out _);
    }

    public void Clear()
    {
        _changes.Clear();
        _arrivals.Clear();
        _overflows = 0;
    }
}
