using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Ivy.Net;

/// <content>
/// Starting and ending.
/// L1: the phase only grows, under the lock, by Step, which whoever changed something calls; there is no thread that watches.
/// L2: nothing is posted under the lock, so commands may overtake each other: each looks at the phase when it runs.
/// L3: the end of the drain is exact: listeners are closed, so no connection is new, and the count of those gone is read before the
/// count of those that came; only if all are gone are the two the same.
/// </content>
public sealed partial class IvLoopGroup
{
    private readonly Lock _lock = new();
    private readonly GroupGate _ready = new();
    private readonly GroupGate _ended = new();
    private readonly TaskCompletionSource<IvLoopGroupResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Phase _phase;
    private ExceptionDispatchInfo? _failure;
    private GroupSignals? _signals;
    private int _stops;
    private int _threads;
    private TimeSpan _stopTime;
    private IvLoopGroupResult _result;
    private bool _failedToStart;
    private bool _isDisposed;

    private enum Phase
    {
        New,
        Making,
        SettingUp,
        Opening,
        Serving,
        Draining,
        Aborting,
        Finishing,
        Ended,
    }

    /// <summary>
    /// The end of the group: its result, or the exception that a loop's thread ended with. Continuations run on the thread pool. Any thread.
    /// </summary>
    public Task<IvLoopGroupResult> Completion => _completion.Task;

    /// <summary>Whether it has been asked to stop. Any thread.</summary>
    public bool IsStopping => _phase >= Phase.Draining || Volatile.Read(ref _stops) > 0;

    internal string? IgnoredSignals => _signals is null ? null : GroupSignals.Ignored;

    internal bool IsAborting => _phase >= Phase.Aborting;

    /// <summary>Whether there is no more that a Stop could ask for.</summary>
    internal bool IsAskedToAbort => Volatile.Read(ref _stops) > 1;

    /// <summary>
    /// <see cref="Start"/> and <see cref="Wait"/>: starts the threads, and returns when the group was stopped and its connections are gone.
    /// </summary>
    /// <returns>How it ended.</returns>
    /// <exception cref="IvException">A loop or a thread could not be made, or a listener not be watched; nothing is left running.</exception>
    /// <exception cref="IvFatalException">It was started before (IVF0140), a handler calls (IVF0141), or it is disposed (IVF0024).</exception>
    public IvLoopGroupResult Run()
    {
        Start();
        return Wait();
    }

    /// <summary>
    /// Starts the threads, and returns when all loops have been made and set up, and accept. The calling thread is not one of them.
    /// </summary>
    /// <exception cref="IvException">A loop or a thread could not be made, or a listener not be watched; nothing is left running.</exception>
    /// <exception cref="IvFatalException">It was started before (IVF0140), a handler calls (IVF0141), or it is disposed (IVF0024).</exception>
    public void Start()
    {
        CheckNotStarted(nameof(Start));
        CheckMayWait(nameof(Start));
        var options = new IvLoopOptions[_members.Length];
        for (int i = 0; i < options.Length; i++)
        {
            options[i] = OptionsOf(i);
        }

        lock (_lock)
        {
            _phase = _stops > 0 ? Phase.Finishing : Phase.Making;
            _threads = _phase == Phase.Making ? _members.Length : 0;
        }

        if (_threads > 0)
        {
            _signals = _options.StopOnSignals && Network is not SimulatedNetwork ? new GroupSignals(this) : null;
            StartThreads(options);
        }

        Step();
        while (!_ready.Wait(Network))
        {
            Stop();
        }

        if (_failedToStart)
        {
            Wait();
        }
    }

    /// <summary>
    /// Waits for the end of the group. A loop of the calling thread runs meanwhile; <see cref="IvLoop.Quit"/> on it stops the group.
    /// </summary>
    /// <returns>How it ended.</returns>
    /// <exception cref="IvFatalException">It was not started (IVF0140), or a handler calls (IVF0141).</exception>
    /// <remarks>Throws what ended a loop's thread, the first exception if there were several.</remarks>
    public IvLoopGroupResult Wait()
    {
        CheckMayWait(nameof(Wait));
        if (_phase == Phase.New)
        {
            IvFatal.Raise(FatalCondition.GroupStarted, $"{this}: Wait called, but it was not started. Call Start first, or Run.", this);
        }

        while (!_ended.Wait(Network))
        {
            Stop();
        }

        _failure?.Throw();
        return _result;
    }

