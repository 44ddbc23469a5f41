using System.IO.Enumeration;

namespace Ivy.Net;

/// <summary>The view of a watched tree: which names are where, and how an event changes that.</summary>
/// <remarks>
/// <para>Events are history: by the time one is read, the disk may look different. A folder that is watched and listed now
/// is therefore ahead of the events that are still in the queue, and these rules make both come out the same:</para>
/// <para>W1: a folder is watched first and listed then, so that what is not in the list will be in the events.</para>
/// <para>W2: an event that says what the view has already is dropped, one of a name that the view does not have is too, except
/// for arrivals. Whatever happened after is still to come in the queue, up to the present.</para>
/// <para>W3: a path leads to another folder once one above has been moved. After a move, folders that were watched by path when it
/// may have happened already are watched and listed again; <see cref="TreeFolder.Seen"/> and <see cref="TreeChange.Drained"/> tell which.</para>
/// <para>W4: after an overflow W2 does not hold for what was queued before the loss ended: all that is dropped, and then
/// the disk is looked at.</para>
/// </remarks>
internal sealed partial class FileTree
{
    // The kernel tells the two halves of a move one right after the other; so long a thread may be kept from its second word
    // before the first half counts as a move out of the tree. If it is wrong, there are two events instead of one.
    private static readonly TimeSpan MovePatience = TimeSpan.FromMilliseconds(10);

    private const IvFileEvents Structure =
        IvFileEvents.Created | IvFileEvents.Deleted | IvFileEvents.Moved | IvFileEvents.SelfDeleted | IvFileEvents.SelfMoved;

    private static readonly EnumerationOptions AllEntries = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly IvFileEvents _mask;
    private readonly TreeChangeQueue _queue = new();
    private bool _isBuilding;
    private bool _isQuiet;
    private bool _isDiscarding;
    private bool _hasEnded;

    public FileTree(string path, IvFileEvents mask, IvInotify inotify)
    {
        _mask = mask;
        Inotify = inotify;
        Root = new TreeFolder(this, parent: null, path);
        inotify.HandlerOverflow = _ => OnOverflow();
    }

    public IvInotify Inotify { get; }

    public TreeFolder Root { get; }

    public Queue<TreeReport> Reports { get; } = new();

    public int FolderCount { get; private set; } = 1;

    public int FileCount { get; private set; }

    // Why it could not be watched as a whole, and which folder not.
    public IvError Limit { get; private set; }

    public string LimitPath { get; private set; } = string.Empty;

    public bool HasWork => Reports.Count > 0 || (!_queue.IsEmpty && !_hasEnded);

    private bool IsOverLimit => _isBuilding && Limit != IvError.None;

    /// <summary>Watches and lists all there is; an error is the root's, or a limit of the kernel's.</summary>
    public IvError Build(bool reportsExisting)
    {
        _isBuilding = true;
        _isQuiet = !reportsExisting;
        IvError error = Sync(Root, force: true);
        _isBuilding = _isQuiet = false;
        if (error != IvError.None)
        {
            LimitPath = Root.Path;
            return error;
        }

        return Limit;
    }

    /// <summary>Works in the next event; false if there is none, or it has to wait for its second half until <paramref name="patience"/>.</summary>
    public bool Step(IvTimestamp now, out IvTimestamp patience)
    {
        patience = IvTimestamp.MaxValue;
        if (_queue.IsEmpty || _hasEnded)
        {
            return false;
        }

        TreeChange change = _queue.Peek();
        if (change.What == IvFileEvents.MovedFrom && !_queue.HasArrival(change.Cookie) && !_queue.HasOverflow && !change.IsStale)
        {
            patience = change.ReadAt + MovePatience;
            if (now < patience)
            {
                return false;
            }
        }

        if (_queue.TryTake(out change))
        {
            Apply(change);
        }

        return true;
    }

