namespace Ivy.Net;

/// <summary>Work whose outcome is a task. The task is completed on the pool's loop, and continuations run inside of that.</summary>
internal sealed class WorkTask<T>(Func<T> work) : WorkItem
{
    private readonly TaskCompletionSource<T> _source = new();
    private T? _value;

    public Task<T> Task => _source.Task;

    public override void Complete()
    {
        Release();
        if (IsCancelled)
        {
            _source.TrySetCanceled(Token);
        }
        else if (Exception is { } exception)
        {
            _source.TrySetException(exception);
        }
        else
        {
            _source.TrySetResult(_value!);
        }
    }

    public override void Refuse() => Release();

    // Whoever awaits it must not go on here, on the thread of a worker or inside of the loop's Dispose.
    public override void Abandon()
    {
        Release();
        ThreadPool.UnsafeQueueUserWorkItem(static source => source.TrySetCanceled(), _source, preferLocal: false);
    }

    protected override void Work() => _value = work();
}
