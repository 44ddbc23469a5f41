namespace Ivy.Net.Edge;

/// <summary>For the constructor of <see cref="EdgeLoop{TState, TCallbacks}"/>; may be used for many loops.</summary>
public sealed class EdgeLoopOptions
{
    // evio's: a page of struct epoll_event holds four times as many, but the caller of Review has something else to do.
    internal const int DefaultMaxEvents = 64;

    // evio's, of its later versions.
    private static readonly TimeSpan DefaultTick = TimeSpan.FromMilliseconds(512);

    /// <summary>When a callback that has been called is called again. Defaults to <see cref="EdgeTrigger.Edge"/>.</summary>
    public EdgeTrigger Trigger
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)EdgeTrigger.OneShot, nameof(value));
            field = value;
        }
    }

    /// <summary>How many events one Review handles at most. Defaults to 64.</summary>
    public int MaxEvents
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = DefaultMaxEvents;

    /// <summary>How long a Review or WaitReady without a time waits at most. Defaults to 512 ms.</summary>
    public TimeSpan Tick
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = DefaultTick;

    /// <summary>
    /// How the loop below is made: its poll methods, its network and the rest. Defaults to null: the thread's loop is used, and
    /// one is made only where there is none. With options one is made in any case; on a thread that has a loop that is a misuse (IVF0003).
    /// </summary>
    public IvLoopOptions? Loop { get; init; }
}