    public TreeFolder? FindFolder(string path, out string? name)
    {
        name = null;
        string root = Root.Name;
        if (path == root)
        {
            return Root;
        }

        string prefix = root.EndsWith('/') ? root : root + "/";
        if (!path.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        string[] names = path[prefix.Length..].Split('/');
        TreeFolder? folder = Root;
        for (int i = 0; i < names.Length - 1 && folder is not null; i++)
        {
            folder = folder.Entries.GetValueOrDefault(names[i]);
        }

        name = names[^1];
        return folder;
    }

    private static void OnEvent(IvInotifyWatch watch, IvFileEvent e)
    {
        var folder = (TreeFolder)watch.State!;
        folder.Tree.TakeDown(folder, watch, e);
    }

    private void TakeDown(TreeFolder folder, IvInotifyWatch watch, IvFileEvent e)
    {
        // Of a folder's own events those that its parent tells, too, are left out.
        bool isWanted = !e.NameBytes.IsEmpty || folder == Root || e.Events == IvFileEvents.Ended;
        if (isWanted && !_isDiscarding)
        {
            _queue.Add(new TreeChange(folder, watch, e.Events, e.IsDirectory, e.Cookie, e.Name, Inotify.DrainedBefore, Inotify.Loop!.Now));
        }
    }

    private void OnOverflow()
    {
        if (!_isDiscarding)
        {
            _queue.Add(default);
        }
    }

    private void Report(IvFileEvents what, TreeFolder folder, string name, bool isDirectory, bool isInferred, string? oldPath = null)
    {
        if (!_isQuiet && (what & (_mask | IvFileEvents.Ended)) != 0)
        {
            string path = name.Length == 0 ? folder.Path : TreePath.Join(folder.Path, name);
            Reports.Enqueue(new TreeReport(new IvFileTreeEvent { Events = what, Path = path, OldPath = oldPath, IsDirectory = isDirectory, IsInferred = isInferred }));
        }
    }

    /// <summary>Watches a folder by its path, and lists it if that is another one than before, or if it must be.</summary>
    private IvError Sync(TreeFolder folder, bool force)
    {
        string path = folder.Path;
        folder.Seen = Inotify.TimesDrained;
        IvWatchOptions options = folder == Root ? IvWatchOptions.DirectoryOnly : IvWatchOptions.DirectoryOnly | IvWatchOptions.NoFollow;
        IvError error = Inotify.TryWatch(path, (_mask & IvFileEvents.All) | Structure, OnEvent, out IvInotifyWatch? watch, options);
        if (error != IvError.None)
        {
            OnRefused(folder, path, error);
            return error;
        }

        folder.Error = IvError.None;
        watch!.State = folder;
        if (folder.Watch is { IsActive: true } old && old.Descriptor == watch.Descriptor)
        {
            watch.Dispose();
            if (!force)
            {
                return IvError.None;
            }
        }
        else
        {
            folder.Watch?.Dispose();
            folder.Watch = watch;
        }

        Scan(folder, path);
        return IvError.None;
    }

    private void OnRefused(TreeFolder folder, string path, IvError error)
    {
        if (error is IvError.ENOSPC or IvError.ENOMEM && Limit == IvError.None)
        {
            Limit = error;
            LimitPath = path;
        }

        if (error is IvError.ENOENT or IvError.ENOTDIR or IvError.ELOOP)
        {
            // Gone by now, or something else: the event that says so is under way.
            folder.Watch?.Dispose();
            folder.Watch = null;
        }
        else if (folder.Error != error && folder != Root)
        {
            folder.Error = error;
            Reports.Enqueue(new TreeReport(new IvFileTreeEvent { Path = path, IsDirectory = true }, error));
        }
    }

    private void Scan(TreeFolder folder, string path)
    {
        var found = new Dictionary<string, bool>();
        try
        {
            var entries = new FileSystemEnumerable<KeyValuePair<string, bool>>(
                path,
                static (ref FileSystemEntry entry) => new(entry.FileName.ToString(), entry.IsDirectory && (entry.Attributes & FileAttributes.ReparsePoint) == 0),
                AllEntries);
            foreach ((string name, bool isDirectory) in entries)
            {
                found[name] = isDirectory;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            OnRefused(folder, path, failure is DirectoryNotFoundException ? IvError.ENOENT : failure is UnauthorizedAccessException ? IvError.EACCES : IvError.EIO);
            return;
        }

        foreach (string name in NamesIn(folder))
        {
            if (!found.ContainsKey(name))
            {
                Remove(folder, name, IvFileEvents.Deleted, isInferred: true);
            }
        }

        foreach ((string name, bool isDirectory) in found)
        {
            Settle(folder, name, isDirectory);
            if (IsOverLimit)
            {
                return;
            }
        }
    }
}
