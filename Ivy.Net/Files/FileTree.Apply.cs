namespace Ivy.Net;

/// <content>What each event changes.</content>
internal sealed partial class FileTree
{
    private void Apply(in TreeChange change)
    {
        if (change.IsOverflow)
        {
            StartOver();
            return;
        }

        TreeFolder folder = change.Folder!;
        if (change.What == IvFileEvents.MovedFrom)
        {
            ApplyDeparture(change);
        }
        else if (change.IsStale)
        {
            return;
        }
        else if (change.What == IvFileEvents.Created)
        {
            ApplyCreated(folder, change.Name, change.IsDirectory);
        }
        else if (change.What == IvFileEvents.MovedTo)
        {
            ApplyArrival(folder, change.Name, change.IsDirectory);
        }
        else if (change.What == IvFileEvents.Deleted)
        {
            Remove(folder, change.Name, IvFileEvents.Deleted, isInferred: false);
        }
        else if (change.What == IvFileEvents.Ended && folder != Root)
        {
            // Deleted, as its parent will say or has said; or unmounted, and what was below has come to light.
            LookAt(folder.Parent!, folder.Name);
        }
        else if (change.Name.Length == 0)
        {
            ApplyToRoot(change);
        }
        else if (folder.Entries.ContainsKey(change.Name))
        {
            Report(change.What, folder, change.Name, change.IsDirectory, isInferred: false);
        }
    }

    private void ApplyToRoot(in TreeChange change)
    {
        if (change.What != IvFileEvents.Ended)
        {
            Report(change.What, Root, string.Empty, isDirectory: true, isInferred: false);
        }

        // Once the root is elsewhere the paths are those of strangers.
        if (change.What is IvFileEvents.Ended or IvFileEvents.SelfMoved)
        {
            End();
        }
    }

    private void End()
    {
        _hasEnded = true;
        Report(IvFileEvents.Ended, Root, string.Empty, isDirectory: true, isInferred: false);
    }

    private void StartOver()
    {
        Reports.Enqueue(new TreeReport(default, IsOverflow: true));
        _queue.Clear();
        _isDiscarding = true;
        Inotify.ReadOn();
        _isDiscarding = false;
        if (Sync(Root, force: true) != IvError.None)
        {
            End();
        }
    }

    private void ApplyCreated(TreeFolder folder, string name, bool isDirectory)
    {
        if (folder.Entries.TryGetValue(name, out TreeFolder? known))
        {
            if (known is not null == isDirectory)
            {
                if (known is not null)
                {
                    Sync(known, force: false);
                }

                return;
            }

            Remove(folder, name, IvFileEvents.Deleted, isInferred: true);
        }

        Put(folder, name, isDirectory, IvFileEvents.Created, isInferred: false);
    }

    private void ApplyArrival(TreeFolder folder, string name, bool isDirectory)
    {
        if (folder.Entries.TryGetValue(name, out TreeFolder? known))
        {
            if (known is not null == isDirectory)
            {
                // Over what had the name; or the list was ahead, and it is told twice.
                Report(IvFileEvents.MovedTo, folder, name, isDirectory, isInferred: false);
                if (known is not null)
                {
                    Sync(known, force: false);
                }

                return;
            }

            Remove(folder, name, IvFileEvents.Deleted, isInferred: true);
        }

        Put(folder, name, isDirectory, IvFileEvents.MovedTo, isInferred: false);
    }

    private void ApplyDeparture(in TreeChange change)
    {
        bool hasArrival = _queue.TryTakeArrival(change.Cookie, out TreeChange arrival) && !arrival.IsStale;
        TreeFolder from = change.Folder!;
        TreeFolder? entry = null;
        bool isKnown = !change.IsStale && from.Entries.TryGetValue(change.Name, out entry) && entry is not null == change.IsDirectory;
        bool isMove = isKnown && hasArrival && CanMove(from, entry, arrival.Folder!, arrival.Name);
        if (isMove)
        {
            Move(from, change.Name, arrival.Folder!, arrival.Name, entry, change.Drained);
        }
        else if (isKnown)
        {
            Remove(from, change.Name, IvFileEvents.MovedFrom, isInferred: false);
        }

        // The name may be taken again: two that were exchanged are told as two moves, each over the other.
        if (!change.IsStale)
        {
            LookAt(from, change.Name);
        }

        // Removing the one may have taken the folder of the other along.
        if (!isMove && hasArrival && !arrival.IsStale)
        {
            ApplyArrival(arrival.Folder!, arrival.Name, arrival.IsDirectory);
        }
    }

