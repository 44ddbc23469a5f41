using BenchmarkDotNet.Attributes;

namespace Ivy.Net.Benchmarks.Micro;

/// <summary>Posts and events, of the loop's own thread: what they cost without another core.</summary>
public class PostBenchmarks : IDisposable
{
    private const int Many = 1000;

    private IvLoop _loop = null!;
    private IvEvent _event = null!;

    [GlobalSetup]
    public void Begin()
    {
        _loop = new IvLoop();
        _event = new IvEvent(static _ => { });
        _event.Register();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _loop.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = Many)]
    public void PostOfAReference()
    {
        for (int i = 0; i < Many; i++)
        {
            _loop.Post(static _ => { }, this);
        }

        _loop.Run(IvRunMode.NonBlocking);
    }

    [Benchmark(OperationsPerInvoke = Many)]
    public void PostOfAValue()
    {
        for (int i = 0; i < Many; i++)
        {
            _loop.Post(static _ => { }, i);
        }

        _loop.Run(IvRunMode.NonBlocking);
    }

    [Benchmark]
    public void EventInATurn()
    {
        _event.Post();
        _loop.Run(IvRunMode.NonBlocking);
    }
}
