#pragma warning disable MA0048 // EdgeLoop<TState, TCallbacks>: the file system has no angle brackets

namespace Ivy.Net.Edge;

/// <summary>A loop with evio's face: edge-triggered or one-shot, its callbacks fixed when the program is compiled.</summary>
/// <remarks>
/// <para>It lives on the thread's <see cref="Ivy.Net.IvLoop"/>, beside IvFd, IvTimer and all else that is registered there, and makes one if
/// the thread has none. Either run that loop, or call <see cref="EdgeLoop{TState}.Review(TimeSpan)"/> again and again.</para>
/// <para>All members are for the loop's thread. No event allocates. Follows evio(facil.io); see EdgeLoop(3).</para>
/// </remarks>
/// <typeparam name="TState">What the program keeps for each descriptor and timer.</typeparam>
/// <typeparam name="TCallbacks">The callbacks; a struct without fields.</typeparam>
public sealed class EdgeLoop<TState, TCallbacks> : EdgeLoop<TState>
    where TCallbacks : struct, IEdgeCallbacks<TState>
{
    /// <summary>Makes one on this thread's loop, or on one of its own.</summary>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="IvException">A loop of its own could not be made: no poll method is available.</exception>
    public EdgeLoop(EdgeLoopOptions? options = null)
        : base(options ?? new EdgeLoopOptions())
    {
    }

    private protected override EdgeFd<TState> Create(IvFd fd, TState state) => new EdgeFd<TState, TCallbacks>(this, fd, state);

    internal override void CallTimer(EdgeTimer<TState> timer) => TCallbacks.OnTimer(timer);
}
