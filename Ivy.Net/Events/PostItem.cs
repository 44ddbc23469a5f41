using System.Diagnostics;
using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net;

/// <summary>A posted callback with its state, from the loop's pool.</summary>
internal sealed class PostItem(ObjectPool<PostItem> pool) : PostNode
{
    private Delegate? _callback;
    private object? _state;
    private Invoker? _invoker;

    /// <summary>Calls a callback of a type that only the caller knows.</summary>
    public delegate void Invoker(Delegate callback, object? state);

    /// <summary>Where it goes when it has run.</summary>
    public ObjectPool<PostItem> Pool { get; set; } = pool;

    public override Delegate? Callback => _callback;

    public void Set(Delegate callback, object? state, Invoker? invoker)
    {
        _callback = callback;
        _state = state;
        _invoker = invoker;
    }

    public override void Run(IvLoop loop)
    {
        Delegate callback = _callback!;
        object? state = _state;
        Invoker? invoker = _invoker;
        Drop();
        if (invoker is null)
        {
            ((Action<object?>)callback)(state);
        }
        else
        {
            invoker(callback, state);
        }
    }

    public override bool Drop()
    {
        Debug.Assert(_callback is not null, "A posted item runs once.");
        _callback = null;
        _state = null;
        _invoker = null;
        Next = null;
        Pool.Return(this);
        return true;
    }

    /// <summary>Makes items that know the pool they go back to.</summary>
    public sealed class Policy : IPooledObjectPolicy<PostItem>
    {
        internal ObjectPool<PostItem>? Pool { get; set; }

        public PostItem Create() => new(Pool!);

        public bool Return(PostItem obj) => true;
    }
}
