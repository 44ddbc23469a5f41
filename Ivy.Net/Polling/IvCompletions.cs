namespace Ivy.Net.Polling;

/// <summary>An engine that completes operations instead of saying when they would not block: io_uring(7) has one.</summary>
/// <remarks>
/// It belongs to one loop, and is for its thread. What works with it is <see cref="IvCompletionSocket"/> and
/// <see cref="IvCompletionListener"/>; this class has what there is to know about it. Not meant to be derived from.
/// See IvCompletionSocket(3).
/// </remarks>
public abstract class IvCompletions
{
    private protected IvCompletions()
    {
    }

    /// <summary>How many bytes one buffer holds: at most so many come with one completion.</summary>
    public abstract int BufferSize { get; }

    /// <summary>How many buffers the kernel may fill before any is given back.</summary>
    public abstract int BufferCount { get; }

    /// <summary>How many buffers hold bytes: received and not given back, or to be sent. 0 when all is done.</summary>
    public abstract int BuffersInUse { get; }

    /// <summary>How many operations the kernel has not ended.</summary>
    public abstract int OperationsInFlight { get; }

    // Whether a completion waits to be dispatched.
    internal abstract bool HasReady { get; }

    /// <summary>Takes a socket over; the owner hears of its completions until <see cref="CompletionChannel.Detach"/>.</summary>
    internal abstract CompletionChannel Attach(ICompletionOwner owner, nint handle);

    /// <summary>Tells one owner of the oldest completion.</summary>
    internal abstract void DispatchOne();
}
