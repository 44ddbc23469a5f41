using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>One event of a folder that is watched with all that is below it.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IvFileTreeEvent
{
    /// <summary>
    /// What happened: one of the flags, or <see cref="IvFileEvents.Moved"/>, both of its flags, for a move inside of the tree.
    /// </summary>
    public IvFileEvents Events { get; init; }

    /// <summary>Where: the path that was given for the tree, and the names below it. After a move the new path.</summary>
    public string Path { get; init; }

    /// <summary>The path before a move inside of the tree; null otherwise.</summary>
    public string? OldPath { get; init; }

    /// <summary>Whether it happened to a folder. A symbolic link is none.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>
    /// Whether it was concluded from a look at the disk, and not told by the kernel: what is in a folder when its watch begins,
    /// what has come and gone during an overflow, the content of a folder that has left the tree.
    /// </summary>
    public bool IsInferred { get; init; }

    /// <summary>As in <c>Created /srv/new/</c>, with a slash after a folder, or <c>Moved /srv/new from /srv/old</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() =>
        TreePath.Describe(Events, Path, IsDirectory) + (OldPath is null ? string.Empty : $" from {OldPath}");
}
