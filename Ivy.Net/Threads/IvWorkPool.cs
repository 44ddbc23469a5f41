using System.Globalization;

namespace Ivy.Net;

/// <summary>Threads that do what would block a loop, and bring the outcome back to it.</summary>
/// <remarks>
/// <para>Made on a thread with a loop, the pool belongs to it and is registered there until it has been closed and all is done:
/// so long Run does not return. Work runs on a thread of the pool, at the same time as other work; its completion runs on the
/// pool's loop, in the order in which work ends. Each piece of work comes home exactly once: done, failed or cancelled.</para>
/// <para>Threads start when work comes and no idle one is there, up to a maximum, and end when they were idle for a time. Each has
/// a loop: work may register objects there. All members are for the loop's thread, but for those that say that any thread may
/// call them. Submitting static lambdas allocates nothing. Follows iv_work(3); see IvWorkPool(3).</para>
/// </remarks>
public sealed partial class IvWorkPool : IvObject
{
    private static readonly Action<IvWorkPool> DeliverOne = static pool => pool.CompleteOne();

    private readonly IvLoop _owner;
    private readonly int _maxThreads;
    private readonly Queue<Drainer> _drains = new();
    private bool _isFired;
    private WorkItem? _delivered;

    /// <summary>Makes a pool with the default options, which belongs to this thread's loop.</summary>
    public IvWorkPool()
        : this(new IvWorkPoolOptions())
    {
    }

    /// <summary>Makes a pool that belongs to this thread's loop (IVF0002), and starts no thread yet.</summary>
    /// <param name="options">How; read now.</param>
    /// <exception cref="ArgumentException">MinThreads is more than MaxThreads.</exception>
    public IvWorkPool(IvWorkPoolOptions options)
        : base(ObjectKind.WorkPool)
    {
        ArgumentNullException.ThrowIfNull(options);
        _maxThreads = options.MaxThreads == 0 ? Environment.ProcessorCount : options.MaxThreads;
        if (options.MinThreads > _maxThreads)
        {
            throw new ArgumentException($"MinThreads ({options.MinThreads}) is more than MaxThreads ({_maxThreads}).", nameof(options));
        }

        Options = options;
        Name = options.Name;
        _owner = LoopForRegister("new IvWorkPool");
        _news = new IvEvent(_ => OnNews()) { State = this, IsInternal = true };
        Bind(_owner);
        _news.Register();
    }

