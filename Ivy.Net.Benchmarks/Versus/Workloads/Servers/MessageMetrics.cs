using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>What a <see cref="MessageLoad"/> measures.</summary>
internal static class MessageMetrics
{
    /// <summary>CPU, rate and latencies.</summary>
    /// <param name="what">What is counted, as in <c>message</c>.</param>
    public static IReadOnlyList<Metric> Per(string what) =>
    [
        new(MessageLoad.Cpu, $"ns/{what}") { Words = $"CPU time of the server per {what}" },
        new(MessageLoad.Rate, $"{what}s/s", IsRate: true) { Words = $"{what}s per second" },
        new(MessageLoad.P50, "µs") { Words = "median latency" },
        new(MessageLoad.P99, "µs") { Words = "99th percentile of the latency" },
        new(MessageLoad.P999, "µs") { Words = "99.9th percentile of the latency" },
    ];
}
