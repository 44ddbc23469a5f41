namespace Ivy.Net;

/// <content>Running, and ending it; sitting inside another loop.</content>
public sealed partial class IvLoop
{
    // 1 after Quit. An int for the exchange: only the first Quit wakes the loop.
    private int _quit;
    private bool _break;
    private bool _isRunning;
    private bool _wasThrownOut;
    private bool _isEmbedded;
    private bool _hasRefusals;
    private bool _hasReported;

    /// <summary>
    /// When the loop has something to do by the clock: <see cref="IvTimestamp.MinValue"/> if now, <see cref="IvTimestamp.MaxValue"/>
    /// if never. With <see cref="BackendHandle"/> it lets the loop sit inside another one: wait for the descriptor at most until
    /// then, and call <c>Run(IvRunMode.NonBlocking)</c>. Ask it just before waiting: it hands pending changes of interest over.
    /// </summary>
    public IvTimestamp NextDeadline
    {
        get
        {
            CheckUsable(nameof(NextDeadline));
            FlushChanges();
            return HasLeftovers || _hasRefusals || !Tasks.IsEmpty || Posts.HasReady || Fds.AlwaysReady.IsReady
                ? IvTimestamp.MinValue
                : new IvTimestamp(Timers.NextDeadline());
        }
    }

    /// <summary>A descriptor that is readable when the loop has something to do, see <see cref="NextDeadline"/>; -1 if the backend has none.</summary>
    public nint BackendHandle
    {
        get
        {
            CheckUsable(nameof(BackendHandle));
            _isEmbedded = true;
            FlushChanges();
            return _poller.BackendHandle;
        }
    }

    /// <summary>After <see cref="Break"/>: whatever calls handlers must return.</summary>
    internal bool IsBroken => _break;

    /// <summary>How many Runs have been told to quit: who runs the loop for a purpose of its own gives that back.</summary>
    internal long QuitsTaken { get; private set; }

    private bool IsQuitting => Volatile.Read(ref _quit) != 0;

    private bool HasLeftovers => Posts.BatchCount > 0 || _readyIndex < _readyCount || Fds.HasRefused || Timers.HasExpired || _completions is { HasReady: true };

    /// <summary>Runs handlers until <see cref="Quit"/>, <see cref="Break"/>, or nothing is left that keeps the loop alive.</summary>
    /// <returns>Whether something is left that keeps the loop alive.</returns>
    public bool Run() => Run(IvRunMode.Default, IvTimestamp.MaxValue, until: null);

