namespace Ivy.Net.Polling;

/// <summary>Counts the calls that are inside a port, so that it is taken apart when the last of them has left, and none comes in after.</summary>
internal sealed class PortGate
{
    // The sign bit: the rest counts the calls inside.
    private const int Closed = int.MinValue;

    private readonly object _left = new();
    private int _state;

    public bool IsClosed => Volatile.Read(ref _state) < 0;

    public int Inside => Volatile.Read(ref _state) & ~Closed;

    /// <summary>False once it is closed; otherwise <see cref="Leave"/> has to follow.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _state) > 0)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref _state) == Closed)
        {
            lock (_left)
            {
                Monitor.PulseAll(_left);
            }
        }
    }

    /// <summary>Lets nobody in any more.</summary>
    /// <returns>False if it was closed already.</returns>
    public bool Close() => Interlocked.Or(ref _state, Closed) >= 0;

    /// <summary>Returns when all calls have left that were inside when it was closed.</summary>
    public void WaitUntilEmpty()
    {
        lock (_left)
        {
            while (Volatile.Read(ref _state) != Closed)
            {
                Monitor.Wait(_left);
            }
        }
    }
}
