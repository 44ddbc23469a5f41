using System.Globalization;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>Tells what happens to files and folders: an inotify(7) instance, one descriptor for any number of watches.</summary>
/// <remarks>
/// <para>A folder's watch reports its entries and the folder itself, not what is in folders below it: that is what
/// <see cref="IvFileTreeWatch"/> does. Events are read up to 64 KiB a turn, and come in the order in which they happened; none
/// allocates until its name is asked for as a text.</para>
/// <para>All members are for the loop's thread while the instance is registered. Events that come before Register wait in
/// the kernel, up to its limit. Linux only. Follows iv_inotify(3); see IvInotify(3).</para>
/// </remarks>
public sealed partial class IvInotify : IvObject
{
    private readonly DescriptorHandle _handle;
    private readonly IvFd _fd;
    private readonly Dictionary<int, InotifyGroup> _groups = [];
    private bool _hasWarned;

    /// <summary>Makes the instance and its descriptor.</summary>
    /// <exception cref="IvException">EMFILE: the user's limit of instances, or the process's of open files, is reached. ENFILE, ENOMEM.</exception>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux: use System.IO.FileSystemWatcher.</exception>
    public IvInotify()
        : this(Open(), owner: null)
    {
    }

    private IvInotify(DescriptorHandle handle, IvObject? owner)
        : base(ObjectKind.Inotify)
    {
        _handle = handle;
        IsInternal = owner is not null;
        _fd = new IvFd(handle.Fd) { State = owner ?? this, IsInternal = true, SetsNonBlocking = false, HandlerIn = _ => OnReadable() };
        _resume = new IvTask(_ => Dispatch()) { State = owner ?? this, IsInternal = true };
    }

