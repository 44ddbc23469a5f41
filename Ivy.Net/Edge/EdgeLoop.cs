using System.Runtime.InteropServices;
using Ivy.Net.Polling;

namespace Ivy.Net.Edge;

/// <summary>What an <see cref="EdgeLoop{TState, TCallbacks}"/> is to its callbacks, which do not know themselves.</summary>
/// <typeparam name="TState">What the program keeps for each descriptor and timer.</typeparam>
public abstract class EdgeLoop<TState> : IDisposable
{
    private readonly Func<bool> _hasHandled;
    private readonly bool _ownsLoop;
    private bool _isDisposed;
    private long _handled;

    // While Review runs: what had been handled before it, and with which event it ends.
    private long _handledBefore;
    private long _lastEvent = long.MaxValue;

    private protected EdgeLoop(EdgeLoopOptions options)
    {
        IvLoop? loop = options.Loop is null ? IvLoop.Current : null;
        _ownsLoop = loop is null;
        IvLoop = loop ?? new IvLoop(options.Loop ?? new IvLoopOptions { BatchSize = options.MaxEvents });
        Trigger = options.Trigger;
        MaxEvents = options.MaxEvents;
        Tick = options.Tick;
        HasEdges = Trigger == EdgeTrigger.Edge && IvLoop.Poller.HasEdges;
        _hasHandled = () => _handled != _handledBefore || _isDisposed;
    }

    /// <summary>The loop that it lives on: the thread's, or one of its own, which it disposes.</summary>
    public IvLoop IvLoop { get; }

    /// <summary>When a callback that has been called is called again.</summary>
    public EdgeTrigger Trigger { get; }

    /// <summary>How many events one Review handles at most.</summary>
    public int MaxEvents { get; }

    /// <summary>How long a Review or WaitReady without a time waits at most.</summary>
    public TimeSpan Tick { get; }

    /// <summary>Whether it can be used: neither it nor the loop below has been disposed. Any thread may ask.</summary>
    public bool IsActive => !_isDisposed && !IvLoop.IsDisposed;

    // The kernel itself tells edges; otherwise a band that has been told is left out of the interest until it is drained.
    internal bool HasEdges { get; }

    /// <summary>Watches a socket, or, if it is watched here already, adds to what is armed and replaces its state.</summary>
    /// <param name="socket">A socket of the loop's network; stays the caller's.</param>
    /// <param name="bands"><see cref="IvBands.In"/>, <see cref="IvBands.Out"/> or both.</param>
    /// <param name="state">What the program keeps for it.</param>
    /// <returns>The descriptor as the callbacks get it.</returns>
    /// <exception cref="IvException">As for <see cref="IvFd.Register"/>.</exception>
    public EdgeFd<TState> Arm(IvSocket socket, IvBands bands, TState state) =>
        ThrowIfRefused(TryArm(socket, bands, state, out EdgeFd<TState>? fd), fd, socket);

    /// <summary>Watches a descriptor that is known by its number, or adds to what is armed; see <see cref="Arm(IvSocket, IvBands, TState)"/>.</summary>
    /// <param name="handle">The number; stays the caller's.</param>
    /// <param name="bands"><see cref="IvBands.In"/>, <see cref="IvBands.Out"/> or both.</param>
    /// <param name="state">What the program keeps for it.</param>
    /// <returns>The descriptor as the callbacks get it.</returns>
    /// <exception cref="IvException">As for <see cref="IvFd.Register"/>.</exception>
    public EdgeFd<TState> Arm(nint handle, IvBands bands, TState state) =>
        ThrowIfRefused(TryArm(handle, bands, state, out EdgeFd<TState>? fd), fd, $"descriptor {handle}");

    /// <summary>Watches the descriptor of a handle, or adds to what is armed; see <see cref="Arm(IvSocket, IvBands, TState)"/>.</summary>
    /// <param name="handle">An open handle; stays the caller's.</param>
    /// <param name="bands"><see cref="IvBands.In"/>, <see cref="IvBands.Out"/> or both.</param>
    /// <param name="state">What the program keeps for it.</param>
    /// <returns>The descriptor as the callbacks get it.</returns>
    /// <exception cref="IvException">As for <see cref="IvFd.Register"/>.</exception>
    public EdgeFd<TState> Arm(SafeHandle handle, IvBands bands, TState state) =>
        ThrowIfRefused(TryArm(handle, bands, state, out EdgeFd<TState>? fd), fd, handle);

