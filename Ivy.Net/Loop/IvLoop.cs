using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <summary>A thread's event loop: waits for descriptors, timers, tasks and posts, and calls their handlers, one at a time.</summary>
/// <remarks>
/// <para>Made on a thread, a loop belongs to it and is its <see cref="Current"/>; a thread has at most one. Everything
/// registered on that thread is registered on it. Handlers must not block: nothing else of the loop runs meanwhile.</para>
/// <para>All members are for the loop's thread, except for those that say that any thread may call them: <see cref="Post(Action{object?}, object?)"/>,
/// <see cref="Quit"/>, <see cref="Counters"/>. The order of things in a turn is in ivy-turn(7). No turn, event, timer, task or
/// post allocates. Follows ivykis(3); see IvLoop(3).</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class IvLoop : IDisposable
{
    [ThreadStatic]
    private static IvLoop? _current;

    private static int _lastId;

    private readonly int _id = Interlocked.Increment(ref _lastId) - 1;
    private readonly IvLoopOptions _options;
    private readonly IvPoller _poller;

    // In a simulation each turn waits, since it is there that the seed picks who runs next.
    private readonly bool _isSimulated;
    private readonly int[] _registered = new int[Enum.GetValues<ObjectKind>().Length];
    private readonly int _threadNumber;
    private readonly IvTimestamp _created;
    private IvEvent? _firstEvent;
    private IvTimestamp _now;
    private bool _isNowValid;
    private volatile bool _isDisposed;

    /// <summary>Makes this thread's loop with the default options.</summary>
    /// <exception cref="IvException">No poll method is available; the message says why for each.</exception>
    public IvLoop()
        : this(new IvLoopOptions())
    {
    }

    /// <summary>Makes this thread's loop. A second one on a thread is a misuse (IVF0003).</summary>
    /// <param name="options">How; read now.</param>
    /// <exception cref="IvException">No poll method is available; the message says why for each.</exception>
    public IvLoop(IvLoopOptions options)
        : this(options, name: null, network: null)
    {
    }

    // With a name and a network for options that have none.
    internal IvLoop(IvLoopOptions options, string? name, IvNetwork? network)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (_current is { } other)
        {
            IvFatal.Raise(
                FatalCondition.SecondLoop,
                $"IvLoop: made on a thread that has one already ({other}). Use IvLoop.Current, dispose that one first, or start another thread.",
                other);
        }

        _options = options;
        ThreadId = Environment.CurrentManagedThreadId;
        int threadNumber = Interop.ThreadNumber.OfThisThread();
        _threadNumber = threadNumber < 0 ? ThreadId : threadNumber;
        Name = options.Name ?? name;
        Network = options.Network ?? network ?? IvNetwork.System;
        _poller = CreatePoller(options, Network, out string? passedOver);
        _isSimulated = _poller is SimulatedPoller;
        _spinNanoseconds = _isSimulated ? 0 : options.SpinMicroseconds * 1000L;
        _created = _poller.Now;
        _ready = new IvReady[options.BatchSize];
        _slowNanoseconds = options.SlowCallback is { } slow ? Math.Max(IvTimestamp.ToNanoseconds(slow), 1) : long.MaxValue;
        _isTimed = options.SlowCallback is not null;
        _isGuarded = _isTimed || options.UnhandledException is not null;
        _posting.Posts = new PostQueue(CreatePool(options));
        _posting.Poller = _poller;
        Timers = new TimerQueue(this);
        Timeouts = new TimeoutQueues(this);
        Tasks = new TaskQueue(this);
        Fds = new FdTable(this);

        _current = this;
        IvNetwork.OfThisThread = Network;
        IvFatal.DumpCurrentLoop = static writer => Current?.Dump(writer);
        if (passedOver is not null)
        {
            WarnOf(passedOver);
        }
    }

    /// <summary>As <see cref="IvLoop(IvLoopOptions)"/>, and returns the error instead of throwing it.</summary>
    /// <param name="options">How; read now.</param>
    /// <param name="loop">This thread's loop; null on an error.</param>
    /// <returns><see cref="IvError.None"/>, or <see cref="IvError.PollMethodUnavailable"/>.</returns>
    public static IvError TryCreate(IvLoopOptions options, out IvLoop? loop)
    {
        try
        {
            loop = new IvLoop(options);
            return IvError.None;
        }
        catch (IvException refused)
        {
            loop = null;
            return refused.Error;
        }
    }

    /// <summary>This thread's loop, null where there is none. Any thread.</summary>
    public static IvLoop? Current => _current;

    /// <summary>What messages and dumps call the loop. Any thread may read it.</summary>
    public string? Name { get; }

    /// <summary>The network of the loop's sockets and descriptors. Any thread may read it.</summary>
    public IvNetwork Network { get; }

    /// <summary>The name of the poll method in use, as in <c>epoll</c>. Any thread may read it.</summary>
    public string PollMethod => _poller.Name;

    /// <summary>Whether the calling thread is the loop's. Any thread.</summary>
    public bool IsOnThread => Environment.CurrentManagedThreadId == ThreadId;

    /// <summary>
    /// The loop's clock as of this turn: the same for all handlers until the next wait or <see cref="InvalidateNow"/>. It is
    /// read when it is first asked for, and what relative timers start from.
    /// </summary>
    public IvTimestamp Now
    {
        get
        {
            CheckLoopThread(nameof(Now));
            if (_isNowValid)
            {
                return _now;
            }

            _now = _poller.Now;

            // Between two Runs no turn bounds its age: read each time.
            _isNowValid = _isRunning;
            return _now;
        }
    }

    /// <summary>What the loop has done and what is registered on it. Any thread; the numbers of a running loop may be of different moments.</summary>
    public IvLoopCounters Counters => new()
    {
        Turns = _turns,
        Polls = _polls,
        Events = _events,
        Posts = Posts.Taken,
        Wakeups = Volatile.Read(ref _posting.Wakeups),
        Stale = _stale,
        Rebuilds = _rebuilds,
        WaitTime = new TimeSpan(_waitNanoseconds / 100),
        Fds = _registered[(int)ObjectKind.Fd],
        Timers = _registered[(int)ObjectKind.Timer],
        Timeouts = _registered[(int)ObjectKind.Timeout],
        Tasks = _registered[(int)ObjectKind.Task],
        RegisteredEvents = _registered[(int)ObjectKind.Event],
        RawEvents = _registered[(int)ObjectKind.EventRaw],
        Listeners = _registered[(int)ObjectKind.Listener],
        Signals = _registered[(int)ObjectKind.Signal],
        Waits = _registered[(int)ObjectKind.Wait],
        Processes = _registered[(int)ObjectKind.Process],
        Threads = _registered[(int)ObjectKind.Thread],
        WorkPools = _registered[(int)ObjectKind.WorkPool],
        Inotifies = _registered[(int)ObjectKind.Inotify] + _registered[(int)ObjectKind.FileTreeWatch],
        Relays = _registered[(int)ObjectKind.Relay],
        Handles = _registered[(int)ObjectKind.Handle],
        CompletionSockets = _registered[(int)ObjectKind.CompletionSocket],
        CompletionListeners = _registered[(int)ObjectKind.CompletionListener],
        Active = Active,
    };

    internal bool IsDisposed => _isDisposed;

    internal bool IsRunning => _isRunning;

    internal int ThreadId { get; }

    internal IvPoller Poller => _poller;

    // The poller's engine, kept from when it is first asked for.
    internal IvCompletions? Completions => _completions ??= _poller.Completions;

    internal TimerQueue Timers { get; }

    internal TimeoutQueues Timeouts { get; }

    internal TaskQueue Tasks { get; }

    internal FdTable Fds { get; }

    internal LoopLocals Locals { get; } = new();

    // The first of the registered events, those of the library among them.
    internal IvEvent? FirstEvent => _firstEvent;

    // How many registered objects keep Run going.
    internal int Active { get; set; }

    internal long Turns => _turns;

    /// <summary>Drops the cached <see cref="Now"/>: call it after something slow, before starting a relative timer.</summary>
    public void InvalidateNow()
    {
        CheckLoopThread(nameof(InvalidateNow));
        _isNowValid = false;
    }

    /// <summary>As in <c>IvLoop 0 "main"</c>; loops are numbered in the order in which they are made.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvLoop {_id}" : $"IvLoop {_id} \"{Name}\"";

    /// <summary>Adds to the count of registered objects of a kind.</summary>
    internal void Count(ObjectKind kind, int change) => _registered[(int)kind] += change;

    internal void AddEvent(IvEvent item)
    {
        item.PreviousOfLoop = null;
        item.NextOfLoop = _firstEvent;
        if (_firstEvent is not null)
        {
            _firstEvent.PreviousOfLoop = item;
        }

        _firstEvent = item;
    }

    internal void RemoveEvent(IvEvent item)
    {
        if (item.PreviousOfLoop is null)
        {
            _firstEvent = item.NextOfLoop;
        }
        else
        {
            item.PreviousOfLoop.NextOfLoop = item.NextOfLoop;
        }

        if (item.NextOfLoop is not null)
        {
            item.NextOfLoop.PreviousOfLoop = item.PreviousOfLoop;
        }

        item.NextOfLoop = item.PreviousOfLoop = null;
    }

    /// <summary>The rule of threads: a misuse unless this is the loop's thread.</summary>
    internal void CheckThread(object subject, string member)
    {
        // By its loop, which is a load; a loop that has been disposed is nobody's, and goes by the number.
        if (_current != this && Environment.CurrentManagedThreadId != ThreadId)
        {
            RaiseWrongThread(subject, member);
        }
    }

    internal void CheckNotDisposed(string member)
    {
        if (_isDisposed)
        {
            IvFatal.Raise(FatalCondition.DisposedLoop, $"{this}: {member} called after Dispose. Make a new loop instead.", this);
        }
    }

    private static IvPoller CreatePoller(IvLoopOptions options, IvNetwork network, out string? passedOver)
    {
        passedOver = null;
        return options.PollMethods is null && network is SimulatedNetwork simulation
            ? new SimulatedPoller(simulation)
            : PollMethodSelector.Create(options.PollMethods, options.ExcludedPollMethods, out passedOver);
    }

    private void WarnOf(string passedOver)
    {
        bool told = false;
        try
        {
            Warn($"{this}: waits by {_poller.Name}, because what is preferred can't be had: {passedOver}");
            told = true;
        }
        finally
        {
            if (!told)
            {
                Dispose();
            }
        }
    }

    private void CheckLoopThread(string member)
    {
        if (_current != this && Environment.CurrentManagedThreadId != ThreadId)
        {
            RaiseWrongThread(this, member);
        }
    }

    private void CheckUsable(string member)
    {
        CheckLoopThread(member);
        CheckNotDisposed(member);
    }

    [DoesNotReturn]
    private void RaiseWrongThread(object subject, string member) => IvFatal.Raise(
        FatalCondition.WrongThread,
        $"{(subject as IvObject)?.ShortText ?? subject}: {member} called on thread {Environment.CurrentManagedThreadId}, but it belongs to {this} on thread {ThreadId}. Call loop.Post(…) and do it there; see ivy-threads(7).",
        subject);
}
