namespace Ivy.Net;

/// <summary>The loop's clock and timers as a <see cref="TimeProvider"/>: callbacks run on the loop, in virtual time if it is simulated.</summary>
/// <remarks>Timers may be made, changed and disposed on any thread: what is not the loop's goes there by a post, in order.</remarks>
internal sealed class IvLoopTimeProvider(IvLoop loop) : TimeProvider
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly DateTimeOffset SimulatedBeginning = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => NanosecondsPerSecond;

    public override long GetTimestamp() => loop.Poller.Now.Nanoseconds;

    /// <summary>The time of day; of a simulation, one that begins on 1 January 2000 in every run.</summary>
    public override DateTimeOffset GetUtcNow() => loop.Network is SimulatedNetwork simulation ? SimulatedBeginning + simulation.Elapsed : base.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ProvidedTimer(loop, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class ProvidedTimer : ITimer
    {
        private readonly IvLoop _loop;
        private readonly IvTimer _timer;
        private volatile bool _isDisposed;

        // Changes are numbered, because one that another thread posts may arrive after a newer one.
        private long _lastChange;
        private long _applied;

        public ProvidedTimer(IvLoop loop, TimerCallback callback, object? state)
        {
            _loop = loop;
            _timer = new IvTimer(_ =>
            {
                if (!_isDisposed)
                {
                    callback(state);
                }
            });
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Check(dueTime);
            Check(period);
            if (_isDisposed || _loop.IsDisposed)
            {
                return false;
            }

            // From now, wherever the caller is: neither from the turn's beginning nor from when a post runs.
            IvTimestamp? due = dueTime == Timeout.InfiniteTimeSpan ? null : _loop.Poller.Now + dueTime;
            return Send(due, period == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : period);
        }

        public void Dispose()
        {
            _isDisposed = true;
            Send(due: null, TimeSpan.Zero);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private bool Send(IvTimestamp? due, TimeSpan period)
        {
            long number = Interlocked.Increment(ref _lastChange);
            if (_loop.IsOnThread)
            {
                Apply(number, due, period);
                return true;
            }

            return _loop.Post(static change => change.Timer.Apply(change.Number, change.Due, change.Period), (Timer: this, Number: number, Due: due, Period: period));
        }

        // As System.Threading.Timer: an infinite due time disarms, a period of zero or infinity means once.
        private void Apply(long number, IvTimestamp? due, TimeSpan period)
        {
            if (number < _applied)
            {
                return;
            }

            _applied = number;
            if (_isDisposed || due is not { } time)
            {
                _timer.Stop();
            }
            else if (!_loop.IsDisposed)
            {
                _timer.StartAt(time, period);
            }
        }

        private static void Check(TimeSpan value)
        {
            if (value != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            }
        }
    }
}
