using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>Connections that do nothing.</summary>
internal sealed class IdleWorkload : IWorkload
{
    public string Name => "idle";

    public string Summary => "15,000 connections that do nothing: resident bytes per connection, CPU";

    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs => EchoServers.Programs;

    public IEnumerable<WorkloadCase> Cases(RunSettings settings)
    {
        if (settings.Peers.Build("load_idle.c") is not { } program)
        {
            yield break;
        }

        int connections = settings.Scale == Scale.Smoke ? 50 : 15_000;
        var load = new IdleLoad(program, connections, settle: settings.WarmUp / 1e3, seconds: settings.Duration / 1e3);
        yield return new WorkloadCase
        {
            Workload = Name,
            Params = $"{connections} connections",
            Metrics = [new Metric(IdleLoad.Anonymous, "B/connection"), new Metric(IdleLoad.Resident, "B/connection"), new Metric(IdleLoad.Cpu, "µs/s")],
            Subjects = [.. EchoServers.All(settings, this, waits: true).Select(server => new ServerSubject(server, load, settings))],
            Targets =
            [
                new Target(EchoServers.IvyOnEpoll, IdleLoad.Anonymous, 300) { IsAmount = true },
                new Target(EchoServers.IvyOnEpoll, IdleLoad.Cpu, 0) { IsAmount = true },
            ],
        };
    }
}
