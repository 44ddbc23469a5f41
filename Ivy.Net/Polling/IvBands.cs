namespace Ivy.Net.Polling;

/// <summary>What a descriptor is watched for, and what it is ready for.</summary>
/// <remarks>
/// A poller reports <see cref="Err"/> and <see cref="Closed"/> whether or not they were asked for, as poll(2) does; it may
/// leave out the bands that follow from them.
/// </remarks>
[Flags]
public enum IvBands
{
    /// <summary>Nothing: the descriptor is not in the kernel's set, and costs nothing.</summary>
    None = 0,

    /// <summary>A read would not block: data, a connection to accept, or the end (POLLIN).</summary>
    In = 1,

    /// <summary>A write would not block, or a connect has ended (POLLOUT).</summary>
    Out = 2,

    /// <summary>An error is pending (POLLERR). As an interest: nothing but errors and hang-ups.</summary>
    Err = 4,

    /// <summary>The peer closed its sending side (POLLRDHUP).</summary>
    Hangup = 8,

    /// <summary>Urgent data (POLLPRI).</summary>
    Pri = 16,

    /// <summary>Both directions are closed (POLLHUP). Never an interest.</summary>
    Closed = 32,

    /// <summary>
    /// As an interest, beside others: report only what is news (EPOLLET). For a poller that <see cref="IvPoller.HasEdges"/>; never reported.
    /// </summary>
    Edge = 64,
}
