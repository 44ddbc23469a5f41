using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net;

/// <summary>The default pool of a loop's posted items: they go round from the loop to the threads that post, many at a time.</summary>
/// <remarks>
/// <para>The loop gives items back, the posting threads take them: a pool that passes them on one by one makes both sides wait for
/// the other's cache line at each post. Here the loop gathers what it has run, and hands it over as a list; a thread takes
/// the whole list, and then has items of its own.</para>
/// <para>V1: a list that has been handed over is taken as a whole, so that an item can't come back while somebody looks at it.
/// V2: an item goes back to the loop that ran it, whichever it was made for.</para>
/// </remarks>
internal sealed class PostPool(int capacity) : ObjectPool<PostItem>
{
    // As many as make the exchange of a cache line cheap for each, and few enough to wait for.
    private const int ListLength = 32;

    [ThreadStatic]
    private static PostItem? _own;

    private readonly int _threadId = Environment.CurrentManagedThreadId;
    private readonly int _capacity = Math.Max(capacity / ListLength, 1);

    // The loop's thread only: what it has run and not handed over yet.
    private PostItem? _first;
    private PostItem? _last;
    private int _gathered;

    private PostItem? _lists;
    private int _listCount;

    public override PostItem Get()
    {
        PostItem? item = _own;
        if (item is null)
        {
            item = Interlocked.Exchange(ref _lists, null);
            if (item is null)
            {
                return new PostItem(this);
            }

            Volatile.Write(ref _listCount, 0);
        }

        _own = (PostItem?)item.Next;
        item.Next = null;
        item.Pool = this;
        return item;
    }

    public override void Return(PostItem obj)
    {
        if (Environment.CurrentManagedThreadId != _threadId)
        {
            // Refused by a loop that is gone: it stays with the thread that posted it.
            obj.Next = _own;
            _own = obj;
            return;
        }

        obj.Next = _first;
        _first = obj;
        _last ??= obj;
        if (++_gathered == ListLength)
        {
            HandOver();
        }
    }

    private void HandOver()
    {
        if (Volatile.Read(ref _listCount) < _capacity)
        {
            PostItem? lists = Volatile.Read(ref _lists);
            while (true)
            {
                _last!.Next = lists;
                PostItem? seen = Interlocked.CompareExchange(ref _lists, _first, lists);
                if (seen == lists)
                {
                    break;
                }

                lists = seen;
            }

            Interlocked.Increment(ref _listCount);
        }

        _first = _last = null;
        _gathered = 0;
    }
}
