namespace Ivy.Net;

/// <summary>A broken rule, thrown by <see cref="IvFatal"/>: a bug in the program, not a condition to handle.</summary>
public sealed class IvFatalException : InvalidOperationException
{
    /// <summary>Makes the exception for a condition.</summary>
    /// <param name="info">The condition.</param>
    public IvFatalException(IvFatalInfo info)
        : base(info?.Message, info?.Exception)
    {
        ArgumentNullException.ThrowIfNull(info);
        Info = info;
    }

    /// <summary>The condition: id, message, reason, object.</summary>
    public IvFatalInfo Info { get; }
}