    /// <summary>Runs handlers as the mode says.</summary>
    /// <param name="mode">How long.</param>
    /// <returns>Whether something is left that keeps the loop alive.</returns>
    public bool Run(IvRunMode mode)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)mode, (uint)IvRunMode.KeepAlive, nameof(mode));
        return Run(mode, IvTimestamp.MaxValue, until: null);
    }

    /// <summary>Runs handlers for a time, whatever is registered.</summary>
    /// <param name="duration">How long; zero makes one turn that does not wait.</param>
    /// <returns>Whether something is left that keeps the loop alive.</returns>
    public bool Run(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        CheckUsable(nameof(Run));
        return Run(IvRunMode.KeepAlive, _poller.Now + duration, until: null);
    }

    /// <summary>Runs handlers until a condition holds; it is asked before the first turn and before each wait.</summary>
    /// <param name="condition">Asked on the loop's thread.</param>
    /// <param name="timeout">Gives up after this time; null never.</param>
    /// <returns>Whether the condition holds. It may not, after a timeout, Quit or Break, or when nothing is left that keeps the loop alive.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout ?? TimeSpan.Zero, TimeSpan.Zero, nameof(timeout));
        CheckRunnable();
        if (condition())
        {
            return true;
        }

        Run(IvRunMode.Default, timeout is { } limit ? _poller.Now + limit : IvTimestamp.MaxValue, condition);
        return condition();
    }

    /// <summary>
    /// Makes Run return: after the batch at hand, then what timers have expired, then the tasks. Any thread. A latch: before
    /// Run it makes the next Run return after its timers and tasks; cleared when Run returns. Nothing happens on a disposed loop.
    /// </summary>
    public void Quit()
    {
        // A full fence: either the loop, about to sleep, sees the flag, or this sees that it sleeps.
        if (Interlocked.Exchange(ref _quit, 1) != 0 || IsOnThread || _isDisposed)
        {
            return;
        }

        if (Posts.IsAsleep)
        {
            Interlocked.Increment(ref _posting.Wakeups);
            _poller.Wake();
        }

        _poller.OnPosted();
    }

    /// <summary>Makes Run return right after the handler that calls it; the rest of the batch runs first in the next Run. In handlers only (IVF0007).</summary>
    public void Break()
    {
        CheckLoopThread(nameof(Break));
        if (!_isRunning)
        {
            IvFatal.Raise(FatalCondition.BreakOutsideRun, $"{this}: Break called while the loop is not running. Break is for handlers; Quit makes the next Run return at once.", this);
        }

        _break = true;
    }

    /// <summary>Runs handlers until a condition holds, whatever is registered; it is asked before each wait.</summary>
    internal void RunUntil(Func<bool> condition, IvTimestamp limit) => Run(IvRunMode.KeepAlive, limit, condition);

    /// <summary>Waits until there is something to run, and leaves it to the next Run. False at the limit.</summary>
    internal bool WaitUntilReady(IvTimestamp limit, string member)
    {
        CheckRunnable(member);
        _isRunning = true;
        Posts.WakeUp();
        try
        {
            while (!HasWork)
            {
                long deadline = Timers.NextDeadline();
                IvTimestamp now = _poller.Now;
                if (deadline <= now.Nanoseconds)
                {
                    return true;
                }

                Wait(deadline < limit.Nanoseconds ? new IvTimestamp(deadline) : limit);
                if (!HasWork && limit != IvTimestamp.MaxValue && _poller.Now >= limit)
                {
                    return Timers.NextDeadline() <= _poller.Now.Nanoseconds;
                }
            }

            return true;
        }
        finally
        {
            _isRunning = false;
            _isWaiting = false;
            _isNowValid = false;
            Posts.TrySleep();
        }
    }

    private bool HasWork => HasLeftovers || !Tasks.IsEmpty || Posts.HasReady || IsQuitting || Fds.AlwaysReady.IsReady;

    private bool Run(IvRunMode mode, IvTimestamp limit, Func<bool>? until)
    {
        CheckRunnable();
        bool suppressed = ExecutionContext.IsFlowSuppressed();
        if (suppressed)
        {
            ExecutionContext.RestoreFlow();
        }

        _context = ExecutionContext.Capture();
        _isRunning = true;
        _isNowValid = false;
        Posts.WakeUp();
        long before = Dispatched;
        bool returned = false;
        try
        {
            TurnMany(mode, limit, until, before);
            FlushChanges();
            returned = true;
        }
        finally
        {
            // A quit that an exception overtook is still to come.
            _wasThrownOut = !returned;
            if (returned && Interlocked.Exchange(ref _quit, 0) != 0)
            {
                QuitsTaken++;
            }

            _break = false;
            _isRunning = false;
            _isWaiting = false;
            _isNowValid = false;
            _running = null;
            Posts.TrySleep();
            RestoreContext();
            _context = null;
            if (suppressed)
            {
                ExecutionContext.SuppressFlow();
            }
        }

        return Active > 0 || Posts.HasPosts || HasLeftovers;
    }

    /// <summary>The misuse of running a loop by one of its own handlers.</summary>
    internal void CheckRunnable(string member = nameof(Run))
    {
        CheckUsable(member);
        if (_isRunning)
        {
            IvFatal.Raise(FatalCondition.NestedRun, $"{this}: {member} called by one of its own handlers. Return to the loop instead; RunUntil and Once are for outside of handlers.", this);
        }
    }

    // For a loop inside another one: the kernel must know all interests before the other one waits; and a poller whose
    // reports disarm a descriptor arms it anew. What an engine that completes has been asked for is told there, too.
    private void FlushChanges()
    {
        if (_isEmbedded && !_isWaiting && (Fds.HasChanges || _hasReported || _completions is not null))
        {
            _hasReported = false;
            _hasRefusals = _poller.Wait(Fds.TakeChanges(), IvTimestamp.MinValue, []) > 0;
        }
    }

    /// <summary>Tells the user of what works but should not be so.</summary>
    internal void Warn(string message)
    {
        if (_options.Warning is { } warning)
        {
            warning(message);
        }
        else
        {
            StandardError.TryWriteLine(message);
        }
    }
}
