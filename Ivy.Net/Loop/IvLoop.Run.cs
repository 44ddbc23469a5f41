using System.Runtime.CompilerServices;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <content>
/// The turn. Order: expired timers, tasks, exit check, wait, posts, descriptors. What Break or an exception leaves of a
/// phase is kept in that phase's own list (_postBatch, _ready from _readyIndex on, the expired timers, the task round) and
/// runs first in the next Run: that is why nothing here is ever undone.
/// </content>
public sealed partial class IvLoop
{
    // A registration that has ended is reported in the batch at hand, and never after; twice in later waits is a ghost.
    private const int GhostWaits = 2;

    private readonly IvReady[] _ready;
    private readonly long _slowNanoseconds;
    private readonly bool _isTimed;
    private int _readyIndex;
    private int _readyCount;
    private PostNode? _postBatch;
    private IvObject? _running;
    private ExecutionContext? _context;

    // 1 after Quit. An int for the exchange: only the first Quit wakes the loop.
    private int _quit;
    private bool _break;
    private bool _isRunning;
    private bool _isWaiting;
    private bool _isEmbedded;
    private bool _isBatchOpen;
    private bool _hasGhost;
    private int _ghostWaits;
    private bool _ghostReported;
    private long _dispatched;
    private long _turns;
    private long _polls;
    private long _events;
    private long _postsRun;
    private long _wakeups;
    private long _stale;
    private long _rebuilds;
    private long _waitNanoseconds;

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
            return HasLeftovers || !Tasks.IsEmpty || _posts.HasPosts || Fds.HasAlwaysReady
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

    private bool IsQuitting => Volatile.Read(ref _quit) != 0;

    private bool HasLeftovers => _postBatch is not null || _readyIndex < _readyCount || Timers.HasExpired;

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

        if (_posts.IsAsleep)
        {
            Interlocked.Increment(ref _wakeups);
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

    /// <summary>Calls a handler: with its object known to dumps, timed if asked for, and the loop's ExecutionContext afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Invoke<T>(Action<T> handler, T subject)
        where T : IvObject
    {
        _running = subject;
        _dispatched++;
        if (_isTimed)
        {
            InvokeTimed(handler, subject);
        }
        else
        {
            handler(subject);
        }

        RestoreContext();
    }

    /// <summary>What was called turned out to have nothing to do, and shall not count for Once.</summary>
    internal void UncountDispatch() => _dispatched--;

    // By reference: no copy is made unless a handler has changed it (it set an AsyncLocal, say).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RestoreContext()
    {
        if (ExecutionContext.Capture() != _context)
        {
            RestoreChangedContext();
        }
    }

    private void RestoreChangedContext()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            ExecutionContext.RestoreFlow();
        }

