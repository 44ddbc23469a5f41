using System.Runtime.InteropServices;

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

/// <summary>What the peers in C do: the messages go through a list under a lock, and one IvEvent says that there are some.</summary>
internal sealed class IvyEventStream : StreamProgram, IDisposable
{
    private readonly IvEvent _event;
    private Shared _shared = new();
    private List<Message> _taken = [];
    private IvLoop _loop = null!;

    public IvyEventStream() => _event = new IvEvent(_ => ReceiveAll());

    public void Dispose()
    {
        _event.Dispose();
        _loop.Dispose();
    }

    protected override void Begin()
    {
        _loop = new IvLoop();
        _event.Register();
    }

    protected override void RunReceiver() => _loop.Run();

    protected override void Stop() => _loop.Quit();

    protected override void Post(Message message)
    {
        lock (_shared.Lock)
        {
            _shared.Messages.Add(message);
        }

        _event.Post();
    }

    private void ReceiveAll()
    {
        lock (_shared.Lock)
        {
            (_taken, _shared.Messages) = (_shared.Messages, _taken);
        }

        foreach (Message message in _taken)
        {
            Receive(message);
        }

        _taken.Clear();
    }

    // On a cache line of its own.
    [StructLayout(LayoutKind.Explicit, Size = 3 * CacheLine)]
    private struct Shared()
    {
        [FieldOffset(CacheLine)]
        public readonly Lock Lock = new();

        [FieldOffset(CacheLine + 8)]
        public List<Message> Messages = [];
    }
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
