using System.Diagnostics;
using System.Net;

namespace Ivy.Net;

/// <summary>A server on many cores: loops on threads of their own, which share ports, and are stopped together.</summary>
/// <remarks>
/// <para>Made and set up on one thread, run once: <see cref="Listen"/>, handlers, then <see cref="Run"/>. It calls handlers on the
/// threads of its loops; the ones of a connection always run on the loop that has the connection, until it is moved.</para>
/// <para>Setting up is for one thread at a time; <see cref="Stop"/>, <see cref="Abort"/>, <see cref="PostAll"/>,
/// <see cref="InvokeAllAsync"/>, and all properties that only tell something, are for any thread. See IvLoopGroup(3).</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class IvLoopGroup : IDisposable
{
    private readonly IvLoopGroupOptions _options;
    private readonly IvLoopGroupMember[] _members;
    private readonly List<GroupPort> _ports = [];
    private int _acceptors;

    /// <summary>Makes a group with the default options: a loop for each processor.</summary>
    public IvLoopGroup()
        : this(new IvLoopGroupOptions())
    {
    }

    /// <summary>Makes a group. No thread is started yet.</summary>
    /// <param name="options">How; read now.</param>
    public IvLoopGroup(IvLoopGroupOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        Network = options.Network ?? IvNetwork.Current;
        Cpus = CpuAffinity.Allowed();
        _members = new IvLoopGroupMember[options.Count ?? Environment.ProcessorCount];
        for (int i = 0; i < _members.Length; i++)
        {
            _members[i] = new IvLoopGroupMember(this, i);
        }

        Members = Array.AsReadOnly(_members);
    }

    /// <summary>What messages call the group.</summary>
    public string Name => _options.Name;

    /// <summary>The network of its loops and listeners.</summary>
    public IvNetwork Network { get; }

    /// <summary>The loops, by their number.</summary>
    public IReadOnlyList<IvLoopGroupMember> Members { get; }

    /// <summary>
    /// Called once on each loop's thread, when all loops have been made and before anything is accepted: the place for timers, and for
    /// what the server keeps for each loop. What it throws makes Start and Run fail.
    /// </summary>
    public Action<IvLoopGroupMember>? HandlerSetup
    {
        get => field;
        set
        {
            CheckNotStarted(nameof(HandlerSetup));
            field = value;
        }
    }

    /// <summary>
    /// Called on each loop's thread when the group has been asked to stop, after the loop's listeners were closed: the place to close
    /// idle connections and to tell the others.
    /// </summary>
    public Action<IvLoopGroupMember>? HandlerDrain
    {
        get => field;
        set
        {
            CheckNotStarted(nameof(HandlerDrain));
            field = value;
        }
    }

    /// <summary>Told on a loop's thread why accepting failed; it goes on by itself, as <see cref="IvListener"/> does. Null: nobody is told.</summary>
    public Action<IvLoopGroupMember, IvError>? HandlerAcceptError
    {
        get => field;
        set
        {
            CheckNotStarted(nameof(HandlerAcceptError));
            field = value;
        }
    }

    /// <summary>What all loops have done so far; the numbers of a running group may be of different moments.</summary>
    public IvLoopGroupCounters Counters
    {
        get
        {
            IvLoopGroupCounters sum = default;
            foreach (IvLoopGroupMember member in _members)
            {
                IvLoopGroupCounters one = member.Counters;
                sum = new IvLoopGroupCounters(
                    sum.Connections + one.Connections,
                    sum.Accepted + one.Accepted,
                    sum.Added + one.Added,
                    sum.MovedIn + one.MovedIn,
                    sum.MovedOut + one.MovedOut,
                    sum.Drained + one.Drained,
                    sum.Aborted + one.Aborted);
            }

            return sum;
        }
    }

    internal int[] Cpus { get; }

    internal IReadOnlyList<GroupPort> Ports => _ports;

    internal TimeSpan DrainTimeout => _options.DrainTimeout;

    /// <summary>
    /// Listens on an address, for all loops; several calls listen on several. Connections wait in the backlog until the group runs.
    /// </summary>
    /// <param name="local">Where: an <see cref="IPEndPoint"/> (port 0 takes a free one, the same for all loops) or a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>.</param>
    /// <param name="accept">Gets each connection on the thread of its loop; the connection is the handler's to watch and to dispose.</param>
    /// <param name="mode">
    /// How the loops share the connections; by default <see cref="IvAcceptMode.ReusePort"/>, and <see cref="IvAcceptMode.RoundRobin"/> where the
    /// system has no SO_REUSEPORT (Windows).
    /// </param>
    /// <param name="options">How to listen; <see cref="IvListenOptions.ReusePort"/> is set where the mode needs it.</param>
    /// <returns>The address, with the port that was free.</returns>
    /// <exception cref="ArgumentException"><paramref name="local"/> is a name that was not resolved.</exception>
    /// <exception cref="IvException">EADDRINUSE, EACCES, EMFILE … of bind(2) and listen(2); EOPNOTSUPP: a Unix socket can't be shared by several listeners. Nothing is left open then.</exception>
    public EndPoint Listen(EndPoint local, Action<IvLoopGroupMember, IvSocket> accept, IvAcceptMode? mode = null, IvListenOptions? options = null)
    {
        IvError error = ListenCore(local, accept, mode, options, out EndPoint? bound, out string step);
        return bound ?? throw IvSocket.RefusedAt(error, step, local, System.Net.Sockets.SocketType.Stream);
    }

    /// <summary>As <see cref="Listen"/>, without exceptions for what the system says.</summary>
    /// <param name="local">Where.</param>
    /// <param name="accept">Gets each connection on the thread of its loop.</param>
    /// <param name="bound">The address, with the port that was free; null on an error.</param>
    /// <param name="mode">
    /// How the loops share the connections; by default <see cref="IvAcceptMode.ReusePort"/>, and <see cref="IvAcceptMode.RoundRobin"/> where the
    /// system has no SO_REUSEPORT (Windows).
    /// </param>
    /// <param name="options">How to listen.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    /// <exception cref="ArgumentException"><paramref name="local"/> is a name that was not resolved.</exception>
    public IvError TryListen(
        EndPoint local,
        Action<IvLoopGroupMember, IvSocket> accept,
        out EndPoint? bound,
        IvAcceptMode? mode = null,
        IvListenOptions? options = null) => ListenCore(local, accept, mode, options, out bound, out _);

    /// <summary>Runs a callback once on each loop's thread. Any thread.</summary>
    /// <param name="callback">Gets the loop that it runs on.</param>
    /// <returns>How many loops will run it: fewer than there are before they have been made, and when some have ended.</returns>
    public int PostAll(Action<IvLoopGroupMember> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        int posted = 0;
        foreach (IvLoopGroupMember member in _members)
        {
            posted += member.Post(callback) ? 1 : 0;
        }

        return posted;
    }

    /// <summary>Asks each loop on its thread, and collects the answers. Any thread; never wait for the task in a handler.</summary>
    /// <typeparam name="T">What they answer.</typeparam>
    /// <param name="function">Called once on each loop's thread. What it throws goes to the task.</param>
    /// <returns>The answers, by the loops' numbers; cancelled if a loop has not been made yet, or has ended.</returns>
    public Task<T[]> InvokeAllAsync<T>(Func<IvLoopGroupMember, T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        var call = new GroupCall<T>(_members.Length, function);
        foreach (IvLoopGroupMember member in _members)
        {
            call.Post(member);
        }

        return call.Task;
    }

    /// <summary>
    /// Moves a connection to another loop: ends the registration of an IvFd that watches it, and has the other loop go on with it. What
    /// the peer sends meanwhile waits in the kernel. On the thread of the loop that has it.
    /// </summary>
    /// <param name="socket">The connection. One that the group did not know is added to it.</param>
    /// <param name="target">Where to; its own loop posts the continuation too.</param>
    /// <param name="continuation">Runs on the target's thread; there the connection is its to watch and to dispose.</param>
    /// <returns>
    /// False if the target has ended, or not begun: the connection has been reset. True is no promise: a target that ends before the
    /// continuation could run resets and counts it.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The target is of another group; the socket is disposed, of another network or group, or on its way already: nothing has changed.
    /// </exception>
    /// <exception cref="IvFatalException">Another thread's loop has the connection (IVF0001): nothing has changed.</exception>
    public bool Move(IvSocket socket, IvLoopGroupMember target, Action<IvLoopGroupMember, IvSocket> continuation)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(continuation);
        if (target.Group != this)
        {
            throw new ArgumentException($"{target} is not of {this}.", nameof(target));
        }

        GroupConnection? connection = Find(socket);
        connection?.Member.CheckThread(nameof(Move));

        // It is in a loop's queue itself, and can't be in two.
        if (connection is { IsListed: false })
        {
            string reason = connection.IsGone ? "has been reset" : $"is on its way to {connection.Member}; move it again in the continuation";
            throw new ArgumentException($"{socket} {reason}.", nameof(socket));
        }

        // Checks the thread, too, before it changes anything.
        socket.Watcher?.OnSocketClosing();
        if (connection is null)
        {
            target.CountAdded();
            connection = new GroupConnection(socket, target);
            socket.Owner = connection;
        }
        else
        {
            connection.Member.Leave(connection);
            target.CountMovedIn();
        }

        return connection.HandOver(target, continuation);
    }

    /// <summary>As <see cref="Move(IvSocket, IvLoopGroupMember, Action{IvLoopGroupMember, IvSocket})"/>, and takes the IvFd along: its handlers, its name and its state.</summary>
    /// <param name="fd">Watches the connection, or has done so; made from an <see cref="IvSocket"/>.</param>
    /// <param name="target">Where to.</param>
    /// <param name="continuation">Runs on the target's thread; registers <paramref name="fd"/> there.</param>
    /// <returns>False if the target has ended, or not begun: the connection has been reset.</returns>
    /// <exception cref="ArgumentException">The IvFd has no IvSocket; and as above.</exception>
    /// <exception cref="IvFatalException">Another thread's loop has the connection (IVF0001): nothing has changed.</exception>
    public bool Move(IvFd fd, IvLoopGroupMember target, Action<IvLoopGroupMember, IvFd> continuation)
    {
        ArgumentNullException.ThrowIfNull(fd);
        ArgumentNullException.ThrowIfNull(continuation);
        IvSocket socket = fd.Socket ?? throw new ArgumentException($"{fd} was not made from an IvSocket: only those know where they are.", nameof(fd));
        return Move(socket, target, (member, _) => continuation(member, fd));
    }

    /// <summary>As in <c>IvLoopGroup "echo" (8 loops, draining)</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() =>
        $"IvLoopGroup \"{Name}\" ({_members.Length} {(_members.Length == 1 ? "loop" : "loops")}, {Describe(_phase)})";

    /// <summary>The connection of a socket, null if the group does not know it; throws for one that it can't have.</summary>
    internal GroupConnection? Find(IvSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        string? reason = socket.IsDisposed ? "is disposed"
            : socket.Network != Network ? $"is of the network {socket.Network.Name}, and {this} of the network {Network.Name}"
            : socket.Owner is { } owner && (owner as GroupConnection)?.Member.Group != this ? "is counted by another group"
            : null;
        return reason is null ? (GroupConnection?)socket.Owner : throw new ArgumentException($"{socket} {reason}.", nameof(socket));
    }

    private IvError ListenCore(
        EndPoint local,
        Action<IvLoopGroupMember, IvSocket> accept,
        IvAcceptMode? mode,
        IvListenOptions? options,
        out EndPoint? bound,
        out string step)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(accept);
        IvAcceptMode chosen = mode ?? (Network.SharesPorts ? IvAcceptMode.ReusePort : IvAcceptMode.RoundRobin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)chosen, (uint)IvAcceptMode.LeastConnections, nameof(mode));
        CheckNotStarted(nameof(Listen));

        // The ports that one loop accepts from are spread over the loops.
        bool shares = chosen is IvAcceptMode.ReusePort or IvAcceptMode.SteerByCpu;
        int acceptor = shares ? 0 : _acceptors++ % _members.Length;
        IvError error = GroupPort.TryOpen(this, local, accept, chosen, options ?? IvListenOptions.Default, acceptor, out GroupPort? port, out step);
        bound = port?.EndPoint;
        if (port is not null)
        {
            _ports.Add(port);
        }

        return error;
    }
}
