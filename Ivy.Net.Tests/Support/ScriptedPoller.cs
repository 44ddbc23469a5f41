using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Support;

/// <summary>A poller of which the test knows all: it owns the clock, reports what the test scripted, and records each call.</summary>
/// <remarks>
/// It never sleeps: a wait without anything scripted jumps the clock to the deadline. One without a deadline ends the test,
/// because it would have slept for ever; unless <see cref="SleepsForReal"/> is set, for tests that have a second thread.
/// </remarks>
internal sealed class ScriptedPoller : IvPoller
{
    // A loop that looks this often in one test is spinning.
    private const int MaximumWaits = 3_000_000;

    private readonly Dictionary<nint, (ulong Token, IvBands Want)> _registered = [];
    private readonly Queue<Func<IvReady[]>> _batches = [];
    private readonly PriorityQueue<Action, long> _agenda = new();
    private readonly SemaphoreSlim _wakes = new(0);
    private int _wakeCount;
    private bool _isInside;
    private bool _isDisposed;

    public override string Name => "scripted";

    /// <summary>What <see cref="Now"/> says: a second past zero, until somebody moves it.</summary>
    public IvTimestamp Clock { get; set; } = new(1_000_000_000);

    public override IvTimestamp Now
    {
        get
        {
            ClockReads++;
            return Clock;
        }
    }

    public override nint BackendHandle => 4711;

    public override bool ValidatesHandles => true;

    /// <summary>Waits for ever are real, and end by a wake-up (or, after a minute, the test).</summary>
    public bool SleepsForReal { get; init; }

    /// <summary>What the next calls of Add answer, by descriptor.</summary>
    public Dictionary<nint, IvError> Refusals { get; } = [];

    /// <summary>Replaces the answer of Wait: for a poller that breaks its contract.</summary>
    public Func<IvTimestamp, int>? WaitOverride { get; set; }

    /// <summary>Whether Reset does anything.</summary>
    public bool CanReset { get; init; } = true;

    public List<string> Calls { get; } = [];

    /// <summary>What happens while a descriptor is taken out.</summary>
    public Action? OnRemove { get; init; }

    /// <summary>The deadlines of all waits.</summary>
    public List<IvTimestamp> Deadlines { get; } = [];

    /// <summary>Set to false where the record of a million calls would be the test's main cost.</summary>
    public bool Records { get; set; } = true;

    public int ClockReads { get; private set; }

    public int Waits { get; private set; }

    public int Resets { get; private set; }

    public bool IsDisposed => _isDisposed;

    public int Wakes => Volatile.Read(ref _wakeCount);

    public ulong TokenOf(nint handle) => _registered[handle].Token;

    /// <summary>What one of the next waits reports, one batch for each call of this.</summary>
    public void Ready(params (nint Handle, IvBands Bands)[] batch) => _batches.Enqueue(() =>
    {
        List<IvReady> answers = [];
        foreach ((nint handle, IvBands bands) in batch)
        {
            if (_registered.TryGetValue(handle, out var entry))
            {
                answers.Add(new IvReady(entry.Token, bands));
            }
        }

        return [.. answers];
    });

    /// <summary>As it stands, whatever is registered: for stale tokens and refused changes.</summary>
    public void ReadyRaw(params IvReady[] batch) => _batches.Enqueue(() => batch);

    /// <summary>Has something happen at a time, during a wait.</summary>
    public void At(IvTimestamp time, Action action) => _agenda.Enqueue(action, time.Nanoseconds);

    /// <summary>Time passes, as in a slow handler.</summary>
    public void Advance(TimeSpan span) => Clock += span;

    public override IvError Add(nint handle, IvBands want, ulong token)
    {
        Enter();
        Record($"add {handle} {want}");
        IvError error = Refusals.Remove(handle, out IvError refusal) ? refusal : IvError.None;
        if (error == IvError.None)
        {
            _registered[handle] = (token, want);
        }

        _isInside = false;
        return error;
    }

    public override void Remove(nint handle, ulong token)
    {
        Enter();
        Record($"remove {handle}");
        OnRemove?.Invoke();
        if (_registered.TryGetValue(handle, out var entry) && entry.Token == token)
        {
            _registered.Remove(handle);
        }

        _isInside = false;
    }

    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        Enter();
        try
        {
            return WaitInside(changes, deadline, ready);
        }
        finally
        {
            _isInside = false;
        }
    }

    public override void Wake()
    {
        if (_isDisposed)
        {
            return;
        }

        Interlocked.Increment(ref _wakeCount);
        _wakes.Release();
    }

    public override bool Reset()
    {
        Record("reset");
        if (!CanReset)
        {
            return false;
        }

        Resets++;
        _registered.Clear();
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }

    private int WaitInside(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        foreach (ref readonly IvChange change in changes)
        {
            Record($"change {change.Handle} {change.From} -> {change.Want}");
            if (_registered.TryGetValue(change.Handle, out var entry) && entry.Token == change.Token)
            {
                Assert.That(change.From, Is.EqualTo(entry.Want), "From must be what the poller was told last");
                _registered[change.Handle] = (change.Token, change.Want);
            }
        }

        if (ready.IsEmpty)
        {
            Record("flush");
            return 0;
        }

        Waits++;
        if (Records)
        {
            Calls.Add($"wait {deadline}");
            Deadlines.Add(deadline);
        }

        if (Waits > MaximumWaits)
        {
            Assert.Fail($"The loop spins: {Waits} waits.");
        }

        if (WaitOverride is { } replacement)
        {
            return replacement(deadline);
        }

        if (_batches.Count == 0)
        {
            Pass(deadline);
        }

        return _batches.TryDequeue(out Func<IvReady[]>? batch) ? Report(batch(), ready) : 0;
    }

    // Time passes until the deadline, the next point of the agenda or a wake-up, whichever is first.
    private void Pass(IvTimestamp deadline)
    {
        if (_wakes.Wait(0))
        {
            return;
        }

        if (_agenda.TryPeek(out Action? action, out long time) && (time <= Clock.Nanoseconds || time <= deadline.Nanoseconds))
        {
            _agenda.Dequeue();
            Clock = new IvTimestamp(Math.Max(Clock.Nanoseconds, time));
            action();
        }
        else if (deadline != IvTimestamp.MaxValue)
        {
            Clock = new IvTimestamp(Math.Max(Clock.Nanoseconds, deadline.Nanoseconds));
        }
        else if (SleepsForReal)
        {
            Assert.That(_wakes.Wait(LoopThread.Patience), Is.True, "Nobody woke the loop.");
        }
        else
        {
            Assert.Fail("The loop would sleep for ever.");
        }
    }

    private int Report(IReadOnlyList<IvReady> batch, Span<IvReady> ready)
    {
        int count = Math.Min(batch.Count, ready.Length);
        for (int i = 0; i < count; i++)
        {
            ready[i] = batch[i];
        }

        if (count < batch.Count)
        {
            IvReady[] rest = [.. batch.Skip(count)];
            Func<IvReady[]>[] later = [.. _batches];
            _batches.Clear();
            _batches.Enqueue(() => rest);
            Array.ForEach(later, _batches.Enqueue);
        }

        return count;
    }

    private void Enter()
    {
        Assert.That(_isDisposed, Is.False, "A member was called after Dispose.");
        Assert.That(_isInside, Is.False, "A member was called from inside another one.");
        _isInside = true;
    }

    private void Record(string line)
    {
        if (Records)
        {
            Calls.Add(line);
        }
    }
}