        ExecutionContext.Restore(_context!);
    }

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
        _posts.WakeUp();
        long before = _dispatched;
        bool returned = false;
        try
        {
            if (_options.UnhandledException is { } hook)
            {
                TurnsWithHook(mode, limit, until, before, hook);
            }
            else
            {
                TurnMany(mode, limit, until, before);
            }

            FlushChanges();
            returned = true;
        }
        finally
        {
            // A quit that an exception overtook is still to come.
            if (returned)
            {
                Volatile.Write(ref _quit, 0);
            }

            _break = false;
            _isRunning = false;
            _isWaiting = false;
            _isNowValid = false;
            _running = null;
            _posts.TrySleep();
            RestoreContext();
            _context = null;
            if (suppressed)
            {
                ExecutionContext.SuppressFlow();
            }
        }

        return Active > 0 || _posts.HasPosts || HasLeftovers;
    }

    private void CheckRunnable()
    {
        CheckUsable(nameof(Run));
        if (_isRunning)
        {
            IvFatal.Raise(FatalCondition.NestedRun, $"{this}: Run called by one of its own handlers. Return to the loop instead; RunUntil and Once are for outside of handlers.", this);
        }
    }

    // What a throwing handler leaves behind runs in the next round of this: the same way as in the next Run.
    private void TurnsWithHook(IvRunMode mode, IvTimestamp limit, Func<bool>? until, long before, Action<IvUnhandledException> hook)
    {
        while (true)
        {
            try
            {
                TurnMany(mode, limit, until, before);
                return;
            }
            catch (Exception exception) when (exception is not IvFatalException { Info.Reason: IvFatalReason.Internal })
            {
                RestoreContext();
                hook(new IvUnhandledException(this, Visible(_running), exception));
                RestoreContext();
                if (_break)
                {
                    return;
                }
            }
        }
    }

    // Before: the count of handlers when Run began; Once waits only if none has run since.
    private void TurnMany(IvRunMode mode, IvTimestamp limit, Func<bool>? until, long before)
    {
        if (!DispatchBatch())
        {
            return;
        }

        while (true)
        {
            _turns++;
            if (!Timers.RunDue() || !Tasks.RunRound())
            {
                return;
            }

            if (IsQuitting || !IsAlive(mode) || (until is not null && until()))
            {
                return;
            }

            bool mayWait = mode switch
            {
                IvRunMode.NonBlocking => false,
                IvRunMode.Once => _dispatched == before,
                _ => true,
            };
            Wait(mayWait ? WaitDeadline(limit) : IvTimestamp.MinValue);
            if (!DispatchBatch() || !Fds.DispatchAlwaysReady())
            {
                return;
            }

            if (mode == IvRunMode.NonBlocking)
            {
                return;
            }

            if (mode == IvRunMode.Once || (limit != IvTimestamp.MaxValue && _poller.Now >= limit))
            {
                // What expired during the wait runs before Run returns.
                _isNowValid = false;
                _ = Timers.RunDue() && Tasks.RunRound();
                return;
            }
        }
    }

    // NonBlocking looks at the descriptors whatever keeps the loop alive: it can't hang, and a loop inside another one must.
    private bool IsAlive(IvRunMode mode) => Active > 0 || mode is IvRunMode.KeepAlive or IvRunMode.NonBlocking || _posts.HasPosts || HasLeftovers;

    private IvTimestamp WaitDeadline(IvTimestamp limit)
    {
        if (!Tasks.IsEmpty || Fds.HasAlwaysReady)
        {
            return IvTimestamp.MinValue;
        }

        long deadline = Timers.NextDeadline();
        return deadline < limit.Nanoseconds ? new IvTimestamp(deadline) : limit;
    }

    private void Wait(IvTimestamp deadline)
    {
        ReadOnlySpan<IvChange> changes = Fds.TakeChanges();
        if (deadline != IvTimestamp.MinValue && (!_posts.TrySleep() || IsQuitting))
        {
            deadline = IvTimestamp.MinValue;
        }

        _polls++;
        _running = null;
        _isWaiting = true;
        _isNowValid = false;

        // By the coarse clock: over many waits its error averages out, and the exact one is read only for timers.
        bool mayBlock = deadline != IvTimestamp.MinValue;
        long before = mayBlock ? _poller.CoarseNow : 0;
        int count = _poller.Wait(changes, deadline, _ready);
        _waitNanoseconds += mayBlock ? _poller.CoarseNow - before : 0;
        _isWaiting = false;
        if ((uint)count > (uint)_ready.Length)
        {
            IvFatal.Raise(FatalCondition.PollerBroken, $"{this}: the poller {_poller.Name} reported {count} ready descriptors in a batch of {_ready.Length}. Wait must return how many entries it filled; see IvPoller(3).", this);
        }

        _readyIndex = 0;
        _readyCount = count;
        _isBatchOpen = true;
        _postBatch = _posts.Take();
    }

    // Posts, then ready descriptors; false if Break ended it early.
    private bool DispatchBatch()
    {
        while (_postBatch is { } node)
        {
            _postBatch = node.Next;
            _postsRun++;
            RunPost(node);
            if (_break)
            {
                return false;
            }
        }

        while (_readyIndex < _readyCount)
        {
            IvReady ready = _ready[_readyIndex++];
            _events++;
            if (Fds.Find(ready.Token, out bool ghost) is { } fd)
            {
                if (ready.Error == IvError.None)
                {
                    fd.Dispatch(this, ready.Bands);
                }
                else
                {
                    fd.DispatchRefused(this, ready.Error);
                }

                if (_break)
                {
                    return false;
                }
            }
            else
            {
                _stale++;
                _hasGhost |= ghost;
            }
        }

        if (_hasGhost)
        {
            ExpelGhosts();
        }
        else if (_isBatchOpen && _readyCount < _ready.Length)
        {
            // All that was ready has been seen, and no ghost among it.
            _ghostWaits = 0;
        }

        // A Run begins with what the last one left, mostly nothing: that is no new look.
        _isBatchOpen = false;
        return true;
    }

    private void RunPost(PostNode node)
    {
        _running = null;
        _dispatched++;
        if (_isTimed && node.Callback is { } callback)
        {
            IvTimestamp before = _poller.Now;
            node.Run(this);
            ReportIfSlow(before, subject: null, callback);
        }
        else
        {
            node.Run(this);
        }

        RestoreContext();
    }

    // A closed descriptor whose duplicate is open goes on being reported, and can't be taken out by its number any more.
    private void ExpelGhosts()
    {
        _hasGhost = false;
        if (++_ghostWaits < GhostWaits)
        {
            return;
        }

        _ghostWaits = 0;
        if (!Fds.TryRebuild())
        {
            return;
        }

        _rebuilds++;
        if (!_ghostReported)
        {
            _ghostReported = true;
            Warn($"{this}: a descriptor was closed while it was registered, and a duplicate of it is still open: the kernel went on reporting it, so the poll set has been rebuilt. Unregister a descriptor before closing it; see IvFd(3). Later ones are only counted (Counters.Rebuilds).");
        }
    }

    // For a loop inside another one: the kernel must know all interests before the other one waits.
    private void FlushChanges()
    {
        if (_isEmbedded && !_isWaiting && Fds.HasChanges)
        {
            _poller.Wait(Fds.TakeChanges(), IvTimestamp.MinValue, []);
        }
    }

    private void Warn(string message)
    {
        if (_options.Warning is { } warning)
        {
            warning(message);
        }
        else
        {
            Console.Error.WriteLine(message);
        }
    }

    private void InvokeTimed<T>(Action<T> handler, T subject)
        where T : IvObject
    {
        IvTimestamp before = _poller.Now;
        handler(subject);
        if (Visible(subject) is { } visible)
        {
            ReportIfSlow(before, visible, handler);
        }
    }

    // What the library registers for an object of the user's stands for that object; null if it stands for none.
    private static IvObject? Visible(IvObject? item) => item is { IsInternal: true } ? item.State as IvObject : item;

    private void ReportIfSlow(IvTimestamp before, IvObject? subject, Delegate callback)
    {
        long ran = _poller.Now.Nanoseconds - before.Nanoseconds;
        if (ran < _slowNanoseconds)
        {
            return;
        }

        string name = subject?.Name ?? $"{callback.Method.DeclaringType?.Name}.{callback.Method.Name}";
        var report = new IvSlowCallback(this, subject, name, new TimeSpan(ran / 100));
        if (_options.SlowCallbackReport is { } hook)
        {
            hook(report);
        }
        else
        {
            Console.Error.WriteLine(report);
        }
    }
}
