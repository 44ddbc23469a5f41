using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>Connections that live for one echo.</summary>
internal sealed class ChurnWorkload : IWorkload
{
    private const int AtATime = 64;
    private const int Size = 64;

    // A connect costs its client about as much as its server: neither is idle much, and neither is never.
    private const double Saturated = 0.80;

    public string Name => "churn";

    public string Summary => "connect, one echo, close: server CPU per connection";

    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs => EchoServers.Programs;

    public IEnumerable<WorkloadCase> Cases(RunSettings settings)
    {
        if (settings.Peers.Build("load_churn.c") is not { } program)
        {
            yield break;
        }

        yield return new WorkloadCase
        {
            Workload = Name,
            Params = $"{Size} B, {AtATime} at a time",
            Metrics = MessageMetrics.Per("connection"),
            Subjects = [.. EchoServers.All(settings, this, warms: true).Select(server => new ServerSubject(server, Load(program, settings), settings))],
            Targets = [new Target(EchoServers.IvyOnEpoll, MessageLoad.Cpu, 1.00)],
        };
    }

    private static MessageLoad Load(string program, RunSettings settings) =>
        new(program, AtATime, Size, settings) { LeastBusy = settings.Scale == Scale.Smoke ? 0 : Saturated };
}
