using Ivy.Net.Benchmarks.Versus.Building;
using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Chain;

/// <summary>Bytes that travel through socket pairs. Peers/chain.h says what exactly is done.</summary>
internal sealed class ChainWorkload : IWorkload
{
    private const string BareEpoll = "epoll";

    public string Name => "chain";

    public string Summary => "Bytes that travel through socket pairs that are watched all the time.";

    /// <summary>One for each poll method of the library.</summary>
    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs { get; } = IvPollMethod.All.ToDictionary(
        ProgramOf,
        static method => (Action<SubjectArguments>)(arguments =>
        {
            using var program = new ChainProgram(arguments, method);
            program.Print();
        }),
        StringComparer.Ordinal);

    public IEnumerable<WorkloadCase> Cases(RunSettings settings) =>
        settings.Scale == Scale.Smoke
            ? [Chain(settings, 4, 1, 10)]
            : [Chain(settings, 100, 1, 2000), Chain(settings, 1000, 100, 10_000), Chain(settings, 9900, 1000, 20_000)];

    /// <summary>The subjects of a case of this workload, or of the cascade, which the same programs do.</summary>
    internal static WorkloadCase Case(RunSettings settings, IWorkload workload, string name, params string[] parameters)
    {
        string[] all = [.. parameters, settings.WarmUpArgument, settings.DurationArgument];
        string ivy = ProgramOf(IvPollMethod.Epoll);
        return new WorkloadCase
        {
            Workload = workload.Name,
            Params = name,
            Metrics = [new Metric("event", "ns") { Words = "time per event" }],
            Subjects =
            [
                .. Peer(BareEpoll, SubjectKind.Bare, "chain_epoll.c"),
                .. Peer("ivykis", SubjectKind.Library, "chain_ivykis.c", Library.Ivykis),
                .. Peer("libevent", SubjectKind.Library, "chain_libevent.c", Library.Libevent),
                .. Peer("libev", SubjectKind.Library, "chain_libev.c", Library.Libev),
                .. Peer("libuv", SubjectKind.Library, "chain_libuv.c", Library.Libuv),
                .. Available(settings).Select(program => Running.Programs.Own(settings, program, SubjectKind.Ivy, workload, program, [.. all, settings.CoreArgument])),
            ],
            Twin = $"{BareEpoll}+idle",
            Targets = [new Target(ivy, "event", 1), new Target(ivy, "event", 1.03) { Peer = $"{BareEpoll}+idle" }],
            Expected = new Dictionary<string, long>(StringComparer.Ordinal) { ["missing"] = 0, ["bad"] = 0 },
        };

        IEnumerable<Subject> Peer(string subject, SubjectKind kind, string source, params Library[] libraries) => Running.Programs.Peer(settings, subject, kind, source, libraries, all);
    }

    /// <summary>The program, and subject, of a poll method.</summary>
    internal static string ProgramOf(IvPollMethod method) => $"ivy-{method}";

    // A kernel or a sandbox may refuse one.
    private static IEnumerable<string> Available(RunSettings settings)
    {
        foreach (IvPollMethod method in IvPollMethod.All)
        {
            try
            {
                method.Create().Dispose();
            }
            catch (IvException refused)
            {
                settings.Notes.Add($"{ProgramOf(method)} is left out: {refused.Message}");
                continue;
            }

            yield return ProgramOf(method);
        }
    }

    private WorkloadCase Chain(RunSettings settings, int pairs, int active, int writes) =>
        Case(settings, this, $"{pairs}/{active}/{writes}", "mode=chain", $"pairs={pairs}", $"active={active}", $"writes={writes}");
}
