namespace Ivy.Net;

/// <summary>Many producers, one consumer: what other threads (and the loop itself) want run on the loop.</summary>
/// <remarks>
/// <para>One word says all: the newest node of a list, or one of three marks. A producer links its node to what was there and
/// swaps it in; the loop takes the whole list at once and turns it round.</para>
/// <para>P1: only the producer that finds <see cref="Asleep"/> wakes the loop. So a sleep costs at most one wakeup, and a
/// loop that is awake costs none.</para>
/// <para>P2: the loop goes to sleep by swapping <see cref="Asleep"/> for "empty": a node that came first makes the swap fail,
/// and one that comes later finds the mark. There is no moment between.</para>
/// <para>P3: a batch is what was there when it was taken; what its handlers post runs in a later one.</para>
/// <para>P4: nodes of one producer run in the order in which it posted them.</para>
/// </remarks>
internal sealed class PostQueue
{
    private static readonly PostNode Asleep = new Mark();
    private static readonly PostNode Closed = new Mark();

    // Null: awake and empty. A loop that has never run counts as asleep.
    private PostNode? _head = Asleep;

    /// <summary>Whether anything waits; exact on the loop's thread, a hint elsewhere.</summary>
    public bool HasPosts => Volatile.Read(ref _head) is { } head && head != Asleep && head != Closed;

    /// <summary>Any thread: whether the loop sleeps, or is not running at all.</summary>
    public bool IsAsleep => Volatile.Read(ref _head) == Asleep;

    /// <summary>Any thread. False if the loop has been disposed; <paramref name="wake"/> tells whether the caller must wake it.</summary>
    public bool TryAdd(PostNode node, out bool wake)
    {
        PostNode? head = Volatile.Read(ref _head);
        while (true)
        {
            if (head == Closed)
            {
                wake = false;
                return false;
            }

            node.Next = head == Asleep ? null : head;
            PostNode? seen = Interlocked.CompareExchange(ref _head, node, head);
            if (seen == head)
            {
                wake = head == Asleep;
                return true;
            }

            head = seen;
        }
    }

    /// <summary>The loop, when it begins to run: from here on it looks for itself.</summary>
    public void WakeUp() => Interlocked.CompareExchange(ref _head, null, Asleep);

    /// <summary>The loop, before it waits: false if there are posts, and it must not sleep.</summary>
    public bool TrySleep()
    {
        PostNode? head = Interlocked.CompareExchange(ref _head, Asleep, null);
        return head is null || head == Asleep;
    }

    /// <summary>The loop, after it waited: what there is, oldest first; the loop counts as awake from here on.</summary>
    public PostNode? Take()
    {
        // A plain look first: most turns have no posts, and need no locked instruction.
        if (Volatile.Read(ref _head) is null)
        {
            return null;
        }

        PostNode? head = Interlocked.Exchange(ref _head, null);
        return head == Asleep ? null : Planted.Active == PlantedBug.ReorderedPosts ? head : Reverse(head);
    }

    /// <summary>The loop is disposed: nothing is taken any more. What there was, oldest first.</summary>
    public PostNode? Close()
    {
        PostNode? head = Interlocked.Exchange(ref _head, Closed);
        return head == Asleep || head == Closed ? null : Reverse(head);
    }

    /// <summary>The loop's thread, for its dump: how many wait. Producers add at the front, so what is behind stays as it is.</summary>
    public int CountPosts()
    {
        int count = 0;
        for (PostNode? node = Volatile.Read(ref _head); node is not null && node != Asleep && node != Closed; node = node.Next)
        {
            count++;
        }

        return count;
    }

    private static PostNode? Reverse(PostNode? newest)
    {
        PostNode? oldest = null;
        while (newest is not null)
        {
            PostNode? next = newest.Next;
            newest.Next = oldest;
            oldest = newest;
            newest = next;
        }

        return oldest;
    }

    private sealed class Mark : PostNode
    {
        public override void Run(IvLoop loop)
        {
        }

        public override bool Drop() => false;
    }
}
