using System.Globalization;

namespace Ivy.Net;

/// <summary>Tells what happens in a folder and in all folders below it, those that are made and moved in later as well.</summary>
/// <remarks>
/// <para>Built on an <see cref="IvInotify"/> of its own with a watch for each folder. What is made in a new folder before its
/// watch begins is found by listing it, and told as Created. A move inside of the tree is one event with both paths, and the watches go
/// along. Symbolic links are entries like any other and not followed, except for the path itself. It knows the names of all
/// entries, some hundred bytes for each.</para>
/// <para>All members are for the loop's thread while the object is registered. Register lists the whole tree, and blocks meanwhile.
/// Linux only. See IvFileTreeWatch(3), also for what cannot be seen.</para>
/// </remarks>
public sealed class IvFileTreeWatch : IvObject
{
    // How much is told in one turn; what is more waits until the descriptors have been looked at.
    private const int MostReports = 4096;

    private readonly IvTask _resume;
    private readonly IvTimer _patience;
    private FileTree? _tree;
    private bool _hasWarned;

    /// <summary>Makes the object; nothing is watched before <see cref="Register"/>.</summary>
    /// <param name="path">A folder, or a symbolic link to one. The paths of the events begin with it as it is written here.</param>
    /// <param name="events">What to be told of; at least one of <see cref="IvFileEvents.All"/>.</param>
    /// <param name="handler">Gets the events, on the loop's thread.</param>
    public IvFileTreeWatch(string path, IvFileEvents events, Action<IvFileTreeWatch, IvFileTreeEvent> handler)
        : base(ObjectKind.FileTreeWatch)
    {
        TreePath.Check(path);
        ArgumentNullException.ThrowIfNull(handler);
        if ((events & IvFileEvents.All) == 0 || (events & ~IvFileEvents.All) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(events), events, "Name at least one event, and only those of IvFileEvents.All");
        }

