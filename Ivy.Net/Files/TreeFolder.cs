namespace Ivy.Net;

/// <summary>A folder of a watched tree, and the names in it as far as the events have told.</summary>
internal sealed class TreeFolder(FileTree tree, TreeFolder? parent, string name)
{
    public FileTree Tree => tree;

    // Null for the root.
    public TreeFolder? Parent { get; set; } = parent;

    // The root's is the path that was given.
    public string Name { get; set; } = name;

    // Null for what is not a folder.
    public Dictionary<string, TreeFolder?> Entries { get; } = [];

    public IvInotifyWatch? Watch { get; set; }

    // Its watch was made after the kernel's queue had been empty this many times.
    public long Seen { get; set; }

    public bool IsGone { get; set; }

    // What was told of it last.
    public IvError Error { get; set; }

    public string Path
    {
        get
        {
            if (Parent is null)
            {
                return Name;
            }

            var names = new Stack<string>();
            TreeFolder folder = this;
            for (; folder.Parent is { } above; folder = above)
            {
                names.Push(folder.Name);
            }

            return TreePath.Join(folder.Name, string.Join('/', names));
        }
    }

    public bool IsWithin(TreeFolder other)
    {
        for (TreeFolder? folder = this; folder is not null; folder = folder.Parent)
        {
            if (folder == other)
            {
                return true;
            }
        }

        return false;
    }
}
