using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Chain;

/// <summary>As the chain, and each pair is registered before it and unregistered when its byte has come.</summary>
/// <param name="chain">Whose programs do it.</param>
internal sealed class CascadeWorkload(ChainWorkload chain) : IWorkload
{
    public string Name => "cascade";

    public string Summary => "Socket pairs that are registered, and unregistered when their one byte has come.";

    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs => chain.Programs;

    public IEnumerable<WorkloadCase> Cases(RunSettings settings) =>
        (settings.Scale == Scale.Smoke ? [4] : (int[])[100, 1000]).Select(pairs => ChainWorkload.Case(settings, this, $"{pairs} pairs", "mode=cascade", $"pairs={pairs}"));
}
