namespace Ivy.Net;

/// <summary>What is going to happen, ordered by time, and by the order of planning among equal times.</summary>
internal sealed class SimulatedAgenda
{
    private readonly PriorityQueue<Action, (long Time, long Sequence)> _queue = new();
    private long _sequence;

    /// <summary>When the next thing happens; <see cref="long.MaxValue"/> if nothing does.</summary>
    public long NextTime => _queue.TryPeek(out _, out (long Time, long Sequence) priority) ? priority.Time : long.MaxValue;

    public void Add(long time, Action action) => _queue.Enqueue(action, (time, ++_sequence));

    public bool TryTake(long now, out Action action)
    {
        if (NextTime <= now)
        {
            action = _queue.Dequeue();
            return true;
        }

        action = static () => { };
        return false;
    }
}