    // Neither into itself, nor over a folder above it: the disk has done neither, so the view is of another time than the event.
    private static bool CanMove(TreeFolder from, TreeFolder? entry, TreeFolder to, string newName) =>
        (entry is null || !to.IsWithin(entry))
        && !(to.Entries.TryGetValue(newName, out TreeFolder? displaced) && displaced is not null && displaced != entry && from.IsWithin(displaced));

    private void Move(TreeFolder from, string name, TreeFolder to, string newName, TreeFolder? entry, long drained)
    {
        string oldPath = TreePath.Join(from.Path, name);
        bool displaces = to.Entries.TryGetValue(newName, out TreeFolder? displaced) && (to != from || newName != name);
        if (displaces)
        {
            Forget(to, newName, displaced);
        }

        from.Entries.Remove(name);
        to.Entries[newName] = entry;
        if (entry is not null)
        {
            entry.Parent = to;
            entry.Name = newName;
        }

        Report(IvFileEvents.Moved, to, newName, entry is not null, isInferred: false, oldPath);
        if (entry is not null)
        {
            Verify(entry, displaces ? 0 : drained);
        }
    }

    /// <summary>Looks at folders again that were watched by a path which may have led elsewhere.</summary>
    private void Verify(TreeFolder folder, long drained)
    {
        if (folder.Seen >= drained || folder.Watch is not { IsActive: true })
        {
            Sync(folder, force: true);
            return;
        }

        foreach (TreeFolder? child in folder.Entries.Values)
        {
            if (child is not null)
            {
                Verify(child, drained);
            }
        }
    }

    /// <summary>Makes the view of one name what the disk says now.</summary>
    private void LookAt(TreeFolder folder, string name)
    {
        // By path, as a watch is made: W3.
        folder.Seen = Inotify.TimesDrained;
        FileAttributes attributes = new FileInfo(TreePath.Join(folder.Path, name)).Attributes;
        if (attributes == (FileAttributes)(-1))
        {
            Remove(folder, name, IvFileEvents.Deleted, isInferred: true);
        }
        else
        {
            Settle(folder, name, (attributes & (FileAttributes.Directory | FileAttributes.ReparsePoint)) == FileAttributes.Directory);
        }
    }

    /// <summary>A name is on the disk.</summary>
    private void Settle(TreeFolder folder, string name, bool isDirectory)
    {
        if (folder.Entries.TryGetValue(name, out TreeFolder? known))
        {
            if (known is not null == isDirectory)
            {
                if (known is not null)
                {
                    Sync(known, force: true);
                }

                return;
            }

            Remove(folder, name, IvFileEvents.Deleted, isInferred: true);
        }

        Put(folder, name, isDirectory, IvFileEvents.Created, isInferred: true);
    }

    private void Put(TreeFolder folder, string name, bool isDirectory, IvFileEvents what, bool isInferred)
    {
        TreeFolder? child = isDirectory ? new TreeFolder(this, folder, name) : null;
        folder.Entries.Add(name, child);
        FolderCount += isDirectory ? 1 : 0;
        FileCount += isDirectory ? 0 : 1;
        Report(what, folder, name, isDirectory, isInferred);
        if (child is not null)
        {
            Sync(child, force: true);
        }
    }

    // What leaves the view with a folder is told before the folder.
    private void Remove(TreeFolder folder, string name, IvFileEvents what, bool isInferred)
    {
        if (folder.Entries.TryGetValue(name, out TreeFolder? child))
        {
            Forget(folder, name, child);
            Report(what, folder, name, child is not null, isInferred);
        }
    }

    private void Forget(TreeFolder folder, string name, TreeFolder? child)
    {
        if (child is not null)
        {
            foreach (string inner in NamesIn(child))
            {
                Remove(child, inner, IvFileEvents.Deleted, isInferred: true);
            }

            child.IsGone = true;
            child.Watch?.Dispose();
        }

        folder.Entries.Remove(name);
        FolderCount -= child is null ? 0 : 1;
        FileCount -= child is null ? 1 : 0;
    }

    private static string[] NamesIn(TreeFolder folder)
    {
        string[] names = new string[folder.Entries.Count];
        folder.Entries.Keys.CopyTo(names, 0);
        return names;
    }
}
