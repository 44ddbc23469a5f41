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

        public ProvidedTimer(IvLoop loop, TimerCallback callback, object? state)
        {
            _loop = loop;
            _timer = new IvTimer(_ => callback(state));
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Check(dueTime);
            Check(period);
            if (_isDisposed || _loop.IsDisposed)
            {
                return false;
            }

            if (_loop.IsOnThread)
            {
                Apply(dueTime, period);
                return true;
            }

            return _loop.Post(static change => change.Timer.Apply(change.Due, change.Period), (Timer: this, Due: dueTime, Period: period));
        }

        public void Dispose()
        {
            _isDisposed = true;
            if (_loop.IsOnThread)
            {
                _timer.Stop();
            }
            else
            {
                _loop.Post(static timer => timer._timer.Stop(), this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        // As System.Threading.Timer: an infinite due time disarms, a period of zero or infinity means once.
        private void Apply(TimeSpan due, TimeSpan period)
        {
            if (_isDisposed || due == Timeout.InfiniteTimeSpan)
            {
                _timer.Stop();
                return;
            }

            // From now, not from the turn's beginning: the caller may be anywhere.
            _timer.StartAt(_loop.Poller.Now + due, period == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : period);
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
