using Ivy.Net.Edge;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Edge;

/// <summary>What an EdgeLoop may sit on: every poll method of the library, the simulation, and of those that tell edges a version that does not; kqueue by its models.</summary>
internal sealed class EdgeBackend
{
    private readonly Func<SimulatedNetwork?, IvPoller> _create;

    private EdgeBackend(string name, bool isSimulated, Func<SimulatedNetwork?, IvPoller> create)
    {
        Name = name;
        IsSimulated = isSimulated;
        _create = create;
    }

    public static IEnumerable<EdgeBackend> All =>
    [
        .. Kernels,
        .. OperatingSystem.IsWindows() ? [] : Models,
        new EdgeBackend("simulated", isSimulated: true, static network => new SimulatedPoller(network!)),
        new EdgeBackend("simulated-levels", isSimulated: true, static network => new LevelPoller(new SimulatedPoller(network!))),
    ];

    public static IEnumerable<EdgeBackend> Kernels =>
    [
        .. IvPollMethod.All.Select(static method => new EdgeBackend(method.Name, isSimulated: false, _ => method.Create())),
        .. OperatingSystem.IsWindows() ? (EdgeBackend[])[] : [new EdgeBackend("epoll-levels", isSimulated: false, static _ => new LevelPoller(IvPollMethod.Epoll.Create()))],
    ];

    public static IEnumerable<EdgeBackend> Simulations => All.Where(static backend => backend.IsSimulated);

    public string Name { get; }

    // On sockets of Linux.
    private static EdgeBackend[] Models =>
    [
        new EdgeBackend("kqueue-model-darwin", isSimulated: false, static _ => new KqueuePoller(new KqueueModel(KqueueQuirks.Darwin))),
        new EdgeBackend("kqueue-model-freebsd", isSimulated: false, static _ => new KqueuePoller(new KqueueModel(KqueueQuirks.FreeBsd))),
    ];

    public bool IsSimulated { get; }

    public void Run(Action<EdgeBench> body, EdgeLoopOptions? edge = null, SimulatedNetworkOptions? simulation = null, ulong seed = 1, Action<IvUnhandledException>? hook = null)
    {
        SimulatedNetwork? network = IsSimulated ? new SimulatedNetwork(seed, simulation) : null;
        var bench = new Bench(IsSimulated ? ConformanceBackend.Simulated : ConformanceBackend.OfTheKernel.First());
        IvLoopOptions options = new()
        {
            Name = Name,
            PollMethods = [new IvPollMethod(Name, () => _create(network))],
            Network = network,
            Warning = bench.Warnings.Add,
            LeakReport = bench.Leaks.Add,
            UnhandledException = hook,
        };
        LoopThread.Run(options, loop =>
        {
            bench.Loop = loop;
            using (bench)
            {
                using var made = new EdgeBench(bench, new EdgeLoop<EdgeTag, EdgeRecorder>(edge));
                body(made);
            }
        });
        Assert.That(bench.Warnings, Is.Empty, "warnings of the loop");
    }

    public override string ToString() => Name;
}
