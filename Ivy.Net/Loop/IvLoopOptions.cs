using Ivy.Net.Polling;
using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net;

/// <summary>How a loop is made. Read once, by the constructor of <see cref="IvLoop"/>; may be used for many loops.</summary>
public sealed class IvLoopOptions
{
    internal const int DefaultPostPoolSize = 1024;
    internal const int MaxSpinMicroseconds = 1_000_000;

    // As many events as one page of struct epoll_event holds: beyond that a larger batch saves nothing that was measurable,
    // and a smaller one lets timers and posts in sooner.
    internal const int DefaultBatchSize = 256;

    /// <summary>What messages and dumps call the loop. Defaults to null.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// The poll methods to try, best first. Defaults to null: the environment variables IVY_SELECT_POLL_METHOD and
    /// IVY_EXCLUDE_POLL_METHOD choose among <see cref="IvPollMethod.All"/>. With a list the environment is not asked.
    /// </summary>
    public IReadOnlyList<IvPollMethod>? PollMethods { get; init; }

    /// <summary>Poll methods, by name, that are left out whatever the list says. Defaults to none.</summary>
    public IReadOnlyList<string> ExcludedPollMethods { get; init; } = [];

    /// <summary>The network of the loop's sockets and descriptors. Defaults to <see cref="IvNetwork.System"/>.</summary>
    public IvNetwork? Network { get; init; }

    /// <summary>How many ready descriptors one wait brings at most. Defaults to 256.</summary>
    public int BatchSize
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = DefaultBatchSize;

    /// <summary>
    /// For how many microseconds the loop goes on looking, for posts above all, before it sleeps; at most a second. Defaults to 0. What
    /// comes in that time finds the loop awake: nobody has to wake it, which costs a system call and the time that a thread needs
    /// to start running. The price is a core that is busy while nothing happens. Simulated loops don't spin.
    /// </summary>
    public int SpinMicroseconds
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxSpinMicroseconds);
            field = value;
        }
    }

    /// <summary>For how many posts the loop keeps room; more in flight are allocated. Defaults to 1024. Posts whose state is a value also use a pool of 1024 for each type, which all loops share.</summary>
    public int PostPoolSize
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = DefaultPostPoolSize;

    /// <summary>Makes the pool of the pieces of which the queue of posts consists, which must be safe for many threads. Defaults to null: a default pool for <see cref="PostPoolSize"/>.</summary>
    public ObjectPoolProvider? PoolProvider { get; init; }

    /// <summary>
    /// Gets what a handler threw, on the loop's thread, after which the loop goes on; what it throws itself leaves Run.
    /// Defaults to null: exceptions leave Run untouched, at the place where they were thrown.
    /// </summary>
    public Action<IvUnhandledException>? UnhandledException { get; init; }

    /// <summary>Told by Dispose of objects that are still registered, and of posts that have not run. Defaults to null.</summary>
    public Action<IvLeakReport>? LeakReport { get; init; }

    /// <summary>
    /// From which length on a callback is reported to <see cref="SlowCallbackReport"/>. Defaults to null: callbacks are not
    /// timed. Costs two readings of the clock for each callback.
    /// </summary>
    public TimeSpan? SlowCallback { get; init; }

    /// <summary>Told of callbacks that were slow. Defaults to null: a line on standard error.</summary>
    public Action<IvSlowCallback>? SlowCallbackReport { get; init; }

    /// <summary>Told, once for each cause and loop, of what works but should not be so. Defaults to null: a line on standard error.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>The same for one of the library's own loops.</summary>
    internal IvLoopOptions For(string name, IvNetwork network) => new()
    {
        Name = name,
        Network = network,
        PollMethods = PollMethods,
        ExcludedPollMethods = ExcludedPollMethods,
        BatchSize = BatchSize,
        SpinMicroseconds = SpinMicroseconds,
        PostPoolSize = PostPoolSize,
        PoolProvider = PoolProvider,
        UnhandledException = UnhandledException,
        LeakReport = LeakReport,
        SlowCallback = SlowCallback,
        SlowCallbackReport = SlowCallbackReport,
        Warning = Warning,
    };
}
