using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>What was blocking, and has been made non-blocking for the length of a registration.</summary>
/// <remarks>
/// Blocking is a property of the open file, which duplicates share, as standard input and output do on a terminal: the last
/// registration of them puts it back. That takes an identity: by then the number may be a stranger's.
/// </remarks>
internal sealed class BlockingModes(IvLoop loop)
{
    // By how many registrations each was; and which others may rely on it.
    private readonly Dictionary<DescriptorIdentity, int> _made = [];
    private readonly List<(IvFd Fd, DescriptorIdentity Identity)> _sharers = [];

    /// <summary>Makes a descriptor that came as a number non-blocking unless it is; <paramref name="restore"/> tells whether to put it back.</summary>
    public IvError MakeNonBlocking(IvFd fd, ref DescriptorIdentity identity, out bool restore)
    {
        restore = false;
        if (fd.Socket is not null || !fd.SetsNonBlocking)
        {
            return IvError.None;
        }

        IvNetwork network = loop.Network;
        IvError error = network.GetBlocking(fd.Handle, out bool blocking);
        if (error != IvError.None || (!blocking && _made.Count == 0))
        {
            return error;
        }

        if (identity.Kind == DescriptorKind.Unknown)
        {
            error = network.Identify(fd.Handle, out identity);
            if (error != IvError.None)
            {
                return error;
            }
        }

        if (!blocking)
        {
            return IvError.None;
        }

        error = network.SetBlocking(fd.Handle, blocking: false);
        restore = error == IvError.None;
        return error;
    }

    /// <summary>The descriptor has been registered.</summary>
    public void Add(IvFd fd, DescriptorIdentity identity, bool restore)
    {
        if (restore)
        {
            fd.RestoresBlocking = true;
            CollectionsMarshal.GetValueRefOrAddDefault(_made, identity, out _)++;
        }
        else if (_made.Count > 0 && fd.Socket is null && _made.ContainsKey(identity))
        {
            fd.SharesBlocking = true;
            _sharers.Add((fd, identity));
        }
    }

    /// <summary>The registration has ended.</summary>
    public void Remove(IvFd fd, DescriptorIdentity identity)
    {
        if (fd.SharesBlocking)
        {
            fd.SharesBlocking = false;
            _sharers.Remove((fd, identity));
        }
        else if (fd.RestoresBlocking)
        {
            if (--CollectionsMarshal.GetValueRefOrNullRef(_made, identity) == 0)
            {
                _made.Remove(identity);
            }

            if (PutBack(fd, identity))
            {
                HandOn(identity);
            }
        }
    }

    private bool PutBack(IvFd fd, DescriptorIdentity identity) =>
        !fd.IsOrphan
        && loop.Network.Identify(fd.Handle, out DescriptorIdentity now) == IvError.None
        && now == identity
        && loop.Network.SetBlocking(fd.Handle, blocking: true) == IvError.None;

    // Of one inode is not yet of one open file: that is whoever has just become blocking, too.
    private void HandOn(DescriptorIdentity identity)
    {
        IvNetwork network = loop.Network;
        for (int i = 0; i < _sharers.Count; i++)
        {
            (IvFd heir, DescriptorIdentity candidate) = _sharers[i];
            if (candidate == identity && !heir.IsOrphan
                && network.GetBlocking(heir.Handle, out bool blocking) == IvError.None && blocking
                && network.SetBlocking(heir.Handle, blocking: false) == IvError.None)
            {
                _sharers.RemoveAt(i);
                heir.SharesBlocking = false;
                Add(heir, identity, restore: true);
                return;
            }
        }
    }
}
