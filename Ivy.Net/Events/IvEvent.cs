namespace Ivy.Net;

/// <summary>A call into a loop from any thread of the process: many posts before the handler runs are one call.</summary>
/// <remarks>
/// <para>The handler runs at least once after the last <see cref="Post"/>, on the loop's thread, in the order of the posts
/// among all events and posted callbacks of the loop. A post in the event's own handler runs in a later turn. Posting costs no
/// system call while the loop is awake, and one for the whole batch while it sleeps.</para>
/// <para><see cref="Post"/> is for any thread, but not for other processes and native signal handlers: <see cref="IvEventRaw"/>
/// is. Everything else is for the loop's thread; only <see cref="Register"/> allocates. Follows iv_event(3); see IvEvent(3).</para>
/// </remarks>
public sealed class IvEvent : IvObject
{
    private volatile EventNode? _node;

    /// <summary>Makes an event; posts are refused before <see cref="Register"/>.</summary>
    /// <param name="handler">Runs on the loop's thread.</param>
    public IvEvent(Action<IvEvent> handler)
        : base(ObjectKind.Event)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Handler = handler;
    }

    /// <summary>What runs; may be replaced at any time.</summary>
    public Action<IvEvent> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(Handler));
            field = value;
        }
    }

    internal EventNode? Node => _node;

    // The loop's events, linked so that they can be listed and unregistered with it.
    internal IvEvent? NextOfLoop { get; set; }

    internal IvEvent? PreviousOfLoop { get; set; }

    /// <summary>Binds the event to this thread's loop. One that is registered already is a misuse (IVF0020).</summary>
    public void Register()
    {
        IvLoop loop = LoopForRegister();
        Bind(loop);
        loop.AddEvent(this);

        // Of this registration only: a node of an earlier one may still be in a queue, of another loop even.
        _node = new EventNode(this, loop);
    }

    /// <summary>Frees the event; a post that has not run is dropped. Any handler of the loop may do it. One that is not registered is a misuse (IVF0021).</summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>Has the handler run on the loop's thread; any thread. Everything written before is visible to the handler.</summary>
    /// <returns>False if the event is not registered or its loop has been disposed.</returns>
    public bool Post() => _node?.Post() ?? false;

    internal override void EndRegistration()
    {
        // A post that waits finds that its node is not this event's any more, and is dropped.
        _node = null;
        Loop!.RemoveEvent(this);
        Unbind();
    }
}
