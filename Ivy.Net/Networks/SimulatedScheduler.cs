using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;

namespace Ivy.Net;

/// <summary>Virtual time, and who runs in it.</summary>
/// <remarks>
/// 1. One thread runs at a time: the one with the baton. Nothing here is locked; the hand-over orders all memory.
/// 2. The seed picks who is next among those that could run, at every wait, wake and post, and nowhere else.
/// 3. Time moves only when nobody can run, and then to the next thing that happens, never past it. (A cost of calls, where
///    it is asked for, moves it as well.)
/// 4. Whoever waits without sleeping, again and again, does not stop it: from the thousandth wait in a row on each takes a
///    microsecond, until somebody sleeps. A loop that spins is slow here too, and one that spins for ever is stuck.
/// 5. Nobody can run and nothing will happen: the simulation is stuck, which is a misuse and says who waits for what.
/// </remarks>
internal sealed class SimulatedScheduler(SimulatedNetwork network, SimulatedRandom random)
{
    // Not 0: a time that was never set shall not look like one.
    internal const long Beginning = 1_000_000_000;

    // A burst of a thousand turns in one moment is work, many more are a clock that stands still; a microsecond is what a wait
    // costs on a real machine; and ten seconds of nothing but spinning are no program's intention.
    private const int FreeWaits = 1000;
    private const int MostWaits = 10_000_000;
    private const long WaitCost = 1000;

    private readonly List<SimulatedThread> _threads = [];
    private readonly List<SimulatedThread> _runnable = [];
    private readonly object _end = new();
    private SimulatedThread? _current;
    private ExceptionDispatchInfo? _failure;
    private int _threadsMade;
    private int _waitsInARow;

    // Outside of Run: how many pollers this one thread has.
    private int _pollers;
    private bool _isRunning;
    private bool _hasEnded;

    // What happens now was planned, and nobody's doing.
    private bool _isBetween;

    public SimulatedAgenda Agenda { get; } = new();

    public long Now { get; private set; } = Beginning;

    /// <summary>Who does what happens now, for the trace.</summary>
    public string CurrentName => _isBetween ? "network" : _current?.Name ?? "main";

    /// <summary>Threads in Run: calls from anywhere else are a misuse.</summary>
    public bool IsRunning => _isRunning;

    /// <summary>Starts the threads and returns when all have returned.</summary>
    public void Run(ReadOnlySpan<(string Name, Action Body)> bodies)
    {
        if (_isRunning || _threads.Count != 0)
        {
            IvFatal.Raise(
                FatalCondition.SimulationThread,
                _isRunning
                    ? $"Run of {network} is called inside of its own Run; start further threads by Start"
                    : $"Run of {network} is called while a loop outside of it lives (made on thread {_threads[0].Name}); dispose that loop first, or make it in a body of Run",
                network);
        }

        if (bodies.IsEmpty)
        {
            return;
        }

        _isRunning = true;
        _hasEnded = false;
        _failure = null;
        _threadsMade = 0;
        foreach ((string name, Action body) in bodies)
        {
            Start(name, body);
        }

        PickNext().PassBaton();
        lock (_end)
        {
            while (!_hasEnded)
            {
                Monitor.Wait(_end);
            }
        }

        _isRunning = false;
        _current = null;
        _pollers = 0;
        if (_failure is { } failure)
        {
            failure.SourceException.Data[SimulatedNetwork.SeedKey] = network.Seed;
            failure.Throw();
        }
    }

