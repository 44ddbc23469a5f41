using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>What a <see cref="MessageLoad"/> measures.</summary>
internal static class MessageMetrics
{
    public static IReadOnlyList<Metric> All { get; } =
    [
        new(MessageLoad.Cpu, "ns/message"),
        new(MessageLoad.Rate, "messages/s", IsRate: true),
        new(MessageLoad.P50, "µs"),
        new(MessageLoad.P99, "µs"),
        new(MessageLoad.P999, "µs"),
    ];
}
