using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>An event of the kernel that a tree has taken down and not yet worked in.</summary>
/// <param name="Folder">The folder whose watch told it; null for an overflow.</param>
/// <param name="Watch">The watch: the folder may have another one by then.</param>
/// <param name="What">What happened.</param>
/// <param name="IsDirectory">Whether to a folder.</param>
/// <param name="Cookie">Of a move.</param>
/// <param name="Name">The entry's name; empty for the folder itself.</param>
/// <param name="Drained">How often the kernel's queue had been empty before: it happened after that.</param>
/// <param name="ReadAt">When it was read.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TreeChange(
    TreeFolder? Folder,
    IvInotifyWatch? Watch,
    IvFileEvents What,
    bool IsDirectory,
    uint Cookie,
    string Name,
    long Drained,
    IvTimestamp ReadAt)
{
    public bool IsOverflow => Folder is null;

    // Of a folder that has left the view, or of a watch that has been replaced.
    public bool IsStale => Folder is { } folder && (folder.IsGone || folder.Watch != Watch);
}
