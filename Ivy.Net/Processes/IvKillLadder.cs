namespace Ivy.Net;

/// <summary>How <see cref="IvProcess.Close"/> ends a child: it is asked a few times, and then not asked any more.</summary>
public sealed record IvKillLadder
{
    private const int DefaultSignal = 15; // SIGTERM
    private const int DefaultAttempts = 5;
    private const int LastSignal = 64;
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(5);

    /// <summary>SIGTERM at once and every 5 seconds, 5 times; then SIGKILL every 5 seconds until the child has ended.</summary>
    public static IvKillLadder Default { get; } = new();

    /// <summary>The number of the signal that asks the child to end. Defaults to SIGTERM.</summary>
    public int Signal
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LastSignal);
            field = value;
        }
    } = DefaultSignal;

    /// <summary>How often the child is asked before SIGKILL ends it. Defaults to 5; 0 asks never.</summary>
    public int Attempts
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = DefaultAttempts;

    /// <summary>The time between two signals. Defaults to 5 seconds.</summary>
    public TimeSpan Interval
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    } = DefaultInterval;
}