    /// <summary>
    /// Told when the kernel's queue was full (IN_Q_OVERFLOW) and events have been lost: what is watched has to be looked at
    /// anew. Null: the loop's <see cref="IvLoopOptions.Warning"/> is told, the first time.
    /// </summary>
    public Action<IvInotify>? HandlerOverflow
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerOverflow));
            field = value;
        }
    }

    /// <summary>How often events have been lost.</summary>
    public long Overflows { get; private set; }

    /// <summary>How many watches are active.</summary>
    public int WatchCount { get; private set; }

    // What the owner, an object of the library, does after each read.
    internal Action? BatchEnded { get; init; }

    /// <summary>As the constructor, and returns the error instead of throwing it.</summary>
    /// <param name="created">The instance; null on an error.</param>
    /// <returns><see cref="IvError.None"/>, or why there is none.</returns>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux.</exception>
    public static IvError TryCreate(out IvInotify? created) => TryCreate(owner: null, batchEnded: null, out created);

    /// <summary>Begins to deliver events, on this thread's loop. An instance that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">The kernel refused to watch the descriptor.</exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            IvFd.ThrowRefused(error, this);
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the instance is registered.</returns>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        CheckNetwork(this, loop);
        _fd.Name = Name;
        IvError error = _fd.TryRegister();
        if (error == IvError.None)
        {
            Bind(loop);
            ResumeLater();
        }

        return error;
    }

    /// <summary>
    /// Ends the delivery, also from inside a handler; the watches stay, and what happens meanwhile waits. An instance that is
    /// not registered is a misuse (IVF0021).
    /// </summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>Watches a path. Several watches may mean the same inode: each gets the events of its own mask.</summary>
    /// <param name="path">A file or folder; relative ones are looked up now, from the working directory.</param>
    /// <param name="events">What to be told of; at least one of <see cref="IvFileEvents.All"/>.</param>
    /// <param name="handler">Gets the events, on the loop's thread.</param>
    /// <param name="options">How to watch.</param>
    /// <returns>The watch; dispose it to end it.</returns>
    /// <exception cref="IvException">
    /// ENOENT, EACCES, ENOTDIR, ENAMETOOLONG: the path. ENOSPC: the user's limit of watches is reached
    /// (/proc/sys/fs/inotify/max_user_watches). EBUSY: the inode is watched with ExcludeUnlinked already, and this one does not want it.
    /// </exception>
    public IvInotifyWatch Watch(string path, IvFileEvents events, Action<IvInotifyWatch, IvFileEvent> handler, IvWatchOptions options = IvWatchOptions.None)
    {
        IvError error = TryWatch(path, events, handler, out IvInotifyWatch? watch, options);
        return error == IvError.None ? watch! : throw new IvException(error, $"watch {path}", this, TreePath.Advice(error));
    }

    /// <summary>As <see cref="Watch"/>, and returns the error instead of throwing it.</summary>
    /// <param name="path">A file or folder.</param>
    /// <param name="events">What to be told of.</param>
    /// <param name="handler">Gets the events.</param>
    /// <param name="watch">The watch; null on an error.</param>
    /// <param name="options">How to watch.</param>
    /// <returns><see cref="IvError.None"/>, or why the path is not watched.</returns>
    public IvError TryWatch(
        string path,
        IvFileEvents events,
        Action<IvInotifyWatch, IvFileEvent> handler,
        out IvInotifyWatch? watch,
        IvWatchOptions options = IvWatchOptions.None)
    {
        TreePath.Check(path);
        ArgumentNullException.ThrowIfNull(handler);
        if ((events & IvFileEvents.All) == 0 || (events & ~IvFileEvents.All) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(events), events, "Name at least one event, and only those of IvFileEvents.All");
        }

        CheckUsable(nameof(Watch));
        watch = null;
        int result = Add(path, events, options);
        if (result < 0)
        {
            return Sys.Error(result);
        }

        bool excludes = (options & IvWatchOptions.ExcludeUnlinked) != 0;
        if (!_groups.TryGetValue(result, out InotifyGroup? group))
        {
            group = new InotifyGroup(result) { ExcludesUnlinked = excludes };
            _groups.Add(result, group);
        }
        else if (group.ExcludesUnlinked && !excludes)
        {
            return IvError.EBUSY;
        }

        watch = new IvInotifyWatch(this, path, events, options, handler);
        group.Add(watch);
        WatchCount++;
        return IvError.None;
    }

    internal static IvError TryCreate(IvObject? owner, Action? batchEnded, out IvInotify? created)
    {
        int fd = OpenOrError();
        created = fd < 0 ? null : new IvInotify(new DescriptorHandle(fd), owner) { BatchEnded = batchEnded };
        return fd < 0 ? Sys.Error(fd) : IvError.None;
    }

    // A simulated network has no such descriptor, or another one of that number.
    internal static void CheckNetwork(IvObject subject, IvLoop loop)
    {
        if (loop.Network != IvNetwork.System)
        {
            IvFatal.Raise(
                FatalCondition.OtherNetwork,
                $"{subject}: Register called on {loop}, whose network is {loop.Network.Name}, but files are the operating system's. Register it on a loop of IvNetwork.System.",
                subject);
        }
    }

    internal void CheckThread(string member) => CheckedLoop(member);

    /// <summary>Ends a watch for its user; nothing happens if it has ended.</summary>
    internal void End(IvInotifyWatch watch)
    {
        CheckedLoop("IvInotifyWatch.Dispose");
        watch.IsEnding = false;
        if (watch.Group is not { } group)
        {
            return;
        }

        group.Remove(watch);
        WatchCount--;
        if (group.Members.Length == 0)
        {
            // The kernel's events of it that are under way find nobody: it numbers watches upwards, and does not use one again
            // before it has used all.
            _groups.Remove(group.Descriptor);
            Sys.InotifyRmWatch(_handle.Fd, group.Descriptor);
        }
    }

    internal override string DumpKind => "inotify";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"watches={WatchCount}{(Overflows > 0 ? $" overflows={Overflows}" : string.Empty)}");

    internal override void EndRegistration()
    {
        _fd.EndRegistration();
        if (_resume.IsRegistered)
        {
            _resume.EndRegistration();
        }

        _registration++;
        Unbind();
    }

    private protected override void OnDisposed()
    {
        foreach (InotifyGroup group in _groups.Values)
        {
            foreach (IvInotifyWatch watch in group.Members)
            {
                watch.Group = null;
            }
        }

        _groups.Clear();
        WatchCount = 0;
        Forget();
        _handle.Dispose();
    }

    private static int OpenOrError()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("inotify is Linux's: use System.IO.FileSystemWatcher here, and Post what it tells to the loop.");
        }

        return Sys.InotifyInit();
    }

    private static DescriptorHandle Open()
    {
        int fd = OpenOrError();
        return fd >= 0 ? new DescriptorHandle(fd) : throw new IvException(Sys.Error(fd), "inotify_init", subject: null, TreePath.Advice(Sys.Error(fd)));
    }

    private void CheckUsable(string member)
    {
        CheckedLoop(member);
        if (IsDisposed)
        {
            RaiseDisposed(member);
        }
    }

    // The kernel's mask of an inode only ever grows: each watch takes out of the events what is its own. One-shot is ours, too: the
    // kernel's would end the others' watch of that inode.
    private int Add(string path, IvFileEvents events, IvWatchOptions options)
    {
        uint mask = (uint)events
            | ((options & IvWatchOptions.DirectoryOnly) != 0 ? Constants.IN_ONLYDIR : 0)
            | ((options & IvWatchOptions.NoFollow) != 0 ? Constants.IN_DONT_FOLLOW : 0);
        if ((options & IvWatchOptions.ExcludeUnlinked) != 0)
        {
            int result = Sys.InotifyAddWatch(_handle.Fd, path, mask | Constants.IN_EXCL_UNLINK | Constants.IN_MASK_CREATE);
            if (result != -(int)IvError.EEXIST)
            {
                return result;
            }
        }

        return Sys.InotifyAddWatch(_handle.Fd, path, mask | Constants.IN_MASK_ADD);
    }
}
