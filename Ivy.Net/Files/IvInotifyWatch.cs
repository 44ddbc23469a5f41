using System.Diagnostics;

namespace Ivy.Net;

/// <summary>One path that an <see cref="IvInotify"/> watches, from <see cref="IvInotify.Watch"/> until it is disposed or ends.</summary>
/// <remarks>
/// A watch is on the inode that the path meant when it was made: it goes with it when it is moved, and ends when it is deleted.
/// All members are for the loop's thread while the instance is registered. See IvInotify(3).
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class IvInotifyWatch : IDisposable
{
    internal IvInotifyWatch(IvInotify inotify, string path, IvFileEvents mask, IvWatchOptions options, Action<IvInotifyWatch, IvFileEvent> handler)
    {
        Inotify = inotify;
        Path = path;
        Mask = mask;
        Options = options;
        Handler = handler;
    }

    /// <summary>The instance that the watch is of.</summary>
    public IvInotify Inotify { get; }

    /// <summary>The path as it was given; it is not followed when what it meant is moved.</summary>
    public string Path { get; }

    /// <summary>What the handler is called for.</summary>
    public IvFileEvents Mask { get; }

    /// <summary>How the path is watched.</summary>
    public IvWatchOptions Options { get; }

    /// <summary>Gets the events; may be replaced at any time.</summary>
    public Action<IvInotifyWatch, IvFileEvent> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Inotify.CheckThread(nameof(Handler));
            field = value;
        }
    }

    /// <summary>What messages call the watch.</summary>
    public string? Name { get; set; }

    /// <summary>The user's own.</summary>
    public object? State { get; set; }

    /// <summary>Whether there will be events: false once it is disposed, has had its one event, or the kernel has ended it.</summary>
    public bool IsActive => Group is not null;

    // The inode's watch of the kernel; null at the end.
    internal InotifyGroup? Group { get; set; }

    // The kernel's number of it, while it is active.
    internal int Descriptor => Group?.Descriptor ?? -1;

    // The kernel has ended it, and the handler is still to be told.
    internal bool IsEnding { get; set; }

    /// <summary>Ends the watch: its handler is not called again, not even for what has been read already. Idempotent, in any state and any handler.</summary>
    public void Dispose() => Inotify.End(this);

    /// <summary>The path and the name, as in <c>IvInotifyWatch /etc "settings"</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvInotifyWatch {Path}" : $"IvInotifyWatch {Path} \"{Name}\"";

    internal bool Wants(IvFileEvents what) => IsActive ? (what & (Mask | IvFileEvents.Unmounted)) != 0 : IsEnding && what == IvFileEvents.Ended;
}
