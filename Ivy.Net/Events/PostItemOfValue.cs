using Microsoft.Extensions.ObjectPool;

#pragma warning disable MA0048 // PostItem<T>: the file system has no angle brackets

namespace Ivy.Net;

/// <summary>A posted callback whose state is a value: kept unboxed, in a pool for each type of value that all loops share.</summary>
internal sealed class PostItem<T> : PostNode
{
    // As many as one loop keeps of the ordinary kind by default.
    private static readonly DefaultObjectPool<PostItem<T>> Pool = new(new DefaultPooledObjectPolicy<PostItem<T>>(), IvLoopOptions.DefaultPostPoolSize);

    private Action<T>? _callback;
    private T? _state;

    public override Delegate? Callback => _callback;

    public static PostItem<T> Get(Action<T> callback, T state)
    {
        PostItem<T> item = Pool.Get();
        item._callback = callback;
        item._state = state;
        return item;
    }

    public override void Run(IvLoop loop)
    {
        Action<T> callback = _callback!;
        T state = _state!;
        Drop();
        callback(state);
    }

    public override bool Drop()
    {
        _callback = null;
        _state = default;
        Pool.Return(this);
        return true;
    }
}
