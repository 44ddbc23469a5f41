using System.Runtime.ExceptionServices;

namespace Ivy.Net;

/// <summary>How a piece of work of an <see cref="IvWorkPool"/> ended.</summary>
public readonly record struct IvWorkResult
{
    /// <summary>Makes a result, as the pool does; for tests of completions.</summary>
    /// <param name="exception">What the work has thrown.</param>
    /// <param name="isCancelled">Whether it was cancelled.</param>
    public IvWorkResult(Exception? exception, bool isCancelled)
    {
        Exception = exception;
        IsCancelled = isCancelled;
    }

    /// <summary>What the work has thrown; null if it returned, or never began.</summary>
    public Exception? Exception { get; }

    /// <summary>Whether it was cancelled: before it began, or, by an OperationCanceledException of its token, by itself.</summary>
    public bool IsCancelled { get; }

    /// <summary>Whether the work ran and returned.</summary>
    public bool IsOk => Exception is null && !IsCancelled;

    /// <summary>Throws what the work has thrown, with its stack, or OperationCanceledException if it never began; else does nothing.</summary>
    public void ThrowIfFailed()
    {
        if (Exception is { } exception)
        {
            ExceptionDispatchInfo.Throw(exception);
        }

        if (IsCancelled)
        {
            throw new OperationCanceledException("The work was cancelled before it began.");
        }
    }
}
