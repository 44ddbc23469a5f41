using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>Connections that do nothing.</summary>
internal sealed class IdleWorkload : IWorkload
{
    // For what a server does after some connections, in seconds: twice as long as the runtime waits before it compiles anew.
    private const double Settle = 0.2;

    // To open one, with its echo, and to close it; measured.
    private const double MicrosecondsPerConnection = 60;

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
        RunSettings connecting = settings with { Repetition = TimeSpan.FromMicroseconds(connections * MicrosecondsPerConnection) };
        var load = new IdleLoad(program, connections, first: connections / 15, settle: settings.Scale == Scale.Smoke ? 0 : Settle, seconds: settings.Duration / 1e3);
        yield return new WorkloadCase
        {
            Workload = Name,
            Params = $"{connections} connections",
            Metrics =
            [
                new Metric(IdleLoad.Anonymous, "B/connection") { Words = "memory of its own per connection" },
                new Metric(IdleLoad.Resident, "B/connection") { Words = "resident memory per connection" },
                new Metric(IdleLoad.Cpu, "µs/s") { Words = "CPU time while nothing happens" },
            ],
            Subjects = [.. EchoServers.All(settings, this, waits: true).Select(server => new ServerSubject(server, load, connecting))],
            Targets =
            [
                new Target(EchoServers.IvyOnEpoll, IdleLoad.Anonymous, 300) { IsAmount = true },
                new Target(EchoServers.IvyOnEpoll, IdleLoad.Cpu, 0) { IsAmount = true },
            ],
        };
    }
}
