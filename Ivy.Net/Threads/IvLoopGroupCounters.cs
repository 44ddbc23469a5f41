namespace Ivy.Net;

/// <summary>What a loop of an <see cref="IvLoopGroup"/>, or the whole of it, has to do with connections; a snapshot.</summary>
/// <param name="Connections">Open now, those that are on their way to the loop included.</param>
/// <param name="Accepted">Accepted for this loop.</param>
/// <param name="Added">Made known by <see cref="IvLoopGroupMember.Add"/>, or moved in from outside of the group.</param>
/// <param name="MovedIn">Moved here from another loop.</param>
/// <param name="MovedOut">Moved from here to another loop.</param>
/// <param name="Drained">Ended by the program or the peer after the group was asked to stop.</param>
/// <param name="Aborted">Reset by the group.</param>
public readonly record struct IvLoopGroupCounters(
    int Connections,
    long Accepted,
    long Added,
    long MovedIn,
    long MovedOut,
    long Drained,
    long Aborted);