    /// <summary>
    /// Told, on the pool's loop, of what has no other receiver: a thread that could not be started or whose ThreadStart threw, what
    /// ThreadStop has thrown, and what a handler has that work registered on the loop of its thread. Null: the first two are only
    /// counted (<see cref="FailedStarts"/>), the others are IVF0123, thrown out of Run.
    /// </summary>
    public Action<IvWorkPool, Exception>? HandlerError
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerError));
            field = value;
        }
    }

    /// <summary>Told, on the pool's loop, that a pool that was closed has done everything, and that its threads have ended.</summary>
    public Action<IvWorkPool>? HandlerClosed
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerClosed));
            field = value;
        }
    }

    /// <summary>How many threads there are, those that are about to end included. Any thread.</summary>
    public int Threads
    {
        get
        {
            lock (_gate)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>How many threads wait for work. Any thread.</summary>
    public int IdleThreads
    {
        get
        {
            lock (_gate)
            {
                return _idle.Count;
            }
        }
    }

    /// <summary>How much work waits for a thread. Any thread.</summary>
    public int QueuedWork
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>How much work was submitted whose completion has not run. Any thread.</summary>
    public int UnfinishedWork => Volatile.Read(ref _unfinished);

    /// <summary>How many threads could not be started, those whose ThreadStart threw included. Any thread.</summary>
    public int FailedStarts => Volatile.Read(ref _failedStarts);

    /// <summary>Whether the pool takes no more work: after <see cref="Close"/> and Dispose. Any thread.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Has work done on a thread of the pool, and its completion called on the pool's loop.</summary>
    /// <typeparam name="TState">The type of the state; a value is not boxed.</typeparam>
    /// <param name="work">Runs on a thread of the pool, with the state and the token. What it throws goes to the completion.</param>
    /// <param name="completion">Runs on the pool's loop. Null: nobody is told, and an exception is IVF0123, thrown out of Run.</param>
    /// <param name="state">Goes to both. Use static lambdas and a state: a closure is an allocation.</param>
    /// <param name="cancellationToken">Takes back work that has not begun; its completion comes all the same. Work that runs has to look at it.</param>
    /// <exception cref="IvException">ENOBUFS: the queue is full. ENOMEM: there is no thread, and none can be started.</exception>
    public void Submit<TState>(
        Action<TState, CancellationToken> work,
        Action<TState, IvWorkResult>? completion,
        TState state,
        CancellationToken cancellationToken = default) =>
        ThrowIfRefused(TrySubmit(work, completion, state, cancellationToken));

    /// <summary>As <see cref="Submit"/>, and returns the error instead of throwing it.</summary>
    /// <typeparam name="TState">The type of the state.</typeparam>
    /// <param name="work">Runs on a thread of the pool.</param>
    /// <param name="completion">Runs on the pool's loop.</param>
    /// <param name="state">Goes to both.</param>
    /// <param name="cancellationToken">Takes back work that has not begun.</param>
    /// <returns><see cref="IvError.None"/>; anything else means that neither will run.</returns>
    public IvError TrySubmit<TState>(
        Action<TState, CancellationToken> work,
        Action<TState, IvWorkResult>? completion,
        TState state,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        CheckOpen(nameof(Submit));
        return Enqueue(WorkItem<TState>.Get(this, work, completion, state, cancellationToken), isBounded: true);
    }

    /// <summary>As <see cref="Submit"/>, from any thread: for work that has to be followed by more work. The queue's limit does not hold.</summary>
    /// <typeparam name="TState">The type of the state.</typeparam>
    /// <param name="work">Runs on a thread of the pool.</param>
    /// <param name="completion">Runs on the pool's loop.</param>
    /// <param name="state">Goes to both.</param>
    /// <param name="cancellationToken">Takes back work that has not begun.</param>
    /// <exception cref="IvException">Disposed: the pool was closed. ENOMEM: there is no thread, and none can be started.</exception>
    public void SubmitContinuation<TState>(
        Action<TState, CancellationToken> work,
        Action<TState, IvWorkResult>? completion,
        TState state,
        CancellationToken cancellationToken = default) =>
        ThrowIfRefused(TrySubmitContinuation(work, completion, state, cancellationToken));

    /// <summary>As <see cref="SubmitContinuation"/>, and returns the error instead of throwing it. Any thread.</summary>
    /// <typeparam name="TState">The type of the state.</typeparam>
    /// <param name="work">Runs on a thread of the pool.</param>
    /// <param name="completion">Runs on the pool's loop.</param>
    /// <param name="state">Goes to both.</param>
    /// <param name="cancellationToken">Takes back work that has not begun.</param>
    /// <returns><see cref="IvError.None"/>; anything else means that neither will run.</returns>
    public IvError TrySubmitContinuation<TState>(
        Action<TState, CancellationToken> work,
        Action<TState, IvWorkResult>? completion,
        TState state,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Enqueue(WorkItem<TState>.Get(this, work, completion, state, cancellationToken), isBounded: false);
    }

    /// <summary>
    /// Has a value computed on a thread of the pool. After an await of the task a handler is on the pool's loop again, inside of the
    /// completion; never block on it there.
    /// </summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="work">Runs on a thread of the pool; not an async function, which would be over at its first await.</param>
    /// <param name="cancellationToken">Takes back work that has not begun: the task is cancelled.</param>
    /// <returns>The value, or what the work has thrown.</returns>
    /// <exception cref="IvException">As for <see cref="Submit"/>.</exception>
    public Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        CheckOpen(nameof(Run));
        var item = new WorkTask<T>(work);
        item.Prepare(this, cancellationToken);
        ThrowIfRefused(Enqueue(item, isBounded: true));
        return item.Task;
    }

    /// <summary>As <see cref="Run{T}"/>, without a value.</summary>
    /// <param name="work">Runs on a thread of the pool; not an async function.</param>
    /// <param name="cancellationToken">Takes back work that has not begun: the task is cancelled.</param>
    /// <returns>Ends with the work.</returns>
    /// <exception cref="IvException">As for <see cref="Submit"/>.</exception>
    public Task Run(Action work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Run(
            () =>
            {
                work();
                return true;
            },
            cancellationToken);
    }

    /// <summary>As <see cref="Submit"/> where there is a pool; without one, runs the work and its completion here, from a task of this thread's loop.</summary>
    /// <typeparam name="TState">The type of the state.</typeparam>
    /// <param name="pool">The pool; null runs it here.</param>
    /// <param name="work">Runs on a thread of the pool, or here.</param>
    /// <param name="completion">Runs on the pool's loop, or here.</param>
    /// <param name="state">Goes to both.</param>
    /// <param name="cancellationToken">Takes back work that has not begun.</param>
    /// <exception cref="IvException">As for <see cref="Submit"/>.</exception>
    public static void SubmitOrRun<TState>(
        IvWorkPool? pool,
        Action<TState, CancellationToken> work,
        Action<TState, IvWorkResult>? completion,
        TState state,
        CancellationToken cancellationToken = default)
    {
        if (pool is not null)
        {
            pool.Submit(work, completion, state, cancellationToken);
            return;
        }

        ArgumentNullException.ThrowIfNull(work);
        var task = new IvTask(static task => ((WorkItem)task.State!).RunHere()) { Name = "work without a pool" };
        task.Register();
        task.State = WorkItem<TState>.Get(pool: null, work, completion, state, cancellationToken);
    }

    /// <summary>Has a callback called when nothing that was submitted is unfinished, what is submitted until then included. Does not wait.</summary>
    /// <param name="callback">Runs on the pool's loop, after the last completion, and never inside of this call.</param>
    public void Drain(Action<IvWorkPool> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        AddDrain(new Drainer(callback, Task: null));
    }

    /// <summary>As <see cref="Drain"/>, as a task, which is completed on the pool's loop.</summary>
    /// <returns>Ends when nothing that was submitted is unfinished; is cancelled if the loop is disposed before.</returns>
    public Task DrainAsync()
    {
        var source = new TaskCompletionSource();
        AddDrain(new Drainer(Callback: null, source));
        return source.Task;
    }

    /// <summary>
    /// Takes no more work; what has been submitted is done, all completions run, and the threads end. Then the pool is unregistered
    /// and <see cref="HandlerClosed"/> called. Does not wait. Idempotent.
    /// </summary>
    public void Close()
    {
        _owner.CheckThread(this, nameof(Close));
        CloseQueue();
    }

    internal override string DumpKind => "pool";

    internal override string DumpDetails
    {
        get
        {
            lock (_gate)
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"threads={_all.Count} idle={_idle.Count} queued={_queue.Count} unfinished={_unfinished}{(_isClosed ? " closing" : string.Empty)}");
            }
        }
    }

    /// <summary>A completion has come home: its handler is the pool's, for dumps, reports and hooks.</summary>
    internal void Deliver(IvLoop loop, WorkItem item)
    {
        _delivered = item;
        loop.Invoke(DeliverOne, this);
    }

    private void CompleteOne()
    {
        WorkItem item = _delivered!;
        _delivered = null;
        try
        {
            item.Complete();
        }
        finally
        {
            Interlocked.Decrement(ref _unfinished);
            Settle();
        }
    }

    private void AddDrain(Drainer drainer)
    {
        _owner.CheckThread(this, nameof(Drain));
        if (IsDisposed)
        {
            RaiseDisposed(nameof(Drain));
        }

        _drains.Enqueue(drainer);
        Settle();
    }

    // Posted: nothing of the user's runs inside of Drain, Close or the end of a completion.
    private void Settle()
    {
        SettleDrains();
        if (UnfinishedWork == 0 && IsClosed)
        {
            _news.Post();
        }
    }

    private void SettleDrains()
    {
        if (UnfinishedWork == 0 && _drains.Count > 0 && !_isFired)
        {
            _isFired = _owner.Post(static pool => pool.FireDrains(), this);
        }
    }

    private void FireDrains()
    {
        _isFired = false;
        try
        {
            // As many as there are now: one that drains again has its turn later.
            for (int left = _drains.Count; left > 0 && UnfinishedWork == 0; left--)
            {
                Drainer drainer = _drains.Dequeue();
                drainer.Task?.TrySetResult();
                drainer.Callback?.Invoke(this);
            }
        }
        finally
        {
            Settle();
        }
    }

    private void CheckOpen(string member)
    {
        _owner.CheckThread(this, member);
        if (IsDisposed)
        {
            RaiseDisposed(member);
        }

        if (IsClosed)
        {
            IvFatal.Raise(
                FatalCondition.ClosedPool,
                $"{this}: {member} called after {(_owner.IsDisposed ? "its loop was disposed" : "Close")}. Close it after the last work, or make another pool.",
                this);
        }
    }

    private void ThrowIfRefused(IvError error)
    {
        if (error == IvError.None)
        {
            return;
        }

        throw error switch
        {
            IvError.ENOMEM => LibraryThread.Refused(this),
            IvError.ENOBUFS => new IvException(error, "submit", this, $"{Options.QueueLimit} wait already: slow down until a completion has run, or raise QueueLimit"),
            _ => new IvException(error, "submit", this, "The pool has been closed meanwhile"),
        };
    }

    private readonly record struct Drainer(Action<IvWorkPool>? Callback, TaskCompletionSource? Task);
}
