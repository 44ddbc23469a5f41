namespace Ivy.Net;

/// <summary>How an <see cref="IvLoopGroup"/> is made. Read once, by its constructor.</summary>
public sealed class IvLoopGroupOptions
{
    // Longer than a request takes that somebody waits for, and shorter than what ends a service that does not end (90 s in
    // systemd, 30 s in Kubernetes).
    private static readonly TimeSpan DefaultDrainTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What messages call the group; its threads and loops have the name, and their number. Defaults to <c>ivy</c>.</summary>
    public string Name
    {
        get => field;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = "ivy";

    /// <summary>How many loops, each on a thread of its own. Defaults to null: <see cref="Environment.ProcessorCount"/>.</summary>
    public int? Count
    {
        get => field;
        init
        {
            if (value is { } count)
            {
                ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, nameof(value));
            }

            field = value;
        }
    }

    /// <summary>
    /// Whether each thread is bound to one CPU, of those that the thread which makes the group may run on (sched_setaffinity(2)), in
    /// ascending order, beginning anew when there are more loops. Where that is refused or not to be had, the loop warns
    /// (<see cref="IvLoopOptions.Warning"/>) and goes on. Defaults to false; Linux only.
    /// </summary>
    public bool PinThreads { get; init; }

    /// <summary>
    /// The options of each loop, by its number; called by Start, on its thread. A name and a network that they leave open are the
    /// group's. Defaults to null: all at their defaults.
    /// </summary>
    public Func<int, IvLoopOptions>? LoopOptions { get; init; }

    /// <summary>The network of the loops. Defaults to null: <see cref="IvNetwork.Current"/>.</summary>
    public IvNetwork? Network { get; init; }

    /// <summary>
    /// How long connections may go on after <see cref="IvLoopGroup.Stop"/>; what is left is reset. Defaults to 10 s;
    /// <see cref="Timeout.InfiniteTimeSpan"/> waits for all.
    /// </summary>
    public TimeSpan DrainTimeout
    {
        get => field;
        init
        {
            if (value != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            }

            field = value;
        }
    } = DefaultDrainTimeout;

    /// <summary>
    /// Whether SIGINT (Ctrl-C) and SIGTERM call <see cref="IvLoopGroup.Stop"/>, so that the second one aborts; the third does
    /// what it does without a group. From Start to the end of the group. One that was ignored at the start of the process stays so, and a
    /// loop warns. Defaults to false. A simulated network has no signals.
    /// </summary>
    public bool StopOnSignals { get; init; }
}
