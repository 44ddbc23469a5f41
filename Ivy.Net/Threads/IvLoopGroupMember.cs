using System.Diagnostics;

namespace Ivy.Net;

/// <summary>One loop of an <see cref="IvLoopGroup"/>: its thread, its connections, what it has done.</summary>
/// <remarks>
/// Made by the group, and there for as long as the group is. Members are for any thread, except for those that say that they are for the
/// loop's. See IvLoopGroup(3).
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
#pragma warning disable CA1001 // a timer of the loop's own has nothing to give back
public sealed class IvLoopGroupMember
#pragma warning restore CA1001
{
    private const int NotPinned = -1;

    private readonly List<IvListener> _listeners = [];
    private GroupConnection? _first;
    private IvTimer? _deadline;
    private volatile IvLoop? _loop;
    private volatile int _cpu = NotPinned;
    private volatile bool _isFinished;
    private long _accepted;
    private long _added;
    private long _gone;
    private long _movedIn;
    private long _movedOut;
    private long _drained;
    private long _aborted;

    internal IvLoopGroupMember(IvLoopGroup group, int index)
    {
        Group = group;
        Index = index;
    }

    /// <summary>The group.</summary>
    public IvLoopGroup Group { get; }

    /// <summary>The number of the loop, from 0.</summary>
    public int Index { get; }

    /// <summary>The loop; null before it has been made. Disposed when the group has ended.</summary>
    public IvLoop? Loop => _loop;

    /// <summary>The CPU that the thread is bound to; null if it is not.</summary>
    public int? Cpu => _cpu == NotPinned ? null : _cpu;

    /// <summary>The user's own, as a server's state for this loop.</summary>
    public object? State { get; set; }

    /// <summary>Whether the group has been asked to stop: finish what is under way, begin nothing that takes long, close.</summary>
    public bool IsDraining => Group.IsStopping;

    /// <summary>What this loop has done so far.</summary>
    public IvLoopGroupCounters Counters => new(
        CountConnections(),
        Interlocked.Read(ref _accepted),
        Interlocked.Read(ref _added),
        Interlocked.Read(ref _movedIn),
        Interlocked.Read(ref _movedOut),
        Interlocked.Read(ref _drained),
        Interlocked.Read(ref _aborted));

    // Where the loop stands in the life of the group; written on its own thread, read under the group's lock.
    internal bool IsMade { get; private set; }

    internal bool IsSetUp { get; private set; }

    internal bool IsOpen { get; private set; }

    internal bool IsClosed { get; private set; }

    internal bool HasEnded { get; private set; }

    internal long Opened => Interlocked.Read(ref _accepted) + Interlocked.Read(ref _added);

    internal long Gone => Interlocked.Read(ref _gone);

    /// <summary>Runs a callback on the loop's thread.</summary>
    /// <param name="callback">Runs once.</param>
    /// <returns>False if the loop has not been made yet, or has ended: the callback will not run.</returns>
    public bool Post(Action<IvLoopGroupMember> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return Enqueue(new GroupPost<Action<IvLoopGroupMember>>(this, static (member, callback) => callback(member), callback));
    }

    /// <summary>As <see cref="Post(Action{IvLoopGroupMember})"/>, with a state.</summary>
    /// <typeparam name="T">The type of the state.</typeparam>
    /// <param name="callback">Runs once.</param>
    /// <param name="state">Goes to the callback.</param>
    /// <returns>False if the loop has not been made yet, or has ended: the callback will not run.</returns>
    public bool Post<T>(Action<IvLoopGroupMember, T> callback, T state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return Enqueue(new GroupPost<T>(this, callback, state));
    }

    /// <summary>
    /// Makes a connection known that the group has not accepted, as one to a server behind this one: it counts, the group waits for it
    /// when it stops, and resets it at the deadline. The loop's thread.
    /// </summary>
    /// <param name="socket">The socket; one that the group knows already is left as it is.</param>
    /// <exception cref="ArgumentException">It is disposed, of another network, or another group counts it.</exception>
    /// <exception cref="IvFatalException">Another thread calls (IVF0001).</exception>
    public void Add(IvSocket socket)
    {
        CheckThread(nameof(Add));
        if (Group.Find(socket) is null)
        {
            Interlocked.Increment(ref _added);
            var connection = new GroupConnection(socket, this);
            socket.Owner = connection;
            if (Group.IsAborting)
            {
                connection.Abort();
                return;
            }

            Link(connection);
        }
    }

    /// <summary>The connections that this loop has now, in no order. The loop's thread; allocates.</summary>
    /// <returns>A snapshot: they may be disposed while it is gone through.</returns>
    /// <exception cref="IvFatalException">Another thread calls (IVF0001).</exception>
    public IvSocket[] GetSockets()
    {
        CheckThread(nameof(GetSockets));
        List<IvSocket> sockets = [];
        for (GroupConnection? connection = _first; connection is not null; connection = connection.Following)
        {
            if (!connection.IsGone)
            {
                sockets.Add(connection.Socket);
            }
        }

        return [.. sockets];
    }

    /// <summary>As in <c>IvLoopGroup "echo" loop 1</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => $"IvLoopGroup \"{Group.Name}\" loop {Index}";

    /// <summary>The thread.</summary>
    internal void Run(IvLoopOptions options, int? cpu)
    {
        try
        {
            IvError refused = cpu is { } number ? CpuAffinity.Pin(number) : IvError.None;
            IvLoop loop = new(options, $"{Group.Name} {Index}", Group.Network);
            _loop = loop;
            if (refused != IvError.None)
            {
                loop.Warn($"{this}: its thread is not bound to CPU {cpu}: {refused.Describe()}. It runs on any; see IvLoopGroup(3).");
            }
            else if (cpu is not null)
            {
                _cpu = cpu.Value;
            }

            if (Index == 0 && Group.IgnoredSignals is { } signals)
            {
                loop.Warn($"{Group}: StopOnSignals, but this process was started with {signals} ignored, as by nohup or a script's &: that stops nothing. See IvLoopGroup(3).");
            }

            IsMade = true;
            Group.Step();
            while (!_isFinished)
            {
                loop.Run(IvRunMode.KeepAlive);

                // Somebody has called Quit or Break, on one loop of a server: they mean the server.
                Group.BeginStop();
            }
        }
        catch (Exception exception) when (exception is not SimulationStoppedException)
        {
            Group.Fail(exception);
        }

        try
        {
            End();
        }
        catch (Exception exception) when (exception is not SimulationStoppedException)
        {
            Group.Fail(exception);
        }
        finally
        {
            HasEnded = true;
            Group.Step();
        }
    }

    internal bool Enqueue(PostNode node) => _loop is { } loop && loop.Enqueue(node, state: null);

    internal void OnSetUp()
    {
        Group.HandlerSetup?.Invoke(this);
        IsSetUp = true;
        Group.Step();
    }

    internal void OnOpen()
    {
        foreach (GroupPort port in Group.Ports)
        {
            if (port.CreateListener(this) is { } listener)
            {
                _listeners.Add(listener);
                listener.HandlerError = Group.HandlerAcceptError is { } handler ? (_, error) => handler(this, error) : null;
                listener.Register();
            }
        }

        IsOpen = true;
        Group.Step();
    }

    internal void OnDrain()
    {
        try
        {
            // Their clients are connected already, as far as they know.
            _listeners.ForEach(static listener => listener.AcceptWaiting());
        }
        finally
        {
            CloseListeners();
            BeginDrain();
        }
    }

    private void BeginDrain()
    {
        if (Group.DrainTimeout != Timeout.InfiniteTimeSpan)
        {
            _deadline = new IvTimer(static timer => ((IvLoopGroup)timer.State!).Abort()) { State = Group, IsInternal = true };
            _deadline.Start(Group.DrainTimeout);
        }

        // A post of its own: what the handler throws goes where the exceptions of this loop's handlers go.
        Post(static (member, handler) =>
        {
            try
            {
                handler?.Invoke(member);
            }
            finally
            {
                member.IsClosed = true;
                if (member.Group.IsAborting)
                {
                    member.AbortAll();
                }

                member.Group.Step();
            }
        }, Group.HandlerDrain);
    }

    // A loop that was busy hears of the abort before its drain handler has run, which may spare some: then that is the time.
    internal void OnAbort()
    {
        if (IsClosed)
        {
            AbortAll();
        }
    }

    private void AbortAll()
    {
        while (_first is { } connection)
        {
            Unlink(connection);
            connection.Abort();
        }
    }

    internal void OnFinish()
    {
        _isFinished = true;
        _loop!.Quit();
    }

    /// <summary>A connection is here, accepted or moved; on the loop's thread.</summary>
    internal void Arrive(GroupConnection connection, Action<IvLoopGroupMember, IvSocket> continuation)
    {
        if (connection.IsGone)
        {
            return;
        }

        if (Group.IsAborting)
        {
            connection.Abort();
            return;
        }

        Link(connection);
        bool hasReturned = false;
        try
        {
            continuation(this, connection.Socket);
            hasReturned = true;
        }
        finally
        {
            // The loop may go on, and nobody would ever hear of the connection again. Not if it has been moved before the throw.
            if (!hasReturned && connection.Member == this && connection.IsListed && connection.Socket.Watcher is not IvObject { Loop: not null })
            {
                connection.Abort();
            }
        }
    }

    /// <summary>A connection leaves for another loop; on this loop's thread.</summary>
    internal void Leave(GroupConnection connection)
    {
        Unlink(connection);
        Interlocked.Increment(ref _movedOut);
    }

    /// <summary>The socket of a connection is gone; mostly on this loop's thread.</summary>
    internal void OnGone(GroupConnection connection)
    {
        if (connection.IsAborted)
        {
            Interlocked.Increment(ref _aborted);
        }
        else if (Group.IsStopping)
        {
            Interlocked.Increment(ref _drained);
        }

        Interlocked.Increment(ref _gone);
        if (_loop is { IsOnThread: true })
        {
            Unlink(connection);
        }
        else if (connection.IsListed)
        {
            UnlinkLater(connection);
        }

        if (Group.IsStopping)
        {
            Group.Step();
        }
    }

    internal void CountAccepted() => Interlocked.Increment(ref _accepted);

    internal void CountAdded() => Interlocked.Increment(ref _added);

    internal void CountMovedIn() => Interlocked.Increment(ref _movedIn);

    internal int CountConnections() =>
        (int)Math.Max(0, Opened + Interlocked.Read(ref _movedIn) - Interlocked.Read(ref _movedOut) - Gone);

    internal void CheckThread(string member)
    {
        if (_loop is { } loop)
        {
            loop.CheckThread(this, member);
        }
        else
        {
            IvFatal.Raise(FatalCondition.WrongThread, $"{this}: {member} called, but its thread has not made its loop yet. Call it in HandlerSetup or later, on the loop's thread.", this);
        }
    }

    private void End()
    {
        // A loop that failed takes its connections along.
        CloseListeners();
        if (_loop is { } loop)
        {
            AbortAll();
            _deadline?.Stop();
            try
            {
                loop.Dispose();
            }
            finally
            {
                // What a tear-down has added.
                AbortAll();
            }
        }
    }

    private void CloseListeners()
    {
        foreach (GroupPort port in Group.Ports)
        {
            port.Close(this);
        }

        _listeners.ForEach(static listener => listener.Dispose());
        _listeners.Clear();
    }

    private void Link(GroupConnection connection)
    {
        connection.IsListed = true;
        connection.Following = _first;
        if (_first is not null)
        {
            _first.Previous = connection;
        }

        _first = connection;
    }

    // A closure, in a method of its own: nobody else shall pay for it.
    private void UnlinkLater(GroupConnection connection) => Enqueue(new GroupCommand(this, member => member.Unlink(connection)));

    private void Unlink(GroupConnection connection)
    {
        if (!connection.IsListed || connection.Member != this)
        {
            return;
        }

        connection.IsListed = false;
        if (connection.Previous is null)
        {
            _first = connection.Following;
        }
        else
        {
            connection.Previous.Following = connection.Following;
        }

        if (connection.Following is not null)
        {
            connection.Following.Previous = connection.Previous;
        }

        connection.Previous = connection.Following = null;
    }
}
