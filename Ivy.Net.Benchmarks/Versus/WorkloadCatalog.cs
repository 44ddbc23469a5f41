using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Benchmarks.Versus.Workloads.Chain;
using Ivy.Net.Benchmarks.Versus.Workloads.Posts;
using Ivy.Net.Benchmarks.Versus.Workloads.Servers;
using Ivy.Net.Benchmarks.Versus.Workloads.Timers;

namespace Ivy.Net.Benchmarks.Versus;

/// <summary>All workloads, in the order in which they run.</summary>
internal static class WorkloadCatalog
{
    private static readonly ChainWorkload Chain = new();

    public static IReadOnlyList<IWorkload> All { get; } =
    [
        Chain,
        new CascadeWorkload(Chain),
        new TimersWorkload(),
        new PostsWorkload(),
        new EchoWorkload(),
        new ChurnWorkload(),
        new IdleWorkload(),
        new StartWorkload(),
    ];

    /// <summary>The place of a workload in that order; behind all of them if there is none of that name.</summary>
    public static int IndexOf(string workload) => All.TakeWhile(known => known.Name != workload).Count();

    /// <summary>Runs a program of this assembly, as one subject of a workload; it prints its figures.</summary>
    /// <exception cref="VersusException">There is none, or its parameters are wrong.</exception>
    public static void RunProgram(string workload, string program, IEnumerable<string> parameters)
    {
        IWorkload found = All.FirstOrDefault(w => w.Name == workload)
            ?? throw new VersusException($"There is no workload {workload}; there are: {string.Join(", ", All.Select(static w => w.Name))}.");
        if (!found.Programs.TryGetValue(program, out Action<SubjectArguments>? run))
        {
            throw new VersusException($"{workload} has no program {program}; it has: {string.Join(", ", found.Programs.Keys)}.");
        }

        run(new SubjectArguments(parameters));
    }
}
