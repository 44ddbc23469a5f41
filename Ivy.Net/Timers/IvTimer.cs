namespace Ivy.Net;

/// <summary>Runs its handler at a time on the loop's monotonic clock, once or periodically.</summary>
/// <remarks>
/// <para>Deadlines are nanoseconds; a timer never fires before its deadline, and timers fire in the order of their deadlines,
/// equal ones in the order of registration. A one-shot timer is unregistered before its handler runs, a periodic one stays
/// registered. A timer whose deadline has passed when it is registered runs in the next turn, after the tasks and a look at
/// the descriptors: timers starve nobody.</para>
/// <para>All members are for the loop's thread while the timer is registered; none allocates. Adding and removing cost
/// O(1) for what is not due soon, else O(log n); moving the deadline of a running timer later costs O(1). Follows iv_timer(3); see IvTimer(3).</para>
/// </remarks>
public sealed class IvTimer : IvObject
{
    // In the order of how hot they are: with very many timers each cache line counts.
    private long _deadline;
    private ulong _floor;
    private long _order;
    private long _period;
    private long _overruns;

    /// <summary>Makes a timer; nothing runs before <see cref="Start(TimeSpan)"/> or <see cref="Register"/>.</summary>
    /// <param name="handler">Runs on the loop's thread.</param>
    public IvTimer(Action<IvTimer> handler)
        : base(ObjectKind.Timer)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Handler = handler;
    }

    /// <summary>What runs; may be replaced at any time.</summary>
    public Action<IvTimer> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(Handler));
            field = value;
        }
    }

    /// <summary>
    /// When the timer fires (next): set it and call <see cref="Register"/>, the ivykis form. A registered timer is moved by
    /// <see cref="Start(TimeSpan)"/> or <see cref="StartAt(IvTimestamp)"/>; setting this then is a misuse (IVF0023).
    /// </summary>
    public IvTimestamp Expires
    {
        get => new(_deadline);
        set
        {
            if (CheckedLoop(nameof(Expires)) is not null)
            {
                IvFatal.Raise(
                    FatalCondition.ImmutableWhileRegistered,
                    $"{this}: Expires set while it is registered. Use StartAt, which moves a running timer, or unregister it first.",
                    this);
            }

            _deadline = value.Nanoseconds;
        }
    }

    /// <summary>The span between two calls, zero for a one-shot timer. Set by Start; may be changed at any time, and counts from the next call on.</summary>
    public TimeSpan Period
    {
        get => new(_period / 100);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            CheckedLoop(nameof(Period));
            _period = IvTimestamp.ToNanoseconds(value);
        }
    }

    /// <summary>
    /// How many calls of a periodic timer were left out since it was started, because the loop was busy when they were due.
    /// The deadlines keep their rhythm, as with timer_getoverrun(2).
    /// </summary>
    public long Overruns => _overruns;

    // Places: an entry in a bucket from 0 on, one in the heap from -1 downwards, an expired one from the lowest number upwards.
    private const int FirstExpired = int.MinValue;

    internal long Deadline => _deadline;

    internal ulong Key => TimerEntry.ToKey(_deadline);

    // The earliest key that the timer can be moved to and stay where it is, while it is armed; no key is after that of an expired one.
    internal ulong Floor
    {
        get => _floor;
        set => _floor = value;
    }

    // The number of the registration, by which equal deadlines are ordered.
    internal long Order => _order;

    // Where the timer is, while it is registered: in a bucket, in the heap, or on the list of expired ones.
    internal int Place
    {
        get => _place;
        set => _place = value;
    }

    internal int HeapIndex => ~Place;

    internal bool IsExpired => Place < FirstExpired / 2;

    internal int ExpiredIndex
    {
        get => Place - FirstExpired;
        set => Place = FirstExpired + value;
    }

    internal static int HeapPlace(int index) => ~index;

    /// <summary>Arms the timer for <see cref="Expires"/> on this thread's loop. A timer that is registered already is a misuse (IVF0020).</summary>
    public void Register()
    {
        IvLoop loop = LoopForRegister();
        _overruns = 0;
        _order = loop.Timers.NextOrder();
        loop.Timers.Add(this);
        Bind(loop);
    }

    /// <summary>Disarms the timer, also one that has expired but has not run yet. One that is not registered is a misuse (IVF0021).</summary>
    public void Unregister()
    {
        EndRegistration(LoopForUnregister());
    }

    /// <summary>Arms the timer for once, from <see cref="IvLoop.Now"/>; moves it if it is running.</summary>
    /// <param name="due">How long from now; zero fires in the next turn.</param>
    public void Start(TimeSpan due) => Start(due, TimeSpan.Zero);

    /// <summary>Arms the timer periodically, from <see cref="IvLoop.Now"/>; moves it if it is running.</summary>
    /// <param name="due">How long from now to the first call; zero fires in the next turn.</param>
    /// <param name="period">
    /// How long from deadline to deadline. A loop that was busy for several periods makes one call and counts the rest in
    /// <see cref="Overruns"/>: there is no burst. Zero for once only.
    /// </param>
    public void Start(TimeSpan due, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(due, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.Zero);
        IvLoop? bound = CheckedLoop(nameof(Start));
        IvLoop loop = bound ?? LoopForRegister(nameof(Start));
        Arm(loop, loop.Now + due, IvTimestamp.ToNanoseconds(period), bound is not null);
    }

    /// <summary>Arms the timer for once at a time; moves it if it is running.</summary>
    /// <param name="expires">When; a time that has passed fires in the next turn.</param>
    public void StartAt(IvTimestamp expires)
    {
        IvLoop? bound = CheckedLoop(nameof(Start));
        Arm(bound ?? LoopForRegister(nameof(Start)), expires, 0, bound is not null);
    }

    /// <summary>Arms the timer at a time, and periodically from then; moves it if it is running.</summary>
    /// <param name="expires">When first; a time that has passed fires in the next turn.</param>
    /// <param name="period">How long from deadline to deadline, zero for once only.</param>
    public void StartAt(IvTimestamp expires, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.Zero);
        IvLoop? bound = CheckedLoop(nameof(Start));
        Arm(bound ?? LoopForRegister(nameof(Start)), expires, IvTimestamp.ToNanoseconds(period), bound is not null);
    }

    /// <summary>Disarms the timer if it is running; nothing happens if it is not.</summary>
    public void Stop()
    {
        if (CheckedLoop(nameof(Stop)) is { } loop)
        {
            EndRegistration(loop);
        }
    }

    internal override void EndRegistration() => EndRegistration(Loop!);

    /// <summary>Called for an expired timer that has left the heap: re-arms a periodic one, unbinds a one-shot one, and runs the handler.</summary>
    internal void Fire(IvLoop loop, long now)
    {
        if (_period > 0)
        {
            ArmNextPeriod(loop, now);
        }
        else
        {
            Unbind(loop, ObjectKind.Timer);
        }

        loop.Invoke(Handler, this);
    }

    private void EndRegistration(IvLoop loop)
    {
        loop.Timers.Remove(this);
        Unbind(loop, ObjectKind.Timer);
    }

    // The next deadline of the rhythm that lies after now; those in between are counted, not called.
    private void ArmNextPeriod(IvLoop loop, long now)
    {
        // The span may exceed a long for a deadline far in the past: unsigned, it does not.
        ulong late = unchecked((ulong)now - (ulong)_deadline);
        ulong missed = late / (ulong)_period;
        _overruns = (long)Math.Min((ulong)_overruns + missed, long.MaxValue);
        Int128 next = _deadline + (((Int128)missed + 1) * _period);
        _deadline = next > long.MaxValue ? long.MaxValue : (long)next;
        _order = loop.Timers.NextOrder();
        loop.Timers.Add(this);
    }

    // Pushing a deadline later, as an idle timeout does with every message, ends with the third comparison.
    private void Arm(IvLoop loop, IvTimestamp expires, long period, bool isRegistered)
    {
        _deadline = expires.Nanoseconds;
        _order = loop.Timers.NextOrder();
        _period = period;
        _overruns = 0;
        if (!isRegistered)
        {
            loop.Timers.Add(this);
            Bind(loop);
        }
        else if (Key <= _floor)
        {
            loop.Timers.MoveEarlier(this);
        }
    }
}
