namespace Ivy.Net;

/// <summary>What waits for a worker, first come first served; linked through the items, so that a cancelled one leaves in O(1). For use under a lock.</summary>
internal sealed class WorkQueue
{
    private WorkItem? _first;
    private WorkItem? _last;

    public int Count { get; private set; }

    /// <summary>The number of the item that came last.</summary>
    public long LastNumber { get; private set; }

    public void Add(WorkItem item)
    {
        item.Stage = WorkStage.Queued;
        item.Number = ++LastNumber;
        item.PreviousQueued = _last;
        item.NextQueued = null;
        if (_last is null)
        {
            _first = item;
        }
        else
        {
            _last.NextQueued = item;
        }

        _last = item;
        Count++;
    }

    /// <summary>The first one, if it came no later than that number.</summary>
    public WorkItem? Take(long limit)
    {
        if (_first is not { } item || item.Number > limit)
        {
            return null;
        }

        Remove(item);
        return item;
    }

    public void Remove(WorkItem item)
    {
        if (item.PreviousQueued is null)
        {
            _first = item.NextQueued;
        }
        else
        {
            item.PreviousQueued.NextQueued = item.NextQueued;
        }

        if (item.NextQueued is null)
        {
            _last = item.PreviousQueued;
        }
        else
        {
            item.NextQueued.PreviousQueued = item.PreviousQueued;
        }

        item.NextQueued = item.PreviousQueued = null;
        item.Stage = WorkStage.Taken;
        Count--;
    }
}
