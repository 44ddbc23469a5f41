using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>How soon a server serves.</summary>
internal sealed class StartWorkload : IWorkload
{
    public string Name => "start";

    public string Summary => "from the start of the process to the first echo";

    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs => EchoServers.Programs;

    public IEnumerable<WorkloadCase> Cases(RunSettings settings)
    {
        if (settings.Peers.Build("load_start.c") is not { } program)
        {
            yield break;
        }

        // Publishing takes longer than all the rest of a smoke run.
        if (settings.Scale == Scale.Smoke)
        {
            yield return Case(settings, program, "as built", Running.Programs.Command);
            yield break;
        }

        if (PublishedPrograms.WithLibraryOfThePackage() is { } packaged)
        {
            yield return Case(settings, program, "Ivy.Net from its package", [packaged]);
        }

        if (PublishedPrograms.ReadyToRun() is { } published)
        {
            yield return Case(settings, program, "the program published with ReadyToRun", [published]);
        }
    }

    private WorkloadCase Case(RunSettings settings, string program, string how, IReadOnlyList<string> own) => new()
    {
        Workload = Name,
        Params = how,
        Metrics = [new Metric(StartSubject.FirstEcho, "ms") { Words = "time to the first echo" }, new Metric(StartSubject.Listening, "ms") { Words = "time until it listens" }],
        Subjects = [.. EchoServers.All(settings, this, own).Select(server => new StartSubject(server, program, settings))],
        Twin = EchoServers.Sockets,
        Targets = [new Target(EchoServers.IvyOnEpoll, StartSubject.FirstEcho, 1.0) { Peer = EchoServers.Sockets }],
    };
}
