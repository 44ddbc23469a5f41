using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>What a tree has to say to its user: an event, an error of a path, or that events were lost.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TreeReport(IvFileTreeEvent Event, IvError Error = IvError.None, bool IsOverflow = false)
{
    // The last one there is.
    public bool IsEnd => Event.Events == IvFileEvents.Ended;
}
