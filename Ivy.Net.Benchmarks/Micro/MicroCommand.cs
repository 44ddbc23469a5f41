using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Ivy.Net.Benchmarks.Versus.Building;

namespace Ivy.Net.Benchmarks.Micro;

/// <summary>The command <c>micro</c>: BenchmarkDotNet on single operations of the loop.</summary>
internal static class MicroCommand
{
    private const int UsageError = 2;
    private const int Failed = 1;

    private static readonly Type[] All = [typeof(TimerBenchmarks), typeof(TaskBenchmarks), typeof(PostBenchmarks), typeof(DispatchBenchmarks)];

    public static Command Build()
    {
        var filter = new Argument<string>("filter") { Description = "Only benchmarks whose name contains this.", DefaultValueFactory = static _ => string.Empty };
        var command = new Command("micro", "Measures single operations (timers, tasks, posts, dispatch) by BenchmarkDotNet.") { filter };
        command.SetAction(result => Run(result.GetRequiredValue(filter), result.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(string filter, TextWriter error)
    {
        BenchmarkRunInfo[] chosen = [.. All.Select(type => BenchmarkConverter.TypeToBenchmarks(type, Config(filter))).Where(static info => info.BenchmarksCases.Length > 0)];
        if (chosen.Length == 0)
        {
            error.WriteLine($"No benchmark has {filter} in its name; there are: {string.Join(", ", All.Select(static type => type.Name))}.");
            return UsageError;
        }

        Summary[] summaries = BenchmarkRunner.Run(chosen);
        return Array.TrueForAll(summaries, static s => !s.HasCriticalValidationErrors && s.Reports.All(static r => r.Success)) ? 0 : Failed;
    }

    // In this process: a project of its own for each benchmark, which is the default, needs an SDK and a feed, and a plain machine has neither.
    private static IConfig Config(string filter) => ManualConfig.Create(DefaultConfig.Instance)
        .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddFilter(new BenchmarkDotNet.Filters.GlobFilter([$"*{filter}*"]))
        .WithArtifactsPath(Path.Combine(SourceTree.Root, "artifacts", "micro"));
}
