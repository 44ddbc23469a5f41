using Ivy.Net.Benchmarks.Versus.Building;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Timers;

/// <summary>Timers: added, moved, put off, deleted, fired. Peers/timers.h says what exactly is done.</summary>
internal sealed class TimersWorkload : IWorkload
{
    public const string IvTimer = "IvTimer";
    public const string IvTimeout = "IvTimeout";

    // Of all that is done to a timer, on the average of the subjects: for the estimate of how long a run takes.
    private const double RepetitionNanoseconds = 1500;

    public string Name => "timers";

    public string Summary => "Timers, 10,000 and 1,000,000 live: add, move anywhere, push later, delete, fire all.";

    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs { get; } = new Dictionary<string, Action<SubjectArguments>>(StringComparer.Ordinal)
    {
        ["ivtimer"] = static arguments =>
        {
            using var program = new IvTimerProgram();
            program.Run(arguments);
        },
        ["ivtimeout"] = static arguments =>
        {
            using var program = new IvTimeoutProgram();
            program.Run(arguments);
        },
        ["threading"] = static arguments => new ThreadingTimerProgram().Run(arguments),
        ["priorityqueue"] = static arguments => new PriorityQueueProgram().Run(arguments),
    };

    public IEnumerable<WorkloadCase> Cases(RunSettings settings) =>
        settings.Scale == Scale.Smoke ? [Case(settings, 100)] : [Case(settings, 10_000), Case(settings, 1_000_000)];

    private WorkloadCase Case(RunSettings all, int count)
    {
        RunSettings settings = all with { Repetition = TimeSpan.FromMicroseconds(count * RepetitionNanoseconds / 1e3) };
        string[] parameters = [$"count={count}", settings.WarmUpArgument, settings.DurationArgument];
        return new WorkloadCase
        {
            Workload = Name,
            Params = $"{count:#,0} live",
            Metrics =
            [
                new Metric("add", "ns") { Words = "time to add a timer" },
                new Metric("move", "ns") { Words = "time to move it anywhere" },
                new Metric("later", "ns") { Words = "time to push it later" },
                new Metric("delete", "ns") { Words = "time to delete it" },
                new Metric("fire", "ns") { Words = "time to fire it" },
            ],
            Subjects =
            [
                .. Peer("ivykis", "timers_ivykis.c", Library.Ivykis),
                .. Peer("libevent", "timers_libevent.c", Library.Libevent),
                .. Peer("libevent-common", "timers_libevent_common.c", Library.Libevent),
                .. Peer("libev", "timers_libev.c", Library.Libev),
                .. Peer("libuv", "timers_libuv.c", Library.Libuv),
                Own("Threading.Timer", SubjectKind.DotNet, "threading"),
                Own("PriorityQueue", SubjectKind.DotNet, "priorityqueue"),
                Own(IvTimer, SubjectKind.Ivy, "ivtimer"),
                Own(IvTimeout, SubjectKind.Ivy, "ivtimeout"),
            ],
            Twin = "libev+idle",
            Targets = [.. Targets(IvTimer, "libev+idle")],
            Expected = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                ["fired"] = count,
                ["sum"] = (long)count * (count - 1) / 2,
                ["misordered"] = 0,
            },
        };

        IEnumerable<Subject> Peer(string name, string source, Library library) => Running.Programs.Peer(settings, name, SubjectKind.Library, source, [library], parameters);

        Subject Own(string name, SubjectKind kind, string program) => Running.Programs.Own(settings, name, kind, this, program, [.. parameters, settings.CoreArgument]);
    }

    private static IEnumerable<Target> Targets(string subject, string peer) =>
    [
        new(subject, "add", 1) { Peer = peer },
        new(subject, "move", 1) { Peer = peer },
        new(subject, "later", 0.2) { Peer = peer, PeerMetric = "move" },
        new(subject, "delete", 1) { Peer = peer },
        new(subject, "fire", 1) { Peer = peer },
    ];
}
