using BenchmarkDotNet.Attributes;

namespace Ivy.Net.Benchmarks.Micro;

/// <summary>Tasks.</summary>
public class TaskBenchmarks : IDisposable
{
    private const int Many = 1000;

    private IvLoop _loop = null!;
    private IvTask[] _tasks = [];

    [GlobalSetup]
    public void Begin()
    {
        _loop = new IvLoop();
        _tasks = [.. Enumerable.Range(0, Many).Select(static _ => new IvTask(static _ => { }))];
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _loop.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void OneInATurn()
    {
        _tasks[0].Register();
        _loop.Run(IvRunMode.NonBlocking);
    }

    [Benchmark(OperationsPerInvoke = Many)]
    public void AThousandInATurn()
    {
        foreach (IvTask task in _tasks)
        {
            task.Register();
        }

        _loop.Run(IvRunMode.NonBlocking);
    }
}
