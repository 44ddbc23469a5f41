using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>What came as a number is made non-blocking unless it is, and put back when its registration ends.</summary>
/// <remarks>
/// <para>M1: a descriptor is put back only if its number still stands for what it stood for: by then it may be a stranger's.</para>
/// <para>M2: blocking is a property of the open file, which duplicates share, as standard input and output do on a terminal:
/// the last registration of them puts it back. Of one inode is not yet of one open file; that is whoever becomes blocking
/// together with it.</para>
/// </remarks>
internal sealed class BlockingModes(IvNetwork network)
{
    // Of the few descriptors that it matters for.
    private readonly Dictionary<IvFd, DescriptorIdentity> _identities = [];

    // What has been made non-blocking here, and by how many registrations; and how many more may rely on it.
    private readonly Dictionary<DescriptorIdentity, int> _madeNonBlocking = [];
    private int _sharers;

    /// <summary>Whether a descriptor is still what it was when it was registered; false if that is not known.</summary>
    public bool IsStill(IvFd fd, DescriptorIdentity identity) =>
        _identities.TryGetValue(fd, out DescriptorIdentity before) && before == identity;

    /// <summary>Makes a descriptor non-blocking that is not; <paramref name="restore"/> tells whether it was blocking.</summary>
    public IvError TryPrepare(IvFd fd, ref DescriptorIdentity identity, out bool restore)
    {
        restore = false;
        if (fd.Socket is not null || !fd.SetsNonBlocking)
        {
            return IvError.None;
        }

        IvError error = network.GetBlocking(fd.Handle, out bool blocking);
        if (error != IvError.None || (!blocking && _madeNonBlocking.Count == 0))
        {
            return error;
        }

        if (identity.Kind == DescriptorKind.Unknown)
        {
            error = network.Identify(fd.Handle, out identity);
        }

        if (error == IvError.None && blocking)
        {
            error = network.SetBlocking(fd.Handle, blocking: false);
            restore = error == IvError.None;
        }

        return error;
    }

    /// <summary>The poller refused the descriptor: as if nothing had been.</summary>
    public void Undo(IvFd fd, bool restore)
    {
        if (restore)
        {
            network.SetBlocking(fd.Handle, blocking: true);
        }
    }

    /// <summary>The descriptor is registered: remembers what the end of the registration needs.</summary>
    public void Begin(IvFd fd, DescriptorIdentity identity, bool restore)
    {
        if (restore || identity.Kind != DescriptorKind.Unknown)
        {
            _identities[fd] = identity;
        }

        if (restore)
        {
            AddRestoring(fd, identity);
        }
        else if (fd.Socket is null && _madeNonBlocking.ContainsKey(identity))
        {
            fd.SharesBlocking = true;
            _sharers++;
        }
    }

    /// <summary>The registration ends: makes the descriptor blocking again if it was, unless others rely on it.</summary>
    public void End(IvFd fd)
    {
        if (fd.RestoresBlocking)
        {
            Restore(fd, _identities[fd]);
        }
        else if (fd.SharesBlocking)
        {
            _sharers--;
        }

        if (_identities.Count > 0)
        {
            _identities.Remove(fd);
        }
    }

    private void AddRestoring(IvFd fd, DescriptorIdentity identity)
    {
        fd.RestoresBlocking = true;
        CollectionsMarshal.GetValueRefOrAddDefault(_madeNonBlocking, identity, out _)++;
    }

    private void Restore(IvFd fd, DescriptorIdentity identity)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(_madeNonBlocking, identity) == 0)
        {
            _madeNonBlocking.Remove(identity);
        }

        if (fd.IsOrphan
            || network.Identify(fd.Handle, out DescriptorIdentity now) != IvError.None
            || now != identity
            || network.SetBlocking(fd.Handle, blocking: true) != IvError.None
            || _sharers == 0)
        {
            return;
        }

        foreach ((IvFd heir, DescriptorIdentity candidate) in _identities)
        {
            if (candidate == identity && heir is { SharesBlocking: true, IsOrphan: false }
                && network.GetBlocking(heir.Handle, out bool blocking) == IvError.None && blocking
                && network.SetBlocking(heir.Handle, blocking: false) == IvError.None)
            {
                heir.SharesBlocking = false;
                _sharers--;
                AddRestoring(heir, identity);
                return;
            }
        }
    }
}
