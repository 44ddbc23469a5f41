namespace Ivy.Net;

/// <summary>Something that has been posted to a loop, and knows what to do there.</summary>
internal abstract class PostNode
{
    /// <summary>The callback that a report of slow callbacks names; null if the node has an object that is timed itself.</summary>
    public virtual Delegate? Callback => null;

    /// <summary>Runs on the loop's thread, out of the queue already.</summary>
    public abstract void Run(IvLoop loop);

    /// <summary>The loop was disposed with this in its queue; false if nobody waits for it any more.</summary>
    public abstract bool Drop();
}
