using BenchmarkDotNet.Attributes;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Micro;

/// <summary>A turn that finds descriptors ready, and calls handlers that leave them so: the wait and the calls, and nothing else.</summary>
public class DispatchBenchmarks : IDisposable
{
    private IvLoop _loop = null!;

    [ParamsSource(nameof(Methods))]
    public string Method { get; set; } = string.Empty;

    [Params(1, 100)]
    public int Ready { get; set; }

    public static IEnumerable<string> Methods => IvPollMethod.All.Select(static method => method.Name);

    [GlobalSetup]
    public void Begin()
    {
        _loop = new IvLoop(new IvLoopOptions { PollMethods = [IvPollMethod.All.Single(method => method.Name == Method)] });
        for (int i = 0; i < Ready; i++)
        {
            (IvSocket near, IvSocket far) = IvSocket.CreatePair();
            far.Send("x"u8);
            new IvFd(near) { State = far, HandlerIn = static _ => { } }.Register();
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _loop.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void Turn() => _loop.Run(IvRunMode.NonBlocking);
}
