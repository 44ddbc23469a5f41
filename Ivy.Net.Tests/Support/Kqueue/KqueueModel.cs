using System.Collections.Concurrent;
using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Tests.Support;

/// <summary>
/// kqueue(2) over the descriptors of Linux: what the library's own bookkeeping is held against where there is no such kernel. It is a
/// model, after the kernels' sources and manuals, and proves nothing about them.
/// </summary>
/// <remarks>It has the filters that the library uses: READ, WRITE, USER, and EXCEPT on Darwin. No call allocates once its tables have grown.</remarks>
internal sealed class KqueueModel(KqueueQuirks quirks) : IKqueueApi
{
    private readonly ConcurrentDictionary<int, KqueueModelQueue> _queues = new();
    private int _exchanges;

    public KqueueQuirks Quirks => quirks;

    public KqueueDialect Dialect => quirks.Dialect;

    /// <summary>Calls of kevent(2).</summary>
    public int Exchanges => Volatile.Read(ref _exchanges);

    /// <summary>How many waits to come are interrupted by a signal, after their changes have been applied.</summary>
    public int Interruptions { get; set; }

    /// <summary>Whether threads wait while others change what they wait for: they look again each millisecond.</summary>
    public bool HasManyThreads { get; init; }

    public int OpenQueues => _queues.Count;

    public KqueueModelQueue this[int queue] => _queues[queue];

    public int Create()
    {
        var queue = new KqueueModelQueue(quirks, HasManyThreads);
        _queues[queue.Number] = queue;
        return queue.Number;
    }

    public void Close(int queue)
    {
        if (_queues.TryRemove(queue, out KqueueModelQueue? open))
        {
            open.Close();
        }
    }

    public int Exchange(int queue, ReadOnlySpan<KqueueEvent> changes, Span<KqueueEvent> events, long nanoseconds)
    {
        Interlocked.Increment(ref _exchanges);
        if (!_queues.TryGetValue(queue, out KqueueModelQueue? open))
        {
            return -9; // EBADF
        }

        int answers = open.Change(changes, events);
        if (answers != 0 || events.IsEmpty)
        {
            return answers;
        }

        if (Interruptions > 0)
        {
            Interruptions--;
            return -4; // EINTR
        }

        return open.Wait(events, nanoseconds);
    }

    public int CheckSocket(int fd) => ModelCalls.CheckSocket(fd) switch
    {
        0 => 0,
        -9 => -9, // EBADF
        _ => -38, // ENOTSOCK there
    };
}
