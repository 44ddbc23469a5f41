using BenchmarkDotNet.Attributes;

namespace Ivy.Net.Benchmarks.Micro;

/// <summary>Timers and timeouts, among so many others that run.</summary>
public class TimerBenchmarks : IDisposable
{
    private const int Operations = 1024;

    private IvLoop _loop = null!;
    private IvTimer[] _others = [];
    private IvTimer _timer = null!;
    private IvTimeout _timeout = null!;
    private IvTimestamp[] _times = [];
    private int _number;

    [Params(1000, 100_000)]
    public int Live { get; set; }

    [GlobalSetup]
    public void Begin()
    {
        _loop = new IvLoop();
        var random = new Random(1);
        IvTimestamp now = _loop.Now;
        _others = new IvTimer[Live];
        _times = new IvTimestamp[Operations];
        for (int i = 0; i < Live; i++)
        {
            _others[i] = new IvTimer(static _ => { });
            _others[i].StartAt(now + TimeSpan.FromSeconds(random.Next(3600, 7200)));
        }

        for (int i = 0; i < Operations; i++)
        {
            _times[i] = now + TimeSpan.FromSeconds(random.Next(3600, 7200));
        }

        _timer = new IvTimer(static _ => { });
        _timeout = new IvTimeout(TimeSpan.FromHours(1), static _ => { });
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _loop.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void StartAndStop()
    {
        foreach (IvTimestamp time in _times)
        {
            _timer.StartAt(time);
            _timer.Stop();
        }
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void MoveAnywhere()
    {
        foreach (IvTimestamp time in _times)
        {
            _others[++_number % Live].StartAt(time);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void PushLater()
    {
        IvTimestamp later = _loop.Now + TimeSpan.FromHours(3);
        for (int i = 0; i < Operations; i++)
        {
            _others[++_number % Live].StartAt(later.AddNanoseconds(_number));
        }
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void RestartATimeout()
    {
        for (int i = 0; i < Operations; i++)
        {
            _timeout.Start();
        }
    }

    [Benchmark]
    public void FireInATurn()
    {
        _timer.StartAt(IvTimestamp.MinValue);
        _loop.Run(IvRunMode.NonBlocking);
    }
}
