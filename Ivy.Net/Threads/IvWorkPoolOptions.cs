namespace Ivy.Net;

/// <summary>How a work pool is made. Read once, by the constructor of <see cref="IvWorkPool"/>; may be used for many pools.</summary>
public sealed class IvWorkPoolOptions
{
    // As in ivykis: long enough for the next burst, short enough that a program at rest has no threads for it.
    private static readonly TimeSpan DefaultIdleTime = TimeSpan.FromSeconds(10);

    /// <summary>What messages and dumps call the pool, and its threads, with a number. Defaults to null; the threads are then called <c>ivy work</c>.</summary>
    public string? Name { get; init; }

    /// <summary>How many threads there are at most. Defaults to 0: as many as there are processors.</summary>
    public int MaxThreads
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>How many threads stay although they are idle, once work has made them start. Defaults to 0.</summary>
    public int MinThreads
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>After how much idle time a thread ends; <see cref="Timeout.InfiniteTimeSpan"/> for never. Defaults to 10 s.</summary>
    public TimeSpan IdleTime
    {
        get => field;
        init
        {
            if (value != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            }

            field = value;
        }
    } = DefaultIdleTime;

    /// <summary>How much work may wait for a thread: more is ENOBUFS. Defaults to no limit. Continuations are not counted against it.</summary>
    public int QueueLimit
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = int.MaxValue;

    /// <summary>Runs on each thread of the pool before its first work. If it throws, the thread ends, as one that could not be started. Defaults to null.</summary>
    public Action<IvWorkPool>? ThreadStart { get; init; }

    /// <summary>Runs on each thread of the pool after its last work. Defaults to null.</summary>
    public Action<IvWorkPool>? ThreadStop { get; init; }

    /// <summary>
    /// How the loops of the pool's threads are made. Defaults to null: as by <c>new IvLoopOptions()</c>. Their names are always
    /// those of their threads, and their network is that of the pool's loop.
    /// </summary>
    public IvLoopOptions? LoopOptions { get; init; }
}