    /// <summary>As <see cref="Arm(IvSocket, IvBands, TState)"/>, and returns the error instead of throwing it.</summary>
    /// <param name="socket">A socket of the loop's network.</param>
    /// <param name="bands">What to arm.</param>
    /// <param name="state">What the program keeps for it.</param>
    /// <param name="fd">The descriptor; null on an error.</param>
    /// <returns><see cref="IvError.None"/> if it is armed.</returns>
    public IvError TryArm(IvSocket socket, IvBands bands, TState state, out EdgeFd<TState>? fd)
    {
        ArgumentNullException.ThrowIfNull(socket);
        CheckUsable(this, nameof(Arm));
        return TryArm(Find(socket), bands, state, out fd) ?? TryArmNew(new IvFd(socket), bands, state, out fd);
    }

    /// <summary>As <see cref="Arm(nint, IvBands, TState)"/>, and returns the error instead of throwing it.</summary>
    /// <param name="handle">The number.</param>
    /// <param name="bands">What to arm.</param>
    /// <param name="state">What the program keeps for it.</param>
    /// <param name="fd">The descriptor; null on an error.</param>
    /// <returns><see cref="IvError.None"/> if it is armed.</returns>
    public IvError TryArm(nint handle, IvBands bands, TState state, out EdgeFd<TState>? fd)
    {
        CheckUsable(this, nameof(Arm));
        return TryArm(Find(handle), bands, state, out fd) ?? TryArmNew(new IvFd(handle), bands, state, out fd);
    }

    /// <summary>As <see cref="Arm(SafeHandle, IvBands, TState)"/>, and returns the error instead of throwing it.</summary>
    /// <param name="handle">An open handle.</param>
    /// <param name="bands">What to arm.</param>
    /// <param name="state">What the program keeps for it.</param>
    /// <param name="fd">The descriptor; null on an error.</param>
    /// <returns><see cref="IvError.None"/> if it is armed.</returns>
    public IvError TryArm(SafeHandle handle, IvBands bands, TState state, out EdgeFd<TState>? fd)
    {
        CheckUsable(this, nameof(Arm));
        var watch = new IvFd(handle);
        return TryArm(Find(watch.Handle), bands, state, out fd) ?? TryArmNew(watch, bands, state, out fd);
    }

    /// <summary>Ends the watching of a socket: no callback of it runs any more. One that is not watched here is no error.</summary>
    /// <param name="socket">The socket, open or not.</param>
    /// <returns>Whether it was watched.</returns>
    public bool Disarm(IvSocket socket) => Find(socket)?.Disarm() ?? false;

    /// <summary>As <see cref="Disarm(IvSocket)"/>, for a number.</summary>
    /// <param name="handle">The number, open or not.</param>
    /// <returns>Whether it was watched.</returns>
    public bool Disarm(nint handle) => Find(handle)?.Disarm() ?? false;

    /// <summary>The descriptor of a socket that is watched here.</summary>
    /// <param name="socket">The socket.</param>
    /// <returns>Null if it is not watched, or not here.</returns>
    public EdgeFd<TState>? Find(IvSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        IvLoop.CheckThread(this, nameof(Find));
        return Mine(socket.Watcher as IvFd);
    }

    /// <summary>The descriptor of a number that is watched here.</summary>
    /// <param name="handle">The number.</param>
    /// <returns>Null if it is not watched, or not here.</returns>
    public EdgeFd<TState>? Find(nint handle)
    {
        IvLoop.CheckThread(this, nameof(Find));
        return Mine(IvLoop.Fds.At(handle));
    }

    /// <summary>Makes a timer; nothing runs before its Start.</summary>
    /// <param name="state">What the program keeps for it.</param>
    /// <returns>The timer.</returns>
    public EdgeTimer<TState> CreateTimer(TState state)
    {
        CheckUsable(this, nameof(CreateTimer));
        return new EdgeTimer<TState>(this, state);
    }

    /// <summary>As <see cref="Review(TimeSpan)"/>, for <see cref="Tick"/>.</summary>
    /// <returns>How many events were handled.</returns>
    public int Review() => Review(Tick);

    /// <summary>
    /// Waits until something can be handled, and handles what there is, <see cref="MaxEvents"/> at most; the rest comes first the next time.
    /// What else is registered on the loop below runs meanwhile. A signal does not end it, a Quit of the loop does.
    /// </summary>
    /// <param name="timeout">How long to wait; zero does not, <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <returns>How many descriptors and timers were handled, zero if the time was over. What a callback throws leaves this call.</returns>
    public int Review(TimeSpan timeout)
    {
        CheckUsable(this, nameof(Review));
        IvLoop.CheckRunnable(nameof(Review));
        IvTimestamp limit = Limit(timeout);
        _handledBefore = _handled;
        _lastEvent = _handled + MaxEvents;
        try
        {
            IvLoop.RunUntil(_hasHandled, limit);
        }
        finally
        {
            _lastEvent = long.MaxValue;
            if (_isDisposed)
            {
                // By one of the callbacks, which could not dispose the loop that it ran on.
                Dispose();
            }
        }

        return (int)(_handled - _handledBefore);
    }

