namespace Ivy.Net.Benchmarks.Versus.Workloads.Posts;

/// <summary>IvLoop.Post with the message as its state.</summary>
internal sealed class IvyStream : StreamProgram, IDisposable
{
    private readonly Action<Message> _receive;
    private IvLoop _loop = null!;

    public IvyStream() => _receive = Receive;

    public void Dispose() => _loop.Dispose();

    protected override void Begin() => _loop = new IvLoop();

    protected override void RunReceiver() => _loop.Run(IvRunMode.KeepAlive);

    protected override void Stop() => _loop.Quit();

    protected override void Post(Message message) => _loop.Post(_receive, message);
}

/// <summary>IvEvent, one for each loop.</summary>
internal sealed class IvyPingPong : PingPongProgram, IDisposable
{
    private readonly int _spin;
    private readonly IvEvent _first;
    private readonly IvEvent _second;

    public IvyPingPong(int spinMicroseconds = 0)
    {
        _spin = spinMicroseconds;
        _first = new IvEvent(_ => Received(first: true));
        _second = new IvEvent(_ => Received(first: false));
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    protected override void Begin(bool first)
    {
        _ = new IvLoop(new IvLoopOptions { SpinMicroseconds = _spin });
        Of(first).Register();
    }

    protected override void RunReceiver(bool first)
    {
        using IvLoop loop = IvLoop.Current!;
        loop.Run();
    }

    protected override void Stop(bool first) => Of(first).Unregister();

    protected override void Post(bool first) => Of(first).Post();

    private IvEvent Of(bool first) => first ? _first : _second;
}
