using System.Runtime.Intrinsics.X86;

namespace Ivy.Net;

/// <summary>One registration of an <see cref="IvEvent"/>, as its loop's queue holds it.</summary>
/// <remarks>
/// N1: the node is in the queue if and only if its state is not Idle.
/// N2: a node that is no longer its owner's belongs to a registration that has ended: what was posted to it is dropped.
/// </remarks>
internal sealed class EventNode(IvEvent owner, IvLoop loop) : PostNode
{
    private const int Idle = 0;
    private const int Posted = 1;
    private int _state;

    /// <summary>Any thread: queues the node unless it is queued. False if the loop has been disposed.</summary>
    public bool Post()
    {
        while (Interlocked.CompareExchange(ref _state, Posted, Idle) != Idle)
        {
            // Posted already: what the caller wrote before must be there when the handler runs. A failed exchange is a fence on x86,
            // but not on every processor; with one, a state that still is not Idle says that the handler comes after.
            if (!X86Base.IsSupported)
            {
                Interlocked.MemoryBarrier();
            }

            if (Volatile.Read(ref _state) != Idle)
            {
                return true;
            }
        }

        if (loop.Enqueue(this, state: null))
        {
            return true;
        }

        Volatile.Write(ref _state, Idle);
        return false;
    }

    public override void Run(IvLoop loop)
    {
        // Cleared before the handler runs: a post from now on is one more call, in a later batch.
        Interlocked.Exchange(ref _state, Idle);
        if (owner.Node == this)
        {
            loop.Invoke(owner.Handler, owner);
        }
    }

    public override bool Drop()
    {
        Interlocked.Exchange(ref _state, Idle);
        return owner.Node == this;
    }
}
