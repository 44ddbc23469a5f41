using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>The timeout queues of a loop, one for each duration that has been used.</summary>
internal sealed class TimeoutQueues(IvLoop loop)
{
    private readonly Dictionary<long, TimeoutQueue> _queues = [];

    public int Count
    {
        get
        {
            int count = 0;
            foreach (TimeoutQueue queue in _queues.Values)
            {
                count += queue.Count;
            }

            return count;
        }
    }

    public TimeoutQueue For(long duration)
    {
        ref TimeoutQueue? queue = ref CollectionsMarshal.GetValueRefOrAddDefault(_queues, duration, out _);
        return queue ??= new TimeoutQueue(loop, duration);
    }

    public void ForEach<TState>(TState state, Action<TState, IvTimeout> action)
    {
        foreach (TimeoutQueue queue in _queues.Values)
        {
            queue.ForEach(state, action);
        }
    }
}
