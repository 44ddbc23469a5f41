namespace Ivy.Net;

/// <summary>Something to run once on this loop before it next sleeps.</summary>
/// <remarks>
/// <para>Tasks run in the order of registration. A task is unregistered before its handler runs, which may register it
/// again. Registered by a task, it runs in the round at hand unless it has run in this round already; then it runs in the
/// next one, after the descriptors have been looked at: a task that registers itself for ever starves nobody.</para>
/// <para>All members are for the loop's thread; no member allocates. Follows iv_task(3); see IvTask(3).</para>
/// </remarks>
public sealed class IvTask : IvObject
{
    /// <summary>Makes a task; nothing runs before <see cref="Register"/>.</summary>
    /// <param name="handler">Runs on the loop's thread.</param>
    public IvTask(Action<IvTask> handler)
        : base(ObjectKind.Task)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Handler = handler;
    }

    /// <summary>What runs; may be replaced at any time.</summary>
    public Action<IvTask> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(Handler));
            field = value;
        }
    }

    // The list that the task is queued in, its neighbours there, and the round in which it ran last.
    internal TaskList? List { get; set; }

    internal IvTask? Next { get; set; }

    internal IvTask? Previous { get; set; }

    internal ulong LastRound { get; set; }

    /// <summary>Queues the task on this thread's loop. A task that is queued already is a misuse (IVF0020).</summary>
    public void Register()
    {
        IvLoop loop = LoopForRegister();
        Bind(loop);
        loop.Tasks.Add(this);
    }

    /// <summary>Takes the task back before it has run; a task that is not queued is a misuse (IVF0021). Any handler may do it.</summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    internal override void EndRegistration()
    {
        List!.Remove(this);
        Unbind();
    }
}