    /// <summary>As <see cref="WaitReady(TimeSpan)"/>, for <see cref="Tick"/>.</summary>
    /// <returns>Whether there is something to do.</returns>
    public bool WaitReady() => WaitReady(Tick);

    /// <summary>Waits until the loop has something to do, and leaves it to the next <see cref="Review(TimeSpan)"/>, which does not ask the kernel again.</summary>
    /// <param name="timeout">How long to wait; zero does not, <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <returns>False if the time was over. What there is to do may be of others on the same loop, or have gone when Review comes to it.</returns>
    public bool WaitReady(TimeSpan timeout)
    {
        CheckUsable(this, nameof(WaitReady));
        return IvLoop.WaitUntilReady(Limit(timeout), nameof(WaitReady));
    }

    /// <summary>Closes all descriptors that are watched here, as <see cref="EdgeFd{TState}.Close"/> does; those that its callbacks arm are not.</summary>
    public void CloseAll()
    {
        CheckUsable(this, nameof(CloseAll));
        foreach (EdgeFd<TState> fd in CollectFds())
        {
            // An OnClose before this one may have disarmed it, or closed it.
            if (fd.IsWatched)
            {
                fd.Close();
            }
        }
    }

    /// <summary>
    /// Ends the watching of all descriptors and stops the timers; no callback runs any more. Descriptors stay open. Disposes the loop below if
    /// it is its own; called by a callback, when the loop has come to its end. Idempotent.
    /// </summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            if (!IvLoop.IsDisposed)
            {
                IvLoop.CheckThread(this, nameof(Dispose));
                End();
            }

            _isDisposed = true;
        }

        if (_ownsLoop && !IvLoop.IsDisposed)
        {
            if (IvLoop.IsRunning)
            {
                IvLoop.Quit();
            }
            else
            {
                IvLoop.Dispose();
            }
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>As in <c>EdgeLoop (IvLoop 0 "main")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => $"EdgeLoop ({IvLoop})";

    private protected abstract EdgeFd<TState> Create(IvFd fd, TState state);

    internal abstract void CallTimer(EdgeTimer<TState> timer);

    /// <summary>An event has been handled, to the end.</summary>
    internal void CountEvent()
    {
        if (++_handled == _lastEvent)
        {
            IvLoop.Break();
        }
    }

    internal void CheckUsable(object subject, string member)
    {
        IvLoop.CheckThread(subject, member);
        if (_isDisposed || IvLoop.IsDisposed)
        {
            IvFatal.Raise(FatalCondition.DisposedObject, $"{subject}: {member} called after {(_isDisposed ? "its loop was disposed" : "the loop below was disposed")}. Make a new EdgeLoop instead.", subject);
        }
    }

    private EdgeFd<TState>? Mine(IvFd? watch) => watch?.Sink is EdgeFd<TState> fd && fd.Loop == this ? fd : null;

    // Null: it is not watched here yet.
    private static IvError? TryArm(EdgeFd<TState>? known, IvBands bands, TState state, out EdgeFd<TState>? fd)
    {
        fd = null;
        if (known is null)
        {
            return null;
        }

        IvError error = known.TryArm(bands);
        if (error == IvError.None)
        {
            known.State = state;
            fd = known;
        }

        return error;
    }

    private IvError TryArmNew(IvFd watch, IvBands bands, TState state, out EdgeFd<TState>? fd)
    {
        EdgeFd<TState> made = Create(watch, state);
        IvError error = made.TryArm(bands);
        fd = error == IvError.None ? made : null;
        return error;
    }

    private static EdgeFd<TState> ThrowIfRefused(IvError error, EdgeFd<TState>? fd, object subject)
    {
        if (error != IvError.None)
        {
            IvFd.ThrowRefused(error, subject);
        }

        return fd!;
    }

    private IvTimestamp Limit(TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return IvTimestamp.MaxValue;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        return timeout == TimeSpan.Zero ? IvTimestamp.MinValue : IvLoop.Poller.Now + timeout;
    }

    private List<EdgeFd<TState>> CollectFds()
    {
        List<EdgeFd<TState>> fds = [];
        IvLoop.Fds.ForEach((fds, this), static (all, watch) =>
        {
            if (all.Item2.Mine(watch) is { } fd)
            {
                all.fds.Add(fd);
            }
        });
        return fds;
    }

    private void End()
    {
        foreach (EdgeFd<TState> fd in CollectFds())
        {
            fd.Disarm();
        }

        List<EdgeTimer<TState>> timers = [];
        IvLoop.Timers.ForEach((timers, this), static (all, item) =>
        {
            if (EdgeTimer<TState>.Of(item) is { } timer && timer.Loop == all.Item2)
            {
                all.timers.Add(timer);
            }
        });
        foreach (EdgeTimer<TState> timer in timers)
        {
            timer.Stop();
        }
    }
}
