namespace Ivy.Net.Benchmarks.Versus.Workloads.Posts;

/// <summary>A SynchronizationContext as user interfaces and test frameworks have it: a queue under a lock, and a thread that waits for its condition.</summary>
internal sealed class QueueContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _queue = new();
    private bool _isWaiting;
    private bool _isStopped;

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_queue)
        {
            _queue.Enqueue((d, state));
            if (_isWaiting)
            {
                Monitor.Pulse(_queue);
            }
        }
    }

    /// <summary>On the context's thread.</summary>
    public void Stop() => _isStopped = true;

    public void Run()
    {
        while (!_isStopped)
        {
            (SendOrPostCallback Callback, object? State) next;
            lock (_queue)
            {
                while (!_queue.TryDequeue(out next))
                {
                    _isWaiting = true;
                    Monitor.Wait(_queue);
                    _isWaiting = false;
                }
            }

            next.Callback(next.State);
        }
    }
}

/// <summary>A stream through a <see cref="QueueContext"/>.</summary>
internal sealed class ContextStream : StreamProgram
{
    private readonly QueueContext _context = new();
    private readonly SendOrPostCallback _receive;

    public ContextStream() => _receive = message => Receive((Message)message!);

    protected override void RunReceiver() => _context.Run();

    protected override void Stop() => _context.Stop();

    protected override void Post(Message message) => _context.Post(_receive, message);
}

/// <summary>A <see cref="QueueContext"/> for each player.</summary>
internal sealed class ContextPingPong : PingPongProgram
{
    private readonly QueueContext _first = new();
    private readonly QueueContext _second = new();
    private readonly SendOrPostCallback _receivedByFirst;
    private readonly SendOrPostCallback _receivedBySecond;

    public ContextPingPong()
    {
        _receivedByFirst = _ => Received(first: true);
        _receivedBySecond = _ => Received(first: false);
    }

    protected override void Begin(bool first)
    {
    }

    protected override void RunReceiver(bool first) => (first ? _first : _second).Run();

    protected override void Stop(bool first) => (first ? _first : _second).Stop();

    protected override void Post(bool first)
    {
        if (first)
        {
            _first.Post(_receivedByFirst, null);
        }
        else
        {
            _second.Post(_receivedBySecond, null);
        }
    }
}
