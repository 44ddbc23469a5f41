namespace Ivy.Net;

/// <summary>One loop's copy of something that each loop has its own of.</summary>
internal abstract class LoopLocalSlot
{
    /// <summary>Ends it, on the loop's thread, with the loop in working order.</summary>
    public abstract void TearDown(IvLoop loop);
}
