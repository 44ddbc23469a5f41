namespace Ivy.Net;

/// <summary>How long <see cref="IvLoop.Run(IvRunMode)"/> goes on. Quit, Break and an exception end every mode.</summary>
public enum IvRunMode
{
    /// <summary>Until nothing that keeps the loop alive is registered and no post is queued.</summary>
    Default,

    /// <summary>One turn that waits if nothing was ready to run before the wait; timers that expired meanwhile run too.</summary>
    Once,

    /// <summary>One turn that does not wait.</summary>
    NonBlocking,

    /// <summary>As <see cref="Default"/>, but also while nothing is registered: for a loop that others post to.</summary>
    KeepAlive,
}
