namespace Ivy.Net;

/// <summary>"Idle for 30 s", by the million: a one-shot timeout of a fixed duration that is restarted all the time, in O(1).</summary>
/// <remarks>
/// <para>All timeouts of one duration share one queue and one timer of the loop; <see cref="Start"/>, restarting and
/// <see cref="Stop"/> relink the object and nothing else. Use few distinct durations. Timeouts of one duration run in the
/// order in which they were (re)started, never early; against other timers the order of equal deadlines is unspecified.</para>
/// <para>All members are for the loop's thread while the timeout is registered; none allocates, except the first of a new
/// duration. Follows libevent's common timeouts; see IvTimeout(3).</para>
/// </remarks>
public sealed class IvTimeout : IvObject
{
    private TimeSpan _duration;

    /// <summary>Makes a timeout; nothing runs before <see cref="Start"/>.</summary>
    /// <param name="duration">How long after <see cref="Start"/> it runs; more than zero.</param>
    /// <param name="handler">Runs on the loop's thread; the timeout is unregistered by then, and may be started again.</param>
    public IvTimeout(TimeSpan duration, Action<IvTimeout> handler)
        : base(ObjectKind.Timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(handler);
        _duration = duration;
        Handler = handler;
    }

    /// <summary>What runs; may be replaced at any time.</summary>
    public Action<IvTimeout> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(Handler));
            field = value;
        }
    }

    /// <summary>How long after <see cref="Start"/> the timeout runs. Changing it while registered is a misuse (IVF0023).</summary>
    public TimeSpan Duration
    {
        get => _duration;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            if (CheckedLoop(nameof(Duration)) is not null)
            {
                IvFatal.Raise(
                    FatalCondition.ImmutableWhileRegistered,
                    $"{this}: Duration set while it is running. Stop it first, then set Duration and Start it again.",
                    this);
            }

            _duration = value;
        }
    }

    /// <summary>When the timeout runs; of no meaning while it is not registered.</summary>
    public IvTimestamp Expires => new(Deadline);

    internal TimeoutQueue? Queue { get; set; }

    internal IvTimeout? Next { get; set; }

    internal IvTimeout? Previous { get; set; }

    internal long Deadline { get; set; }

    /// <summary>Starts the timeout on this thread's loop, or starts it anew if it is running: it runs <see cref="Duration"/> after <see cref="IvLoop.Now"/>.</summary>
    public void Start()
    {
        if (CheckedLoop(nameof(Start)) is { } bound)
        {
            Queue!.Restart(this, bound.Now);
            return;
        }

        IvLoop loop = LoopForRegister(nameof(Start));
        loop.Timeouts.For(IvTimestamp.ToNanoseconds(_duration)).Add(this, loop.Now);
        Bind(loop);
    }

    /// <summary>Stops the timeout if it is running; nothing happens if it is not.</summary>
    public void Stop()
    {
        if (CheckedLoop(nameof(Stop)) is not null)
        {
            EndRegistration();
        }
    }

    internal override void EndRegistration()
    {
        Queue!.Remove(this);
        Unbind();
    }

    internal void Fire(IvLoop loop)
    {
        EndRegistration();
        loop.Invoke(Handler, this);
    }
}
