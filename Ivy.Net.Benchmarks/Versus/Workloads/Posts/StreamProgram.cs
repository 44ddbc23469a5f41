using System.Runtime.InteropServices;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Posts;

/// <summary>A stream of messages from other threads, as in Peers/posts.h.</summary>
internal abstract class StreamProgram
{
    private const int Window = 1024;
    protected const int CacheLine = 64;

    private PassMeter _meter = null!;
    private Producer[] _producers = [];
    private Received _received;
    private long _passesBegun;
    private volatile bool _isOver;

    public void Run(SubjectArguments arguments)
    {
        int producers = arguments.Number("producers");
        int count = arguments.Number("count");
        int load = arguments.Number("load");
        _meter = new PassMeter(arguments, "posts", isRate: true) { Count = count - (count % producers) };
        Begin();
        _producers = [.. Enumerable.Range(0, producers).Select(index => new Producer(this, index, Window / producers, load))];
        BeginPass();
        RunReceiver();
        foreach (Producer producer in _producers)
        {
            producer.Join();
        }

        _meter.Print();
    }

    /// <summary>On the thread that receives.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Receives until <see cref="Stop"/>.</summary>
    protected abstract void RunReceiver();

    /// <summary>Where messages are received.</summary>
    protected abstract void Stop();

    /// <summary>Any thread.</summary>
    protected abstract void Post(Message message);

    /// <summary>For each message, one after the other.</summary>
    protected void Receive(Message message)
    {
        Producer producer = message.Producer;
        if (message.Number != producer.Received.Next++)
        {
            _meter.Misordered++;
        }

        Volatile.Write(ref producer.Received.Done, producer.Received.Next);
        if (++_received.Next == _meter.Count)
        {
            if (_meter.EndPass())
            {
                BeginPass();
            }
            else
            {
                _isOver = true;
                Stop();
            }
        }
    }

    private void BeginPass()
    {
        _received.Next = 0;
        _meter.BeginPass();
        Interlocked.Increment(ref _passesBegun);
    }

    /// <summary>Made once, and used again when it has been received.</summary>
    internal sealed class Message
    {
        public required Producer Producer { get; init; }

        public long Number { get; set; }
    }

    internal sealed class Producer
    {
        private readonly Thread _thread;
        private Received _received;

        public Producer(StreamProgram program, int index, int window, int core)
        {
            var messages = new Message[window];
            for (int i = 0; i < window; i++)
            {
                messages[i] = new Message { Producer = this };
            }

            _thread = new Thread(() => Produce(program, messages, core)) { Name = $"producer {index}" };
            _thread.Start();
        }

        public ref Received Received => ref _received;

        public void Join() => _thread.Join();

        private void Produce(StreamProgram program, Message[] messages, int core)
        {
            Cores.Pin([core]);
            long number = 0;
            for (long pass = 1; ; pass++)
            {
                while (Volatile.Read(ref program._passesBegun) < pass)
                {
                    if (program._isOver)
                    {
                        return;
                    }

                    Thread.Yield();
                }

                int count = program._meter.Count / program._producers.Length;
                for (int i = 0; i < count; i++)
                {
                    while (number - Volatile.Read(ref _received.Done) >= messages.Length)
                    {
                        Thread.Yield();
                    }

                    Message message = messages[number % messages.Length];
                    message.Number = number++;
                    program.Post(message);
                }
            }
        }
    }

    /// <summary>What the receiver writes at each message, on a cache line of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 3 * CacheLine)]
    internal struct Received
    {
        [FieldOffset(CacheLine)]
        public long Next;

        // Read by the producer, which may not be further ahead of it than its window.
        [FieldOffset(CacheLine + sizeof(long))]
        public long Done;
    }
}
