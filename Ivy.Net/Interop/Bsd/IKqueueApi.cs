namespace Ivy.Net.Interop.Bsd;

/// <summary>
/// The seam under what waits by kqueue(2): the kernel of macOS, that of FreeBSD, or a model of either, which the tests have.
/// </summary>
/// <remarks>Results are those of the kernel: 0 or more, or a negative errno of its own numbering (<see cref="KqueueDialect.ToError"/>).</remarks>
internal interface IKqueueApi
{
    /// <summary>The numbers that this kernel goes by.</summary>
    KqueueDialect Dialect { get; }

    /// <summary>kqueue(2).</summary>
    /// <returns>The descriptor of the queue, close-on-exec in effect: a child never inherits a queue.</returns>
    int Create();

    /// <summary>close(2) of a queue.</summary>
    void Close(int queue);

    /// <summary>
    /// kevent(2): hands over changes, waits, takes events. Any thread may hand over a change while another one waits. EINTR comes out;
    /// all changes have been applied then.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="changes">What to change.</param>
    /// <param name="events">
    /// Room for the events, and for the answers to changes. A change that fails where there is no room for its answer ends the call, and
    /// those behind it are lost: leave as much room as there are changes, or hand over one alone.
    /// </param>
    /// <param name="nanoseconds">How long to wait: 0 only looks, a negative number waits for ever.</param>
    /// <returns>How many events there are, or a negative errno.</returns>
    int Exchange(int queue, ReadOnlySpan<KqueueEvent> changes, Span<KqueueEvent> events, long nanoseconds);

    /// <summary>getsockopt(2): 0 if a descriptor is a socket, or a negative errno: EBADF, ENOTSOCK.</summary>
    int CheckSocket(int fd);
}