    /// <summary>Starts one more thread; only by one that has the baton, or by Run itself.</summary>
    public void Start(string name, Action body)
    {
        var thread = new SimulatedThread(_threadsMade++, name, managedId: 0);
        _threads.Add(thread);
        network.Note("start", -1, thread.Index);
        new Thread(() => Live(thread, body)) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>A poller is made on this thread: outside of Run that makes the thread the only one.</summary>
    public void Join()
    {
        if (_threads.Count == 0)
        {
            _current = new SimulatedThread(0, "main", Environment.CurrentManagedThreadId);
            _threads.Add(_current);
        }

        CheckThread();
        _pollers++;
    }

    /// <summary>The last poller of a thread is gone.</summary>
    public void Leave()
    {
        if (--_pollers == 0 && !_isRunning)
        {
            _threads.Clear();
            _current = null;
        }
    }

    /// <summary>Whoever calls has the baton, or it is a misuse. Before the first poller is made every thread may call.</summary>
    public void CheckThread()
    {
        if (_current is { } current ? current.ManagedId != Environment.CurrentManagedThreadId : _isRunning)
        {
            IvFatal.Raise(
                FatalCondition.SimulationThread,
                $"thread {Thread.CurrentThread.Name ?? Environment.CurrentManagedThreadId.ToString(CultureInfo.InvariantCulture)} uses {network}, "
                + (_isRunning ? "whose threads are started by Run: start it as one of them" : "which another thread's loop lives in: several loops need Run"),
                network);
        }
    }

    /// <summary>Lets the seed pick who goes on.</summary>
    public void Yield()
    {
        CheckThread();
        if (_isRunning && _threads.Count > 1)
        {
            HandOver(_current!);
        }
    }

    /// <summary>A wait begins, which may turn out to be no sleep.</summary>
    public void CountWait()
    {
        if (++_waitsInARow > FreeWaits)
        {
            if (_waitsInARow > MostWaits)
            {
                _waitsInARow = 0;
                IvFatal.Raise(
                    FatalCondition.SimulationStuck,
                    $"{network} spins at {Seconds(Now)} s: the last {MostWaits} waits were over at once. {CurrentName} is one that polls a descriptor that is ready and does nothing about it, or posts to itself without end; Trace shows it",
                    network);
            }

            Spend(WaitCost);
        }
    }

    /// <summary>Waits until there is something to report, a wake, or the deadline.</summary>
    public void Wait(SimulatedPollSet set, long deadline)
    {
        if (_current is not { } thread)
        {
            IvFatal.Raise(FatalCondition.SimulationThread, $"a loop that was made in Run of {network} waits after it; make, run and dispose it in one body", network);
            return;
        }

        ThrowIfStopped();
        thread.Deadline = deadline;
        thread.WaitingSince = Now;
        thread.IsNoticed = false;
        thread.WaitsOn = set;
        try
        {
            HandOver(thread);
        }
        finally
        {
            thread.WaitsOn = null;
        }
    }

    /// <summary>Moves time by what a call costs, and lets happen what is due then.</summary>
    public void Spend(long nanoseconds)
    {
        Now += nanoseconds;
        RunDue();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_threads.Count} threads at {Now - Beginning} ns");

    private void Live(SimulatedThread thread, Action body)
    {
        thread.AwaitBaton();
        thread.ManagedId = Environment.CurrentManagedThreadId;
        try
        {
            ThrowIfStopped();
            body();
        }
        catch (SimulationStoppedException) when (_failure != null)
        {
            // The thread that failed is who reports.
        }
#pragma warning disable CA1031 // whatever it is, it goes to the caller of Run
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
        }

        _threads.Remove(thread);
        try
        {
            if (_threads.Count != 0)
            {
                PickNext().PassBaton();
                return;
            }
        }
#pragma warning disable CA1031 // the others are stuck, which is found here and not in a body: stop them one by one
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
            PickNext().PassBaton();
            return;
        }

        lock (_end)
        {
            _hasEnded = true;
            Monitor.Pulse(_end);
        }
    }

    private void HandOver(SimulatedThread thread)
    {
        SimulatedThread next = PickNext();
        if (next != thread)
        {
            next.PassBaton();
            thread.AwaitBaton();
        }

        ThrowIfStopped();
    }

    private void ThrowIfStopped()
    {
        if (_failure != null)
        {
            throw new SimulationStoppedException();
        }
    }

    private SimulatedThread PickNext()
    {
        while (true)
        {
            RunDue();
            long next = Agenda.NextTime;
            _runnable.Clear();
            foreach (SimulatedThread thread in _threads)
            {
                long when = WhenRunnable(thread);
                if (when <= Now)
                {
                    _runnable.Add(thread);
                }
                else
                {
                    next = Math.Min(next, when);
                }
            }

            if (_runnable.Count != 0)
            {
                SimulatedThread picked = _runnable.Count == 1 ? _runnable[0] : _runnable[random.Below(_runnable.Count)];
                if (picked != _current)
                {
                    _current = picked;
                    network.Note("run", -1, picked.Index);
                }

                return picked;
            }

            if (next == long.MaxValue)
            {
                IvFatal.Raise(FatalCondition.SimulationStuck, DescribeStuck(), network);
            }

            Now = next;
            _waitsInARow = 0;
        }
    }

    // Now or earlier: it can run. Later: when it can. MaxValue: somebody else has to do something first.
    private long WhenRunnable(SimulatedThread thread)
    {
        if (thread.WaitsOn is not { } set || _failure != null)
        {
            return long.MinValue;
        }

        if (!thread.IsNoticed)
        {
            if (thread.Deadline > Now && !set.IsWoken && !set.HasReady())
            {
                return thread.Deadline;
            }

            thread.IsNoticed = true;

            // A wait that never had to sleep has no wakeup that could be late.
            thread.NotBefore = thread.WaitingSince < Now ? Now + network.WakeupDelay() : Now;
        }

        return thread.NotBefore;
    }

    private void RunDue()
    {
        while (Agenda.TryTake(Now, out Action action))
        {
            _isBetween = true;
            action();
        }

        _isBetween = false;
    }

    // One line, as every message of IvFatal.
    private string DescribeStuck()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{network} is stuck at {Seconds(Now)} s: nothing is on its way and no deadline is set, but");
        for (int i = 0; i < _threads.Count; i++)
        {
            SimulatedThread thread = _threads[i];
            text.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? string.Empty : ";")} {thread.Name} waits since {Seconds(thread.WaitingSince)} s");
            thread.WaitsOn?.Describe(text);
        }

        return text.Append(". Look for what should have woken one of them: the same seed brings the same run, and Trace shows it").ToString();
    }

    private static string Seconds(long time) => ((time - Beginning) / 1e9).ToString("F9", CultureInfo.InvariantCulture);
}
