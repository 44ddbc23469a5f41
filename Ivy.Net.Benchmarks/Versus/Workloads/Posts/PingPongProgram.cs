using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Posts;

/// <summary>Two threads send a message to and fro, as in Peers/posts.h.</summary>
internal abstract class PingPongProgram
{
    private PassMeter _meter = null!;
    private int _received;
    private volatile bool _isOver;

    public void Run(SubjectArguments arguments)
    {
        int load = arguments.Number("load");
        _meter = new PassMeter(arguments, "roundtrip", isRate: false);
        using var ready = new ManualResetEventSlim();
        Begin(first: true);
        var other = new Thread(() =>
        {
            Cores.Pin([load]);
            Begin(first: false);
            ready.Set();
            RunReceiver(first: false);
        });
        other.Start();
        ready.Wait();
        _meter.BeginPass();
        Post(first: false);
        RunReceiver(first: true);
        other.Join();
        _meter.Print();
    }

    /// <summary>On the player's thread.</summary>
    protected abstract void Begin(bool first);

    /// <summary>Receives until <see cref="Stop"/>.</summary>
    protected abstract void RunReceiver(bool first);

    /// <summary>Where the player's messages are received.</summary>
    protected abstract void Stop(bool first);

    /// <summary>To a player, from any thread.</summary>
    protected abstract void Post(bool first);

    protected void Received(bool first)
    {
        if (!first)
        {
            bool isOver = _isOver;
            Post(first: true);
            if (isOver)
            {
                Stop(first: false);
            }

            return;
        }

        if (_isOver)
        {
            Stop(first: true);
            return;
        }

        if (++_received == _meter.Count)
        {
            _received = 0;
            if (_meter.EndPass())
            {
                _meter.BeginPass();
            }
            else
            {
                _isOver = true;
            }
        }

        Post(first: false);
    }
}
