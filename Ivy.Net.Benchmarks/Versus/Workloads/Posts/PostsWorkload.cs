using Ivy.Net.Benchmarks.Versus.Building;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Posts;

/// <summary>Messages between threads: to and fro, and as a stream. Peers/posts.h says what exactly is done.</summary>
internal sealed class PostsWorkload : IWorkload
{
    private const string Ivy = "ivy";
    private const string PingPong = "ping-pong";
    private const string IvySpin = "ivy-spin";

    // Far longer than a round trip, so that neither side sleeps.
    private const int SpinMicroseconds = 100;
    private const string Ivykis = "ivykis";

    public string Name => "posts";

    public string Summary => "Messages between threads: ping-pong of two loops, and streams from 1 and from 4 threads to a loop.";

    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs { get; } = new Dictionary<string, Action<SubjectArguments>>(StringComparer.Ordinal)
    {
        ["ivy"] = static arguments => Run(arguments, static () => new IvyStream(), static () => new IvyPingPong()),
        [IvySpin] = static arguments => Run(arguments, static () => new IvyStream(), static () => new IvyPingPong(SpinMicroseconds)),
        ["channels"] = static arguments => Run(arguments, static () => new ChannelStream(), static () => new ChannelPingPong()),
        ["context"] = static arguments => Run(arguments, static () => new ContextStream(), static () => new ContextPingPong()),
    };

    public IEnumerable<WorkloadCase> Cases(RunSettings settings)
    {
        int divisor = settings.Scale == Scale.Smoke ? 1000 : 1;
        yield return Case(settings, PingPong, 10_000 / divisor, new Metric("roundtrip", "ns") { Words = "time of a round trip" }, "mode=pingpong", "producers=0") with
        {
            Targets = [new Target(Ivy, "roundtrip", 1) { Peer = Ivykis }, new Target(IvySpin, "roundtrip", 0.3) { Peer = Ivykis }],
        };
        foreach (int producers in (int[])[1, 4])
        {
            yield return Case(settings, $"{producers}→1 stream", 200_000 / divisor, new Metric("posts", "posts/s", IsRate: true) { Words = "posts per second" }, "mode=stream", $"producers={producers}") with
            {
                Targets = [new Target(Ivy, "posts", 0.5) { Peer = Ivykis }],
            };
        }
    }

    private static void Run(SubjectArguments arguments, Func<StreamProgram> stream, Func<PingPongProgram> pingPong)
    {
        if (arguments.Text("mode") == "stream")
        {
            StreamProgram program = stream();
            program.Run(arguments);
            (program as IDisposable)?.Dispose();
        }
        else
        {
            PingPongProgram program = pingPong();
            program.Run(arguments);
            (program as IDisposable)?.Dispose();
        }
    }

    private WorkloadCase Case(RunSettings settings, string name, int count, Metric metric, params string[] parameters)
    {
        string[] all = [.. parameters, $"count={count}", $"core={settings.SubjectCore}", $"load={settings.LoadCore}", settings.WarmUpArgument, settings.DurationArgument];
        return new WorkloadCase
        {
            Workload = Name,
            Params = name,
            Metrics = [metric, new Metric("sleeps", "per message") { Words = "sleeps of a thread per message" }],
            Subjects =
            [
                .. Peer(Ivykis, "posts_ivykis.c", Library.Ivykis),
                .. Peer("libuv", "posts_libuv.c", Library.Libuv),
                Own("Channels", SubjectKind.DotNet, "channels"),
                Own("SynchronizationContext", SubjectKind.DotNet, "context"),
                Own(Ivy, SubjectKind.Ivy, "ivy"),
                .. name == PingPong ? [Own(IvySpin, SubjectKind.Ivy, IvySpin)] : (Subject[])[],
            ],
            Twin = Ivykis,
            Expected = new Dictionary<string, long>(StringComparer.Ordinal) { ["received"] = count, ["misordered"] = 0 },
        };

        // All have several threads, so that there is nothing to run twice.
        IEnumerable<Subject> Peer(string subject, string source, Library library) =>
            settings.Peers.Build(source, library) is { } program ? [new ProcessSubject(subject, SubjectKind.Library, [program, .. all], settings.BothCores) { Expected = settings.Expected(SubjectKind.Library) }] : [];

        Subject Own(string subject, SubjectKind kind, string program) => Running.Programs.Own(settings, subject, kind, this, program, all);
    }
}
