using Microsoft.Extensions.ObjectPool;

#pragma warning disable MA0048 // WorkItem<TState>: the file system has no angle brackets

namespace Ivy.Net;

/// <summary>Work with a state of the user's and a completion; from a pool for each type of state, which all work pools share.</summary>
internal sealed class WorkItem<TState> : WorkItem
{
    // In flight beyond these are allocated; as many as a loop keeps of posts.
    private static readonly DefaultObjectPool<WorkItem<TState>> Items = new(new DefaultPooledObjectPolicy<WorkItem<TState>>(), IvLoopOptions.DefaultPostPoolSize);

    private Action<TState, CancellationToken>? _work;
    private Action<TState, IvWorkResult>? _completion;
    private TState? _state;

    public static WorkItem<TState> Get(
        IvWorkPool? pool,
        Action<TState, CancellationToken> work,
        Action<TState, IvWorkResult>? completion,
        TState state,
        CancellationToken token)
    {
        WorkItem<TState> item = Items.Get();
        item._work = work;
        item._completion = completion;
        item._state = state;
        item.Prepare(pool, token);
        return item;
    }

    public override void Complete()
    {
        Action<TState, IvWorkResult>? completion = _completion;
        TState state = _state!;
        IvWorkResult result = Result;
        IvWorkPool? pool = Pool;
        Refuse();
        if (completion is not null)
        {
            completion(state, result);
        }
        else if (result is { Exception: { } exception, IsCancelled: false })
        {
            LostException.Raise(pool, "a piece of its work", exception, "Give Submit a completion, or catch in the work");
        }
    }

    public override void Abandon() => Refuse();

    public override void Refuse()
    {
        _work = null;
        _completion = null;
        _state = default;
        if (Release())
        {
            Items.Return(this);
        }
    }

    protected override void Work() => _work!(_state!, Token);
}
