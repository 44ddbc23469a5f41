namespace Ivy.Net;

/// <summary>A piece of work on its way: from the queue of its pool to a worker, and by the post queue of the pool's loop home.</summary>
/// <remarks>
/// W1: <see cref="Stage"/> and the links change under the pool's lock, as long as the item is not its owner's alone.
/// W2: whoever takes an item out of Queued (a worker, a cancellation, the pool's end) is the one that sends it home: exactly once.
/// W3: an item is used again only if its cancellation can't be under way any more.
/// </remarks>
internal abstract class WorkItem : PostNode
{
    private CancellationTokenRegistration _registration;

    public WorkStage Stage { get; set; }

    public WorkItem? NextQueued { get; set; }

    public WorkItem? PreviousQueued { get; set; }

    /// <summary>The place in the queue, ascending.</summary>
    public long Number { get; set; }

    protected IvWorkPool? Pool { get; private set; }

    protected CancellationToken Token { get; private set; }

    protected Exception? Exception { get; private set; }

    protected bool IsCancelled { get; private set; }

    protected IvWorkResult Result => new(Exception, IsCancelled);

    /// <summary>Before it is queued: a token that fires is heard of from here on.</summary>
    public void Prepare(IvWorkPool? pool, CancellationToken token)
    {
        Pool = pool;
        Token = token;
        Exception = null;
        IsCancelled = false;
        Stage = WorkStage.Preparing;
        if (pool is not null && token.CanBeCanceled)
        {
            _registration = token.UnsafeRegister(static state => ((WorkItem)state!).Pool!.Cancel((WorkItem)state), this);
        }
    }

    /// <summary>On a worker.</summary>
    public void Execute()
    {
        try
        {
            Work();
        }
        catch (OperationCanceledException exception) when (Token.IsCancellationRequested && exception.CancellationToken == Token)
        {
            Exception = exception;
            IsCancelled = true;
        }
        catch (Exception exception) when (exception is not SimulationStoppedException)
        {
            Exception = exception;
        }
    }

    /// <summary>Without a pool: the work and its completion, back to back, on this thread.</summary>
    public void RunHere()
    {
        if (Token.IsCancellationRequested)
        {
            MarkCancelled();
        }
        else
        {
            Execute();
        }

        Complete();
    }

    public void MarkCancelled() => IsCancelled = true;

    public void MarkFailed(Exception exception) => Exception = exception;

    public override void Run(IvLoop loop)
    {
        Pool!.Deliver(loop, this);
    }

    /// <summary>Nobody is at home any more.</summary>
    public override bool Drop()
    {
        Abandon();
        return true;
    }

    /// <summary>On the pool's loop: gives the item back, and then tells the user.</summary>
    public abstract void Complete();

    /// <summary>It was never queued, and its submitter knows.</summary>
    public abstract void Refuse();

    /// <summary>It will not be completed: nobody is there to see it.</summary>
    public abstract void Abandon();

    protected abstract void Work();

    /// <summary>Whether the item may be used again.</summary>
    protected bool Release()
    {
        bool reusable = !Token.CanBeCanceled || Pool is null || _registration.Unregister();
        _registration = default;
        return reusable;
    }
}
