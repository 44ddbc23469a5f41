namespace Ivy.Net;

/// <summary>What the kernel has one watch for: an inode, with all that watch it here.</summary>
internal sealed class InotifyGroup(int descriptor)
{
    public int Descriptor => descriptor;

    // Never changed, only replaced: who dispatches over it goes on with what there was.
    public IvInotifyWatch[] Members { get; private set; } = [];

    public bool ExcludesUnlinked { get; init; }

    public void Add(IvInotifyWatch watch)
    {
        Members = [.. Members, watch];
        watch.Group = this;
    }

    public void Remove(IvInotifyWatch watch)
    {
        Members = Array.FindAll(Members, member => member != watch);
        watch.Group = null;
    }
}
