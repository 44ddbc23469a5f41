namespace Ivy.Net.Polling;

/// <summary>A poll backend by name, and how to make it.</summary>
/// <remarks>Of this process: <see cref="All"/>. One of your own goes into <c>IvLoopOptions.PollMethods</c>. See ivy-pollers(7).</remarks>
public sealed class IvPollMethod
{
    private readonly Func<IvPoller> _create;

    /// <summary>Names a backend.</summary>
    /// <param name="name">As dumps and the environment variables know it; no white space.</param>
    /// <param name="create">Makes a poller for one loop; throws <see cref="IvException"/> if it can't be had here.</param>
    public IvPollMethod(string name, Func<IvPoller> create)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(create);
        foreach (char letter in name)
        {
            if (char.IsWhiteSpace(letter))
            {
                throw new ArgumentException($"The name of a poll method has no white space, so that environment variables can list it: \"{name}\".", nameof(name));
            }
        }

        Name = name;
        _create = create;
    }

    /// <summary>epoll(7): the best on Linux.</summary>
    public static IvPollMethod Epoll { get; } = new("epoll", static () => new EpollPoller());

    /// <summary>ppoll(2): needs no descriptor of its own but one to be woken by; its cost grows with the number of descriptors.</summary>
    public static IvPollMethod Poll { get; } = new("poll", static () => new PollPoller());

    /// <summary>io_uring(7): one system call a turn, whatever has changed.</summary>
    public static IvPollMethod Uring { get; } = new("io_uring", static () => new UringPoller());

    /// <summary>kqueue(2): the one of macOS and FreeBSD.</summary>
    public static IvPollMethod Kqueue { get; } = new("kqueue", static () => new KqueuePoller());

    /// <summary>Polls of AFD on a completion port: the one of Windows.</summary>
    public static IvPollMethod Afd { get; } = new("afd", static () => new AfdPoller());

    /// <summary>The methods of the library for this operating system, best first.</summary>
    public static IReadOnlyList<IvPollMethod> All { get; } =
        OperatingSystem.IsWindows() ? [Afd]
        : OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? [Kqueue]
        : [Epoll, Poll, Uring];

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Makes a poller, for one loop.</summary>
    /// <returns>The poller; the loop disposes it.</returns>
    public IvPoller Create() => _create() ?? throw new IvException(IvError.PollMethodUnavailable, "create", this, "Its function returned null");

    /// <inheritdoc/>
    public override string ToString() => Name;
}
