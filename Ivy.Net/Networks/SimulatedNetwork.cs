using System.Globalization;
using System.Net;
using System.Numerics;

namespace Ivy.Net;

/// <summary>A network, a kernel and a clock made up from a seed, for tests of programs with loops: the same seed is the same run.</summary>
/// <remarks>
/// <para>It owns the time, the descriptors and the faults. Sockets are made on it by naming it, or on the thread of a loop whose
/// <see cref="IvLoopOptions.Network"/> it is; that loop then runs in virtual time, which passes only while everybody waits: an
/// hour takes no longer than what happens in it. What is in it is a host with Linux's rules for TCP, UDP and Unix sockets.</para>
/// <para>One loop needs nothing more. Several are started by <see cref="Run(Action[])"/>, one at a time has the word, and at every
/// wait, wake and post the seed picks who has it next.</para>
/// <para>Not safe for use by several threads, but for those that it has started itself. See SimulatedNetwork(3).</para>
/// </remarks>
public sealed partial class SimulatedNetwork : IvNetwork, IDisposable
{
    /// <summary>The key under which <see cref="Run(Action[])"/> puts <see cref="Seed"/> into the data of an exception that it throws again.</summary>
    public const string SeedKey = "Ivy.SimulatedNetwork.Seed";

    // What listen(2) cuts a backlog to: net.core.somaxconn since Linux 5.4.
    internal const int LongestBacklog = 4096;

    private const long NanosecondsPerTick = TimeSpan.NanosecondsPerTick;
    private const ulong HashOffset = 0xCBF29CE484222325;
    private const ulong HashPrime = 0x100000001B3;

    private readonly SimulatedRandom _faultRandom;
    private readonly SimulatedRandom _wireRandom;
    private readonly SimulatedRandom _delayRandom;
    private readonly SimulatedRandom _costRandom;
    private readonly SimulatedRandom _plantedRandom;
    private readonly SimulatedScheduler _scheduler;
    private readonly SimulatedDescriptorTable _descriptors = new();
    private readonly long _minimumLatency;
    private readonly long _maximumLatency;
    private readonly long _longestDelay;
    private readonly long _callCost;
    private ulong _lastInode = 1;
    private long _sequence;

    /// <summary>Makes an empty network, at the time 0.</summary>
    /// <param name="seed">What decides everything that is left to chance.</param>
    /// <param name="options">What it is like; by default a perfect machine without latency and faults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A time or a size in <paramref name="options"/> is negative.</exception>
    public SimulatedNetwork(ulong seed, SimulatedNetworkOptions? options = null)
    {
        Options = SimulatedNetworkOptions.Checked(options ?? new SimulatedNetworkOptions());
        Seed = seed;
        DescriptorLimit = Options.DescriptorLimit;
        _minimumLatency = Options.MinimumLatency.Ticks * NanosecondsPerTick;
        _maximumLatency = Math.Max(_minimumLatency, Options.MaximumLatency.Ticks * NanosecondsPerTick);
        _longestDelay = Options.LongestDelay.Ticks * NanosecondsPerTick;
        _callCost = Options.SystemCallCost.Ticks * NanosecondsPerTick;

        // The numbers of the streams are part of what a seed means: new ones go to the end.
        _scheduler = new SimulatedScheduler(this, new SimulatedRandom(seed, 1));
        _faultRandom = new SimulatedRandom(seed, 2);
        _wireRandom = new SimulatedRandom(seed, 3);
        _delayRandom = new SimulatedRandom(seed, 4);
        _costRandom = new SimulatedRandom(seed, 5);
        Order = new SimulatedRandom(seed, 6);
        Tcp = new SimulatedPorts(new SimulatedRandom(seed, 7));
        Udp = new SimulatedPorts(new SimulatedRandom(seed, 8));
        _plantedRandom = new SimulatedRandom(seed, 9);
    }

    /// <inheritdoc/>
    public override string Name => "simulated";

    /// <summary>The seed: write it into the message of a failed test, and the failure is there again.</summary>
    public ulong Seed { get; }

    /// <summary>What the network is like.</summary>
    public SimulatedNetworkOptions Options { get; }

    /// <summary>How much virtual time has passed.</summary>
    public TimeSpan Elapsed => new((Now - SimulatedScheduler.Beginning) / NanosecondsPerTick);

    /// <summary>How often each kind of fault was injected.</summary>
    public SimulatedFaultCounts Faults { get; } = new();

    /// <summary>
    /// How many descriptors may be open at once: one more is EMFILE. May be changed at any time, to less than are open as well,
    /// which closes none.
    /// </summary>
    public int DescriptorLimit { get; set; }

    /// <summary>How many descriptors are open: 0 at the end of a program that closes what it opens.</summary>
    public int OpenDescriptors => _descriptors.Count;

    /// <summary>
    /// Gets every event as it happens, on the thread that it happens on; must not call into the network. Null by default. Its lines
    /// are the same for the same seed, to the last byte.
    /// </summary>
    public Action<SimulatedEvent>? Trace { get; set; }

    /// <summary>
    /// A hash of all events so far and of all bytes sent: two runs are the same if it is the same at their ends. Costs little, and
    /// is always there.
    /// </summary>
    public ulong TraceHash { get; private set; } = HashOffset;

