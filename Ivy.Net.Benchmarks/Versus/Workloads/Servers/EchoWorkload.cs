using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>Messages that come back over connections that stay.</summary>
internal sealed class EchoWorkload : IWorkload
{
    // Less than all of it, as a load that has more to do than the server lets it wait now and then: with 1000 connections and 16 KiB.
    private const double Saturated = 0.85;

    public string Name => "echo";

    public string Summary => "64 B and 16 KiB over 1, 64 and 1000 connections: server CPU per message, rate, latency";

    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs => EchoServers.Programs;

    public IEnumerable<WorkloadCase> Cases(RunSettings settings)
    {
        if (settings.Peers.Build("load_echo.c") is not { } program)
        {
            yield break;
        }

        EchoServer[] servers = [.. EchoServers.All(settings, this, warms: true), .. EchoServers.Completing(settings, this)];
        foreach (int size in (int[])[64, 16 * 1024])
        {
            foreach (int connections in (int[])[1, 64, 1000])
            {
                yield return new WorkloadCase
                {
                    Workload = Name,
                    Params = $"{(size == 64 ? "64 B" : "16 KiB")}, {connections} connection{(connections == 1 ? string.Empty : "s")}",
                    Metrics = MessageMetrics.Per("message"),
                    Subjects = [.. servers.Select(server => new ServerSubject(server, Load(program, connections, size, settings), settings))],
                    Targets =
                    [
                        new Target(EchoServers.IvyOnEpoll, MessageLoad.Cpu, 1.00),
                        new Target(EchoServers.IvyOnEpoll, MessageLoad.Cpu, 0.55) { Peer = EchoServers.Sockets },
                        new Target(EchoServers.IvyOnEpoll, MessageLoad.P99, 1.0),
                        .. OfCompletions(size, connections),
                    ],
                };
            }
        }
    }

    // A completion saves a call a message where there are enough of them for each turn; that is what it is for.
    private static Target[] OfCompletions(int size, int connections) => size == 64 && connections == 64
        ? [new Target(EchoServers.IvyOnCompletions, MessageLoad.Cpu, 0.96) { Peer = EchoServers.BareEpoll }]
        : [];

    private static MessageLoad Load(string program, int connections, int size, RunSettings settings)
    {
        bool isSmoke = settings.Scale == Scale.Smoke;
        return new MessageLoad(program, isSmoke ? Math.Min(connections, 8) : connections, size, settings)
        {
            // One connection is a ping-pong: both sides sleep while it is the other's turn, and that is in the figure.
            LeastBusy = isSmoke || connections == 1 ? 0 : Saturated,
        };
    }
}