        string trimmed = path.TrimEnd('/');
        Path = trimmed.Length == 0 ? "/" : trimmed;
        Mask = events;
        Handler = handler;
        _resume = new IvTask(_ => Deliver()) { State = this, IsInternal = true };
        _patience = new IvTimer(_ => Deliver()) { State = this, IsInternal = true };
    }

    /// <summary>The folder, without a slash at the end.</summary>
    public string Path { get; }

    /// <summary>What the handler is called for.</summary>
    public IvFileEvents Mask { get; }

    /// <summary>Gets the events; may be replaced at any time.</summary>
    public Action<IvFileTreeWatch, IvFileTreeEvent> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(Handler));
            field = value;
        }
    }

    /// <summary>
    /// Told when the kernel's queue was full and events have been lost, before the tree is compared with the disk; what has
    /// come and gone then follows as Created and Deleted. Null: the loop's <see cref="IvLoopOptions.Warning"/> is told, the first time.
    /// </summary>
    public Action<IvFileTreeWatch>? HandlerOverflow
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerOverflow));
            field = value;
        }
    }

    /// <summary>
    /// Told of a folder below that can't be watched, and why: EACCES, or ENOSPC when the user's limit of watches is reached. Its
    /// content is not in the view. Null: the loop's <see cref="IvLoopOptions.Warning"/> is told.
    /// </summary>
    public Action<IvFileTreeWatch, string, IvError>? HandlerError
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerError));
            field = value;
        }
    }

    /// <summary>Whether what is there at Register is told as Created, from the next turn on. Defaults to false.</summary>
    public bool ReportsExisting { get; init; }

    /// <summary>How often events have been lost.</summary>
    public long Overflows { get; private set; }

    /// <summary>How many folders are in the view, the tree's own included; 0 while it is not registered.</summary>
    public int FolderCount => _tree?.FolderCount ?? 0;

    /// <summary>How many entries that are not folders are in the view.</summary>
    public int FileCount => _tree?.FileCount ?? 0;

    /// <summary>The paths of all entries in the view, each folder before its content. Not to be changed by events while it is read.</summary>
    public IEnumerable<string> Paths => _tree is { } tree ? Below(tree.Root) : [];

    /// <summary>Watches the tree, on this thread's loop, and lists it. An object that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">
    /// ENOENT, EACCES, ENOTDIR, ENAMETOOLONG: the path. ENOSPC: the tree has more folders than the user may have watches
    /// (/proc/sys/fs/inotify/max_user_watches). EMFILE: there are too many instances. Nothing is watched then.
    /// </exception>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux: use System.IO.FileSystemWatcher.</exception>
    public void Register()
    {
        IvError error = TryRegister(out string path);
        if (error != IvError.None)
        {
            throw new IvException(error, $"watch {path}", this, TreePath.Advice(error));
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the tree is watched.</returns>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux.</exception>
    public IvError TryRegister() => TryRegister(out _);

    /// <summary>Ends the watch and forgets the view; one that is not registered is a misuse (IVF0021). Any handler may do it.</summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>Whether an entry is in the view: whether it exists, as far as the events that were delivered tell.</summary>
    /// <param name="path">As events have it: the tree's path, and the names below it.</param>
    /// <returns>True for a file or folder of the view, the tree's own included.</returns>
    public bool Contains(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return _tree?.FindFolder(path, out string? name) is { } folder && (name is null || folder.Entries.ContainsKey(name));
    }

    /// <summary>The path and the name, as in <c>IvFileTreeWatch /srv "content"</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvFileTreeWatch {Path}" : $"IvFileTreeWatch {Path} \"{Name}\"";

    internal override string DumpKind => "tree";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"{Path} folders={FolderCount} files={FileCount}{(Overflows > 0 ? $" overflows={Overflows}" : string.Empty)}");

    internal override void EndRegistration()
    {
        if (_resume.IsRegistered)
        {
            _resume.EndRegistration();
        }

        _patience.Stop();
        _tree!.Inotify.Dispose();
        _tree = null;
        Unbind();
    }

    private static IEnumerable<string> Below(TreeFolder folder)
    {
        string path = folder.Path;
        foreach ((string name, TreeFolder? child) in folder.Entries)
        {
            yield return TreePath.Join(path, name);
            if (child is not null)
            {
                foreach (string inner in Below(child))
                {
                    yield return inner;
                }
            }
        }
    }

    private IvError TryRegister(out string path)
    {
        IvLoop loop = LoopForRegister();
        IvInotify.CheckNetwork(this, loop);
        path = Path;
        IvError error = IvInotify.TryCreate(this, Deliver, out IvInotify? inotify);
        if (error != IvError.None)
        {
            return error;
        }

        inotify!.Name = Name;
        error = inotify.TryRegister();
        if (error == IvError.None)
        {
            var tree = new FileTree(Path, Mask, inotify);
            error = tree.Build(ReportsExisting);
            path = tree.LimitPath;
            if (error == IvError.None)
            {
                _tree = tree;
                Bind(loop);
                ResumeLater();
                return IvError.None;
            }
        }

        inotify.Dispose();
        return error;
    }

    // Called after each read, by the patience for the second half of a move, and for what an earlier call has left.
    private void Deliver()
    {
        FileTree tree = _tree!;
        IvLoop loop = Loop!;
        IvTimestamp patience = IvTimestamp.MaxValue;
        try
        {
            int left = MostReports;
            while (left > 0)
            {
                if (!tree.Reports.TryDequeue(out TreeReport report))
                {
                    if (tree.Step(loop.Now, out patience))
                    {
                        continue;
                    }

                    return;
                }

                left--;
                Tell(loop, report);

                // One handler's AsyncLocals are not the next one's.
                loop.RestoreContext();
                if (_tree != tree || loop.IsBroken)
                {
                    return;
                }
            }
        }
        finally
        {
            if (_tree == tree)
            {
                if (patience != IvTimestamp.MaxValue && tree.Reports.Count == 0)
                {
                    _patience.StartAt(patience);
                }
                else
                {
                    ResumeLater();
                }
            }
        }
    }

    private void ResumeLater()
    {
        if (_tree!.HasWork && !_resume.IsRegistered)
        {
            _resume.Register();
        }
    }

    private void Tell(IvLoop loop, in TreeReport report)
    {
        if (report.IsOverflow)
        {
            TellOverflow(loop);
        }
        else if (report.Error == IvError.None)
        {
            if (report.IsEnd)
            {
                // Ended first: the handler may register it again, if there is something of that name.
                EndRegistration();
            }

            Handler(this, report.Event);
        }
        else if (HandlerError is { } handler)
        {
            handler(this, report.Event.Path, report.Error);
        }
        else
        {
            string advice = TreePath.Advice(report.Error) is { } text ? $" {text}." : string.Empty;
            loop.Warn($"{this}: {report.Event.Path} is not watched: {report.Error.Describe()}.{advice} Set HandlerError to be told.");
        }
    }

    private void TellOverflow(IvLoop loop)
    {
        Overflows++;
        if (HandlerOverflow is { } handler)
        {
            handler(this);
        }
        else if (!_hasWarned)
        {
            _hasWarned = true;
            loop.Warn($"{this}: the kernel's queue was full, and events were lost. What has come and gone is told now; what has changed otherwise is not known. Set HandlerOverflow to be told, or raise /proc/sys/fs/inotify/max_queued_events. Later ones are only counted (Overflows).");
        }
    }
}