    internal long Now => _scheduler.Now;

    internal SimulatedPorts Tcp { get; }

    internal SimulatedPorts Udp { get; }

    internal SimulatedNames Names { get; } = new();

    /// <summary>The order in which descriptors that are ready are reported.</summary>
    internal SimulatedRandom Order { get; }

    internal SimulatedScheduler Scheduler => _scheduler;

    /// <summary>Runs several threads, one at a time, until all have returned.</summary>
    /// <param name="threads">Their bodies; each usually makes a loop and runs it. They are called <c>thread 0</c> and so on.</param>
    /// <remarks>
    /// <para>Call it from outside of the simulation, while no loop outside of it lives. A body must wait only in a loop: whoever
    /// blocks in something else (a lock that another body holds, a task) holds all of them, and a body that never waits is
    /// never interrupted.</para>
    /// <para>What a body throws stops all of them, each at its next wait, and is thrown here, with <see cref="Seed"/> in its
    /// <see cref="Exception.Data"/> under <see cref="SeedKey"/>. Waiting in all of them for nothing is IVF0080.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">The array or a body is null.</exception>
    public void Run(params Action[] threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        var named = new (string Name, Action Body)[threads.Length];
        for (int i = 0; i < threads.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(threads[i], nameof(threads));
            named[i] = (string.Create(CultureInfo.InvariantCulture, $"thread {i}"), threads[i]);
        }

        _scheduler.Run(named);
    }

    /// <summary>As <see cref="Run(Action[])"/>, with names, which the trace and the thread itself show.</summary>
    /// <param name="threads">The names and the bodies.</param>
    /// <exception cref="ArgumentNullException">The array, a name or a body is null.</exception>
    public void Run(params (string Name, Action Body)[] threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        foreach ((string name, Action body) in threads)
        {
            ArgumentNullException.ThrowIfNull(name, nameof(threads));
            ArgumentNullException.ThrowIfNull(body, nameof(threads));
        }

        _scheduler.Run(threads);
    }

    /// <summary>Starts one more thread in a <see cref="Run(Action[])"/>; only a thread of it may call.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="body">What it does.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public void Start(string name, Action body)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(body);
        if (!_scheduler.IsRunning)
        {
            IvFatal.Raise(FatalCondition.SimulationThread, $"Start of {this} is called outside of Run; give the first threads to Run itself", this);
        }

        _scheduler.CheckThread();
        _scheduler.Start(name, body);
    }

    /// <summary>Resets a TCP connection, as a router in between may: the socket knows at once, its peer when the RST arrives.</summary>
    /// <param name="socket">One end; of a socket that has no connection nothing happens.</param>
    /// <exception cref="ArgumentException">The socket belongs to another network.</exception>
    public void Reset(IvSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (socket.Network != this)
        {
            throw new ArgumentException($"{socket} belongs to the network {socket.Network.Name}.", nameof(socket));
        }

        Enter();
        if (Find(socket.Handle, out SimulatedDescription description) == IvError.None && description is SimulatedTcpSocket tcp)
        {
            Note("reset", socket.Handle, 0);
            tcp.ResetByNetwork();
        }
    }

    /// <summary>
    /// Cuts two hosts off from each other: TCP waits (and what connects gives up after 127 s, ETIMEDOUT), UDP is lost. An address is
    /// a host: let its sockets bind to it. Known addresses are loopback, private and link-local ones.
    /// </summary>
    /// <param name="first">One address; may be the same as the other.</param>
    /// <param name="second">The other.</param>
    public void Partition(IPAddress first, IPAddress second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Enter();
        Note("partition", -1, 0);
        _cuts.Add((first, second));
    }

    /// <summary>Ends every <see cref="Partition"/>; what TCP held back goes on.</summary>
    public void Heal()
    {
        Enter();
        Note("heal", -1, 0);
        _cuts.Clear();
        SimulatedWire[] held = [.. _held];
        _held.Clear();
        foreach (SimulatedWire wire in held)
        {
            wire.Pump();
        }
    }

    /// <summary>Closes nothing and frees nothing that the collector would not: there so that <c>using</c> reads well.</summary>
    public void Dispose()
    {
    }

    /// <summary>As in <c>simulated network (seed 4711)</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"simulated network (seed {Seed})");

    internal ulong NextInode() => ++_lastInode;

    /// <summary>An event, into the hash and the trace.</summary>
    internal void Note(string operation, long handle, long count, IvError error = IvError.None, SimulatedFault? fault = null, string? thread = null)
    {
        _sequence++;
        ulong hash = TraceHash;
        foreach (char letter in operation)
        {
            hash = (hash ^ letter) * HashPrime;
        }

        hash = Fold(Fold(Fold(hash, (ulong)Now), (ulong)handle), (ulong)count);
        TraceHash = Fold(hash, ((ulong)(uint)error << 32) | (uint)(fault is { } kind ? (int)kind + 1 : 0));
        Trace?.Invoke(new SimulatedEvent(_sequence, Elapsed, thread ?? _scheduler.CurrentName, operation, handle, count, error, fault));
    }

    private static ulong Fold(ulong hash, ulong value) => BitOperations.RotateLeft((hash ^ value) * 0x9E3779B97F4A7C15, 29) * HashPrime;
}