    /// <summary>
    /// Ends the group gracefully: listeners are closed, <see cref="HandlerDrain"/> is called on each loop, and when all connections are
    /// gone, or reset at the deadline (<see cref="IvLoopGroupOptions.DrainTimeout"/>), the loops end. Called again it aborts. Before the
    /// start it makes Run return at once. Any thread; does not wait.
    /// </summary>
    public void Stop() => RequestStop(abort: false, again: true);

    /// <summary>Ends the group at once: connections are reset. Any thread; does not wait.</summary>
    public void Abort() => RequestStop(abort: true, again: true);

    /// <summary>
    /// Aborts what still runs and waits for it, except in a handler, which must not wait; closes the listeners. Idempotent.
    /// </summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (_phase == Phase.New)
        {
            lock (_lock)
            {
                _phase = Phase.Finishing;
            }

            Step();
            return;
        }

        Abort();
        if (MayWait)
        {
            IvLoop? own = IvLoop.Current;
            long quits = own?.QuitsTaken ?? 0;
            while (!_ended.Wait(Network))
            {
                // Told to quit, but there is nobody yet to return to.
            }

            // Not by what Wait says: the end and the Quit may come together.
            if (own is not null && own.QuitsTaken != quits)
            {
                own.Quit();
            }
        }
    }

    /// <summary>Somebody has ended a loop: as the first Stop, and nothing if there was one.</summary>
    internal void BeginStop() => RequestStop(abort: false, again: false);

    /// <summary>A loop's thread ends with an exception: the others stop.</summary>
    internal void Fail(Exception exception)
    {
        lock (_lock)
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
        }

        BeginStop();
    }

    /// <summary>Goes on to the next phase, if all is there that it needs. Any thread.</summary>
    internal void Step()
    {
        while (true)
        {
            Phase next;
            lock (_lock)
            {
                next = Next();
                if (next == _phase)
                {
                    return;
                }

                if (next is Phase.Finishing && _phase is Phase.Making or Phase.SettingUp or Phase.Opening)
                {
                    _failedToStart = _failure is not null;
                }

                _phase = next;
            }

            Enter(next);
        }
    }

    private static string Describe(Phase phase) => phase switch
    {
        Phase.New => "not started",
        Phase.Making or Phase.SettingUp or Phase.Opening => "starting",
        Phase.Serving => "running",
        Phase.Draining => "draining",
        Phase.Aborting or Phase.Finishing => "aborting",
        _ => "ended",
    };

    private IvLoopOptions OptionsOf(int index)
    {
        IvLoopOptions options = _options.LoopOptions?.Invoke(index) ?? new IvLoopOptions();
        return options.Network is null || options.Network == Network
            ? options
#pragma warning disable MA0015 // the argument was the constructor's
            : throw new ArgumentException($"{this}: LoopOptions names the network {options.Network.Name} for loop {index}, but the group's is {Network.Name}. Leave it open, or set it in IvLoopGroupOptions.");
#pragma warning restore MA0015
    }

    private void StartThreads(IvLoopOptions[] options)
    {
        bool pins = _options.PinThreads && Network is not SimulatedNetwork;
        for (int i = 0; i < _members.Length; i++)
        {
            IvLoopGroupMember member = _members[i];
            IvLoopOptions own = options[i];
            int? cpu = pins ? Cpus[i % Cpus.Length] : null;
            try
            {
                LibraryThread.Start(Network, string.Create(null, $"{Name} {i}"), () => member.Run(own, cpu));
            }
#pragma warning disable CA1031 // it goes to who waits for the group, when those that run have ended
            catch (Exception exception)
#pragma warning restore CA1031
            {
                lock (_lock)
                {
                    _threads = i;
                }

                Fail(exception);
                return;
            }
        }
    }

    private void RequestStop(bool abort, bool again)
    {
        lock (_lock)
        {
            if (_stops == 0)
            {
                _stopTime = Clock();
            }

            int stops = abort ? 2 : again ? _stops + 1 : 1;
            Volatile.Write(ref _stops, Math.Max(_stops, stops));
        }

        Step();
    }

    // A handler of any loop, and the threads of the group, which may be at their end, would wait for themselves.
    private bool MayWait => IvLoop.Current is not { IsRunning: true } && !Array.Exists(_members, static member => !member.HasEnded && member.Loop is { IsOnThread: true });

    private TimeSpan Clock() => Network is SimulatedNetwork simulation ? simulation.Elapsed : Stopwatch.GetElapsedTime(0);

    // Of those that were started only: the others will never say anything.
    private bool All(Func<IvLoopGroupMember, bool> condition)
    {
        for (int i = 0; i < _threads; i++)
        {
            if (!condition(_members[i]) && !_members[i].HasEnded)
            {
                return false;
            }
        }

        return true;
    }

    private Phase Next() => _phase switch
    {
        Phase.Making when All(static member => member.IsMade) => _failure is null ? Phase.SettingUp : Phase.Finishing,
        Phase.SettingUp when All(static member => member.IsSetUp) => _failure is null && _stops == 0 ? Phase.Opening : Phase.Finishing,
        Phase.Opening when All(static member => member.IsOpen) => _failure is null ? Phase.Serving : Phase.Finishing,
        Phase.Serving when _stops > 0 => Phase.Draining,
        Phase.Draining or Phase.Aborting when IsDrained() => Phase.Finishing,
        Phase.Draining when _stops > 1 => Phase.Aborting,
        Phase.Finishing when All(static _ => false) => Phase.Ended,
        _ => _phase,
    };

    private bool IsDrained()
    {
        if (!All(static member => member.IsClosed))
        {
            return false;
        }

        long gone = 0;
        long opened = 0;
        foreach (IvLoopGroupMember member in _members)
        {
            gone += member.Gone;
        }

        foreach (IvLoopGroupMember member in _members)
        {
            opened += member.Opened;
        }

        return gone == opened;
    }

    private void Enter(Phase phase)
    {
        switch (phase)
        {
            case Phase.SettingUp:
                Command(static member => member.OnSetUp());
                break;

            case Phase.Opening:
                Command(static member => member.OnOpen());
                break;

            case Phase.Serving:
                _ready.Set();
                break;

            case Phase.Draining:
                Command(static member => member.OnDrain());
                break;

            case Phase.Aborting:
                Command(static member => member.OnAbort());
                break;

            case Phase.Finishing:
                Command(static member => member.OnFinish());
                _ready.Set();
                break;

            case Phase.Ended:
                End();
                break;
        }
    }

    private void Command(Action<IvLoopGroupMember> action)
    {
        foreach (IvLoopGroupMember member in _members)
        {
            member.Enqueue(new GroupCommand(member, action));
        }
    }

    private void End()
    {
        foreach (GroupPort port in _ports)
        {
            port.Dispose();
        }

        _signals?.Dispose();
        if (_failure is { } failure)
        {
            _completion.TrySetException(failure.SourceException);

            // Who waits gets it thrown; nobody has to look at the task.
            _ = _completion.Task.Exception;
        }
        else
        {
            IvLoopGroupCounters counters = Counters;
            _result = new IvLoopGroupResult(counters.Accepted, counters.Drained, counters.Aborted, _stops == 0 ? TimeSpan.Zero : Clock() - _stopTime);
            _completion.TrySetResult(_result);
        }

        _ready.Set();
        _ended.Set();
    }

    private void CheckNotStarted(string member)
    {
        if (_isDisposed)
        {
            IvFatal.Raise(FatalCondition.DisposedObject, $"{this}: {member} called after Dispose. Make a new group instead.", this);
        }

        if (_phase != Phase.New)
        {
            RaiseStarted(member);
        }
    }

    [DoesNotReturn]
    private void RaiseStarted(string member) => IvFatal.Raise(
        FatalCondition.GroupStarted,
        $"{this}: {member} called after Start. Set it up before that; a group starts once, make a new one to start again.",
        this);

    private void CheckMayWait(string member)
    {
        if (!MayWait)
        {
            IvFatal.Raise(
                FatalCondition.GroupWait,
                $"{this}: {member} called by a handler of {IvLoop.Current}, which would stand still until the group ends. Call it outside of Run; a handler may call Stop, and Completion tells of the end.",
                this);
        }
    }
}
