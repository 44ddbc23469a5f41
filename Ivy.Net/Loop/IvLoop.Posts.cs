using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Polling;
using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net;

/// <content>Posts: taking them from other threads, and running them.</content>
public sealed partial class IvLoop
{
    // How many turns in a row may run posts without a look at the descriptors, which is a system call. Under a flood of posts the
    // call is a good part of what a batch costs; descriptors and deadlines wait some microseconds.
    private const int TurnsOfPosts = 16;

    // How many looks in a row have to find posts and no descriptor before that: it is a flood then.
    private const int LooksOfFlood = 4;

    // How long the loop lets posts of other threads gather in a flood: some 40 ns each, 5 microseconds. A loop that takes each post
    // as it comes, and a thread that posts the next, wait for each other's cache lines all the time: 70 to 80 ns for each post
    // where it is 38 ns with this, on two cores with nothing but empty callbacks to run. A shorter pause gains less, a longer one little.
    private const int GatherGlances = 130;

    // As many as that are a batch that has gathered by itself.
    private const int GatheredBatch = PostSegment.Size;

    // A turn that lets posts gather is as long as so many others.
    private const int TurnsOfGathering = 4;

    private const int CacheLine = 64;

    private static readonly bool CanGather = Environment.ProcessorCount > 1;

    private Posting _posting;
    private int _turnsOfPosts;
    private int _looksOfFlood;

    // By the loop's own thread, since the last batch was taken: for these there is nobody to wait for.
    private long _ownPosts;
    private bool _mayGather;

    /// <summary>Runs a callback on the loop's thread, after what this thread has posted before; any thread. Posts keep Run going.</summary>
    /// <param name="callback">Runs once. Use a static lambda and <paramref name="state"/>: a closure is an allocation.</param>
    /// <param name="state">Goes to the callback.</param>
    /// <returns>False if the loop has been disposed: the callback will not run.</returns>
    public bool Post(Action<object?> callback, object? state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return Enqueue(callback, state);
    }

    /// <summary>As <see cref="Post(Action{object?}, object?)"/>, with a state of any type: a value is not boxed.</summary>
    /// <typeparam name="T">The type of the state.</typeparam>
    /// <param name="callback">Runs once.</param>
    /// <param name="state">Goes to the callback.</param>
    /// <returns>False if the loop has been disposed: the callback will not run.</returns>
    public bool Post<T>(Action<T> callback, T state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        if (!typeof(T).IsValueType)
        {
            return Enqueue(callback, state);
        }

        PostItem<T> item = PostItem<T>.Get(callback, state);
        if (Enqueue(item, state: null))
        {
            return true;
        }

        item.Drop();
        return false;
    }

    /// <summary>For tests of what happens between the two halves of a post.</summary>
    internal PostQueue Posts => _posting.Posts;

    // How many handlers and posts have run.
    private long Dispatched => _dispatched + Posts.Taken;

    /// <summary>Any thread: queues a node, or a callback of a reference type with its state. False if the loop has been disposed.</summary>
    internal bool Enqueue(object target, object? state)
    {
        if (!Posts.TryAdd(target, state, out bool wake))
        {
            return false;
        }

        OnPosted(wake);
        return true;
    }

    /// <summary>The end of each post: wakes the loop if it sleeps.</summary>
    internal void OnPosted(bool wake)
    {
        if (_current == this)
        {
            _ownPosts++;
        }
        else if (wake && Planted.Active != PlantedBug.LostWakeup)
        {
            Interlocked.Increment(ref _posting.Wakeups);
            _posting.Poller.Wake();
        }

        _posting.Poller.OnPosted();
    }

    // As many as hold the posts that may be under way, and one more: the first and the last may be used in part.
    private static ObjectPool<PostSegment> CreatePool(IvLoopOptions options)
    {
        var policy = new PostSegment.Policy();
        return options.PoolProvider?.Create(policy) ?? new DefaultObjectPool<PostSegment>(policy, ((options.PostPoolSize - 1) / PostSegment.Size) + 2);
    }

    // A turn without a wait: there are posts again, and the kernel need not be told or asked anything for the moment.
    private bool TryGoOnWithPosts(IvRunMode mode)
    {
        if (_looksOfFlood < LooksOfFlood || !Posts.HasReady || mode is IvRunMode.Once or IvRunMode.NonBlocking || Fds.HasChanges || _turnsOfPosts >= TurnsOfPosts || _isSimulated)
        {
            _turnsOfPosts = 0;
            return false;
        }

        if (_mayGather)
        {
            Thread.SpinWait(GatherGlances);
            _turnsOfPosts += TurnsOfGathering;
        }
        else
        {
            _turnsOfPosts++;
        }

        _running = null;
        _isNowValid = false;
        return TakePosts();
    }

    // The batch of this turn.
    private bool TakePosts()
    {
        bool any = Posts.Take();
        long count = Posts.BatchCount;
        _mayGather = count < GatheredBatch && count > _ownPosts && CanGather;
        _ownPosts = 0;
        return any;
    }

    // Nothing of the loop is written for a post: what lies beside it is read by all who post.
    private void RunPost(object target, object? state)
    {
        if (_running is not null)
        {
            _running = null;
        }

        if (_isGuarded && (target as Delegate ?? ((PostNode)target).Callback) is { } callback)
        {
            RunGuarded(target, state, callback);
        }
        else
        {
            CallPost(target, state);
        }

        RestoreContext();
    }

    private void CallPost(object target, object? state)
    {
        if (target is MulticastDelegate)
        {
            ReferenceCallback.Call(target, state);
        }
        else
        {
            ((PostNode)target).Run(this);
        }
    }

    private void RunGuarded(object target, object? state, Delegate callback)
    {
        IvTimestamp before = _isTimed ? _poller.Now : default;
        try
        {
            CallPost(target, state);
        }
        catch (Exception exception) when (IsForHook(exception))
        {
            CallHook(subject: null, exception);
        }

        ReportIfSlow(before, subject: null, callback);
    }

    // What threads that post need, away from what the loop writes at each turn and handler.
    [StructLayout(LayoutKind.Explicit, Size = 4 * CacheLine)]
    private struct Posting
    {
        [FieldOffset(CacheLine)]
        public long Wakeups;

        [FieldOffset(2 * CacheLine)]
        public PostQueue Posts;

        [FieldOffset((2 * CacheLine) + sizeof(long))]
        public IvPoller Poller;
    }
}
