using System.Globalization;

namespace Ivy.Net;

/// <summary>A thread with a name, whose creator's loop outlives it and is told of its end, an exception included.</summary>
/// <remarks>
/// <para>Started on a thread with a loop, it is registered there until it has ended and was joined: so long Run does not return.
/// Then <see cref="HandlerExit"/> is called. What the body throws is not lost: it is in <see cref="Exception"/>, and without a
/// HandlerExit it leaves the creator's Run (IVF0123).</para>
/// <para>The thread needs no loop; if it makes one and leaves it behind, the loop is disposed, with a warning. It does not keep
/// the process alive. On a simulated network it is one of the simulation's threads. All members are for the creator's thread,
/// but for those that say that any thread may call them. Follows iv_thread(3); see IvThread(3).</para>
/// </remarks>
public sealed class IvThread : IvObject
{
    private const int NotStarted = 0;
    private const int Running = 1;
    private const int Ended = 2;

    private readonly Action<IvThread> _body;
    private readonly IvEvent _end;
    private volatile int _state;
    private volatile int _threadId;
    private Thread? _thread;

    /// <summary>Makes a thread; nothing runs before <see cref="Start"/>.</summary>
    /// <param name="name">What messages, dumps, debuggers and top(1) call it; top shows 15 bytes of it.</param>
    /// <param name="body">Runs on the new thread, and gets this object.</param>
    public IvThread(string name, Action<IvThread> body)
        : base(ObjectKind.Thread)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(body);
        Name = name;
        _body = body;
        _end = new IvEvent(static item => ((IvThread)item.State!).OnEnd()) { State = this, IsInternal = true };
    }

    /// <summary>The threads that were started on this thread's loop and have not been joined yet; empty where there is no loop. Any thread.</summary>
    public static IReadOnlyList<IvThread> Children
    {
        get
        {
            List<IvThread> children = [];
            for (IvEvent? item = IvLoop.Current?.FirstEvent; item is not null; item = item.NextOfLoop)
            {
                if (item is { IsInternal: true, State: IvThread child })
                {
                    children.Add(child);
                }
            }

            // The loop has the latest first.
            children.Reverse();
            return children;
        }
    }

    /// <summary>
    /// Told, on the creator's loop, that the thread has ended and was joined; the object is unregistered by then. Null: nobody is
    /// told, and an exception of the body is IVF0123, thrown out of Run.
    /// </summary>
    public Action<IvThread>? HandlerExit
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerExit));
            field = value;
        }
    }

    /// <summary>What the body has thrown, null if it returned; in HandlerExit and after it.</summary>
    public Exception? Exception { get; private set; }

    /// <summary>Whether the body has been started and has not returned. Any thread.</summary>
    public bool IsAlive => _state == Running;

    /// <summary>The kernel's number of the thread, as ps(1) and top(1) show it; 0 before it runs. Any thread.</summary>
    public int ThreadId => _threadId;

    /// <summary>Starts the thread, as a child of this thread's loop. A second time is a misuse (IVF0122).</summary>
    /// <exception cref="IvException">ENOMEM: the system has no room for another thread.</exception>
    public void Start()
    {
        if (TryStart() != IvError.None)
        {
            throw LibraryThread.Refused(this);
        }
    }

    /// <summary>As <see cref="Start"/>, and returns the error instead of throwing it; the thread may be started later.</summary>
    /// <returns><see cref="IvError.None"/> if the thread runs.</returns>
    public IvError TryStart()
    {
        if (_state != NotStarted)
        {
            IvFatal.Raise(
                FatalCondition.ThreadStartedTwice,
                $"{this}: Start called, but it {(IsAlive ? "runs" : "has ended")}. Make another IvThread.",
                this);
        }

        IvLoop loop = LoopForRegister(nameof(Start));
        Bind(loop);
        _end.Name = Name;
        _end.Register();
        _state = Running;
        IvError error = IvError.Disposed;
        try
        {
            error = LibraryThread.TryStart(loop.Network, Name ?? "ivy thread", Live, out _thread);
            return error;
        }
        finally
        {
            // No room for a thread, or a misuse of a simulation: as if nothing had been.
            if (error != IvError.None)
            {
                _state = NotStarted;
                EndRegistration();
            }
        }
    }

    internal override string DumpKind => "thread";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"tid={_threadId} {(_state != Running ? "ended" : _threadId == 0 ? "starting" : "running")}");

    // The thread goes on, and nobody is told of its end.
    internal override void EndRegistration()
    {
        _end.EndRegistration();
        Unbind();
    }

    private void Live()
    {
        _threadId = LibraryThread.GetNumber();
        try
        {
            _body(this);
        }
        catch (Exception exception) when (exception is not SimulationStoppedException)
        {
            Exception = exception;
        }

        try
        {
            DisposeLoop();
        }
        catch (Exception exception) when (exception is not SimulationStoppedException)
        {
            // The first failure is the one that says why.
            Exception ??= exception;
        }

        _state = Ended;
        if (!_end.Post() && Exception is { } lost)
        {
            ReportLost(lost);
        }
    }

    private void DisposeLoop()
    {
        if (IvLoop.Current is not { } loop)
        {
            return;
        }

        try
        {
            loop.Warn($"{loop}: {this} has ended without disposing its loop, which is disposed for it. Say `using var loop = new IvLoop();` there.");
        }
        finally
        {
            loop.Dispose();
        }
    }

    private void OnEnd()
    {
        // Its last act was the post that brought us here.
        _thread?.Join();
        EndRegistration();
        if (HandlerExit is { } handler)
        {
            handler(this);
        }
        else if (Exception is { } exception)
        {
            RaiseLost(exception);
        }
    }

    private void RaiseLost(Exception exception) =>
        LostException.Raise(this, "its body", exception, "Set HandlerExit, or catch in the body");

    // The creator's loop is gone. Said it must be, but it must not end the process: nobody broke a rule here.
    private void ReportLost(Exception exception)
    {
        try
        {
            RaiseLost(exception);
        }
        catch (IvFatalException)
        {
            // The handler of IvFatal has had its say.
        }
    }
}
