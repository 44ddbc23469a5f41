using System.Threading.Channels;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Posts;

/// <summary>System.Threading.Channels, unbounded, with one reader: an async method on the thread pool.</summary>
internal sealed class ChannelStream : StreamProgram
{
    private readonly Channel<Message> _channel = Channel.CreateUnbounded<Message>(new UnboundedChannelOptions { SingleReader = true });

    protected override void RunReceiver() => ReceiveAllAsync().GetAwaiter().GetResult();

    protected override void Stop() => _channel.Writer.Complete();

    protected override void Post(Message message) => _channel.Writer.TryWrite(message);

    private async Task ReceiveAllAsync()
    {
        while (await _channel.Reader.WaitToReadAsync())
        {
            while (_channel.Reader.TryRead(out Message? message))
            {
                Receive(message);
            }
        }
    }
}

/// <summary>A channel for each player.</summary>
internal sealed class ChannelPingPong : PingPongProgram
{
    private readonly Channel<int> _first = Create();
    private readonly Channel<int> _second = Create();

    protected override void Begin(bool first)
    {
    }

    protected override void RunReceiver(bool first) => ReceiveAllAsync(first).GetAwaiter().GetResult();

    protected override void Stop(bool first) => Of(first).Writer.Complete();

    protected override void Post(bool first) => Of(first).Writer.TryWrite(0);

    private static Channel<int> Create() => Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true });

    private async Task ReceiveAllAsync(bool first)
    {
        while (await Of(first).Reader.WaitToReadAsync())
        {
            while (Of(first).Reader.TryRead(out _))
            {
                Received(first);
            }
        }
    }

    private Channel<int> Of(bool first) => first ? _first : _second;
}
