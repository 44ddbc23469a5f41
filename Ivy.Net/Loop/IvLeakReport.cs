namespace Ivy.Net;

/// <summary>What was still registered on a loop, or queued for it, when it was disposed; all of it has been unregistered.</summary>
/// <param name="Loop">The loop.</param>
/// <param name="Objects">The objects that were registered.</param>
/// <param name="DroppedPosts">How many posts had not run.</param>
public sealed record IvLeakReport(IvLoop Loop, IReadOnlyList<IvObject> Objects, int DroppedPosts)
{
    /// <summary>As in <c>IvLoop "main" was disposed with 3 objects registered, the first one IvFd 5 ("accept"), and 2 posts not run</c>.</summary>
    /// <returns>A text for logs.</returns>
    public override string ToString()
    {
        string first = Objects.Count == 0 ? string.Empty : $", the first one {Objects[0]},";
        return $"{Loop} was disposed with {Objects.Count} objects registered{first} and {DroppedPosts} posts not run";
    }
}
