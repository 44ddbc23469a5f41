namespace Ivy.Net.Polling;

/// <summary>The seam between a loop and the kernel: readiness, waiting and the clock.</summary>
/// <remarks>
/// <para>Derive from it to plug a backend of your own, or to wrap one: see the custom-poller example. A poller serves one
/// loop; every member but <see cref="Name"/>, <see cref="Now"/> and <see cref="Wake"/> is called on the loop's thread, never from
/// inside another member.</para>
/// <para>The loop owns the tokens and drops stale ones, so a poller may report a registration that has just been removed.
/// Readiness is level-triggered: what stays ready is reported by every <see cref="Wait"/> until it is drained or no longer
/// wanted. Adds and removals come at once, as they are asked for; changes are kept until the wait, at most one for a
/// descriptor and turn.</para>
/// <para>The contract, with its reasons, is in IvPoller(3).</para>
/// </remarks>
public abstract class IvPoller : IDisposable
{
    /// <summary>The name that IVY_SELECT_POLL_METHOD knows and dumps show, as in <c>epoll</c>. Any thread.</summary>
    public abstract string Name { get; }

    /// <summary>The monotonic clock, read at each call. Deadlines of <see cref="Wait"/> are times of this clock. Any thread.</summary>
    public abstract IvTimestamp Now { get; }

    /// <summary>
    /// A descriptor that becomes readable when <see cref="Wait"/> has something to report, for sitting inside another
    /// loop; -1 where the backend has none. Stays valid until the poller is disposed.
    /// </summary>
    public virtual nint BackendHandle => -1;

    /// <summary>
    /// Whether <see cref="Add"/> itself refuses closed descriptors (EBADF), regular files (EPERM) and duplicates (EEXIST).
    /// Where it does not, the loop looks at the descriptor first.
    /// </summary>
    public virtual bool ValidatesHandles => true;

    /// <summary>
    /// The engine that completes operations instead of saying when they would not block; null where there is none. Made when it is
    /// first asked for. A poller that wraps another one passes it on.
    /// </summary>
    public virtual IvCompletions? Completions => null;

    /// <summary>
    /// Whether an interest may have <see cref="IvBands.Edge"/>: then what is ready is reported once, and again when something has come or room
    /// has been made; all that is ready then, as epoll(7) does with EPOLLET. <see cref="Add"/>, <see cref="Reset"/> and every change of interest
    /// look anew. False, as of this class, of one that only tells levels: it never sees the flag.
    /// </summary>
    public virtual bool HasEdges => false;

    /// <summary>Starts to watch a descriptor; reaches the kernel before it returns.</summary>
    /// <param name="handle">The descriptor.</param>
    /// <param name="want">
    /// What is wanted. With <see cref="IvBands.None"/> the descriptor is checked, but nothing of it is reported until a change.
    /// </param>
    /// <param name="token">What <see cref="IvReady"/> shall carry.</param>
    /// <returns><see cref="IvError.None"/>, or why it was refused; then nothing has changed.</returns>
    public abstract IvError Add(nint handle, IvBands want, ulong token);

    /// <summary>
    /// Ends a registration; reaches the kernel before it returns, because the caller may close the descriptor next. A
    /// descriptor that is closed already is no error.
    /// </summary>
    /// <param name="handle">The descriptor.</param>
    /// <param name="token">The token of the registration.</param>
    public abstract void Remove(nint handle, ulong token);

    /// <summary>
    /// Hands over the turn's changes of interest, and waits. Called once per turn; and, by a loop that sits inside another
    /// one, between turns with no room in <paramref name="ready"/>: then only the changes are to be handed over, and the
    /// answer is how many refusals wait to be reported.
    /// </summary>
    /// <param name="changes">At most one for each descriptor.</param>
    /// <param name="deadline">
    /// When to return at the latest, never before it unless there is something to report;
    /// <see cref="IvTimestamp.MinValue"/> only looks, <see cref="IvTimestamp.MaxValue"/> waits for ever.
    /// </param>
    /// <param name="ready">Room for the answers; what does not fit is reported by the next call.</param>
    /// <returns>
    /// How many there are; 0 at the deadline, after a <see cref="Wake"/>, an interrupted wait, or the longest wait that the backend
    /// makes: the loop looks at its clock and asks again.
    /// </returns>
    public abstract int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready);

    /// <summary>
    /// Makes the current or else the next <see cref="Wait"/> return at once. Any thread; called at most once for the posts
    /// of a sleep, and once for a Quit. After <see cref="Dispose()"/> it does nothing.
    /// </summary>
    public abstract void Wake();

    /// <summary>
    /// Forgets every registration, in the kernel too, after which the loop adds all of them again. It is how the loop gets
    /// rid of a registration whose descriptor was closed while a duplicate of it is still open.
    /// </summary>
    /// <returns>False if the backend has no need of it; then nothing has changed.</returns>
    public virtual bool Reset() => false;

    /// <summary>
    /// Whether a registration is in the set still, under its number: false if the number was closed, though it may mean somebody
    /// else by now. Asked before <see cref="Reset"/>, after which that stranger would be added. A poller that goes by numbers
    /// can't tell, and says true, as this one does.
    /// </summary>
    /// <param name="handle">The descriptor.</param>
    /// <param name="token">The token of the registration.</param>
    /// <returns>False only if it is certain.</returns>
    public virtual bool Holds(nint handle, ulong token) => true;

    /// <summary>Gives the kernel's objects back.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the kernel's objects back; called once or more often.</summary>
    /// <param name="disposing">True: this class has no finalizer, and a poller that has one must not touch its loop.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    // Whether each change of interest costs a system call of its own: then the loop leaves out some (FdTable, D4).
    internal virtual bool ChangesCostCalls => false;

    // Nanoseconds of a clock that may lag by some milliseconds, for statistics: cheaper where the system has one.
    internal virtual long CoarseNow => Now.Nanoseconds;

    // A simulation picks at each post which of its threads runs next; nobody else cares.
    internal virtual void OnPosted()
    {
    }
}
