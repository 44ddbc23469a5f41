namespace Ivy.Net.Edge;

/// <summary>A timer of an <see cref="EdgeLoop{TState, TCallbacks}"/>: calls <see cref="IEdgeCallbacks{TState}.OnTimer"/>.</summary>
/// <remarks>
/// One meaning on all systems: first after the due time, then each period from deadline to deadline; with a period of zero,
/// once. It is in user space, and there is no limit of how many. For the loop's thread. See EdgeLoop(3).
/// </remarks>
/// <typeparam name="TState">What the program keeps for it.</typeparam>
public sealed class EdgeTimer<TState> : IDisposable
{
    private readonly IvTimer _timer;
    private TState _state;

    internal EdgeTimer(EdgeLoop<TState> loop, TState state)
    {
        Loop = loop;
        _state = state;
        _timer = new IvTimer(static timer => ((EdgeTimer<TState>)timer.State!).Fire()) { State = this };
    }

    /// <summary>The loop that made it.</summary>
    public EdgeLoop<TState> Loop { get; }

    /// <summary>What the program keeps for it, by reference; the reference stays good for as long as it is held.</summary>
    public ref TState State => ref _state;

    /// <summary>What messages and dumps call it.</summary>
    public string? Name
    {
        get => _timer.Name;
        set => _timer.Name = value;
    }

    /// <summary>Whether it is armed. In the callback of its last call it no longer is.</summary>
    public bool IsRunning => _timer.IsRegistered;

    /// <summary>How many calls of a periodic timer were left out since Start, because the loop was busy when they were due.</summary>
    public long Overruns => _timer.Overruns;

    /// <summary>Arms the timer, from the loop's Now; moves it if it is running.</summary>
    /// <param name="due">How long to the first call; zero is as soon as the loop runs.</param>
    /// <param name="period">How long from deadline to deadline; zero for once. A loop that was busy for several makes one call, and counts the rest.</param>
    public void Start(TimeSpan due, TimeSpan period = default)
    {
        Loop.CheckUsable(_timer, nameof(Start));
        _timer.Start(due, period);
    }

    /// <summary>Disarms the timer, also one that is due already; nothing happens if it is not running.</summary>
    public void Stop() => _timer.Stop();

    /// <summary>Stops the timer, and ends its use. Idempotent.</summary>
    public void Dispose() => _timer.Dispose();

    /// <summary>The name, as in <c>EdgeTimer "tick"</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? "EdgeTimer" : $"EdgeTimer \"{Name}\"";

    // Of those that a loop has, the ones that are armed.
    internal static EdgeTimer<TState>? Of(IvTimer timer) => timer.State as EdgeTimer<TState>;

    private void Fire()
    {
        Loop.CallTimer(this);
        Loop.CountEvent();
    }
}
