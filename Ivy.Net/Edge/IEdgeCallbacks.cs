namespace Ivy.Net.Edge;

/// <summary>The callbacks of an <see cref="EdgeLoop{TState, TCallbacks}"/>, fixed when the program is compiled.</summary>
/// <remarks>
/// Implement it by a struct: of a struct the compiler makes code of its own, with the callbacks inlined into it. They run on the
/// loop's thread, one after the other, and may arm, disarm, close and dispose whatever they like. See EdgeLoop(3).
/// </remarks>
/// <typeparam name="TState">What the program keeps for each descriptor and timer; a struct, if the callbacks are to be inlined.</typeparam>
public interface IEdgeCallbacks<TState>
{
    /// <summary>There is something to read or to accept.</summary>
    /// <param name="fd">The descriptor.</param>
    static abstract void OnData(EdgeFd<TState> fd);

    /// <summary>There is room to write, or a connect has been made.</summary>
    /// <param name="fd">The descriptor.</param>
    static abstract void OnReady(EdgeFd<TState> fd);

    /// <summary>
    /// The descriptor is broken: a reset, a connect that failed, an interest that the kernel refused. Called after
    /// <see cref="OnData"/>, if there was something to read. A stream is not watched any more: close it.
    /// </summary>
    /// <param name="fd">The descriptor.</param>
    /// <param name="error">What the system said; <see cref="IvError.None"/> if a call that went past <paramref name="fd"/> took it already.</param>
    static abstract void OnError(EdgeFd<TState> fd, IvError error);

    /// <summary>
    /// The connection has ended, told once: by the peer, after all of its data was read, or by <see cref="EdgeFd{TState}.Close"/>.
    /// </summary>
    /// <param name="fd">The descriptor.</param>
    /// <param name="reason">Who ended it.</param>
    static abstract void OnClose(EdgeFd<TState> fd, EdgeCloseReason reason);

    /// <summary>A timer is due. Does nothing unless it is implemented.</summary>
    /// <param name="timer">The timer.</param>
    static virtual void OnTimer(EdgeTimer<TState> timer)
    {
    }
}
