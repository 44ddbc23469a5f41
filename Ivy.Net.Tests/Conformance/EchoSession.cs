using System.Net;

namespace Ivy.Net.Tests.Conformance;

/// <summary>A server and a client on one loop: connect, so many messages to and fro, close; with a timer, a raw event and a bare number along.</summary>
internal sealed class EchoSession(Bench bench, int messages)
{
    // As long as several buffers of nobody, and short enough to fit into any socket's.
    private const int MessageSize = 96;

    private readonly byte[] _buffer = new byte[4096];
    private readonly List<byte> _received = [];
    private readonly Queue<byte[]> _requests = new();
    private readonly Queue<byte[]> _replies = new();

    public int Done { get; private set; }

    public string? Problem { get; private set; }

    public void Run()
    {
        using IvSocket listening = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0), network: bench.Network);
        using var listener = new IvListener(listening, OnAccepted) { HandlerError = (_, error) => Problem = $"accept: {error}" };
        listener.Register();
        bool hasFired = false;
        using var timer = new IvTimer(_ => hasFired = true);
        timer.Start(TimeSpan.FromMicroseconds(1500));
        bool wasPosted = false;
        using var raw = new IvEventRaw(
            item =>
            {
                wasPosted = true;
                item.Unregister();
            },
            bench.Network);
        raw.Register();
        raw.Post();
        using IvSocket client = IvSocket.Connect(listening.LocalEndPoint!, network: bench.Network);
        client.NoDelay = true; // a session of short writes would wait for the timer of delayed acknowledgements
        using var fd = new IvFd(client) { HandlerOut = OnConnected };
        fd.Register();
        bench.Until(() => Problem is not null || (Done == messages && hasFired && wasPosted), "the session comes to its end");
        Assert.That(Problem, Is.Null);
    }

    private void OnAccepted(IvListener listener, IvSocket peer)
    {
        peer.NoDelay = true;
        var fd = new IvFd(peer);
        fd.HandlerIn = fd =>
        {
            IvIoResult result = peer.Receive(_buffer);
            if (result.WouldBlock)
            {
                return;
            }

            if (!result.IsOk)
            {
                Problem = result.IsError ? $"server: {result}" : Problem;
                fd.Dispose();
                peer.Dispose();
                return;
            }

            _replies.Enqueue(_buffer[..result.Bytes]);
            Flush(fd, _replies);
        };
        fd.Register();
        bench.Own(fd);
        bench.Own(peer);
    }

    // Write first, and wait only for what does not go.
    private void Flush(IvFd fd, Queue<byte[]> queue)
    {
        while (queue.TryDequeue(out byte[]? data))
        {
            IvIoResult result = fd.Socket!.Send(data);
            if (result.IsError)
            {
                Problem = $"send: {result}";
                return;
            }

            if (result.Bytes < data.Length)
            {
                byte[][] later = [data[result.Bytes..], .. queue];
                queue.Clear();
                Array.ForEach(later, queue.Enqueue);
                if (result.WouldBlock)
                {
                    fd.HandlerOut = fd => Flush(fd, queue);
                    return;
                }
            }
        }

        fd.HandlerOut = null;
    }

    private void OnConnected(IvFd fd)
    {
        IvError error = fd.Socket!.TakeError();
        Problem = error == IvError.None ? Problem : $"connect: {error}";
        fd.HandlerOut = null;
        fd.HandlerIn = OnReply;
        SendNext(fd);
    }

    private void SendNext(IvFd fd)
    {
        _requests.Enqueue(Message(Done));
        Flush(fd, _requests);
    }

    private void OnReply(IvFd fd)
    {
        IvIoResult result = fd.Socket!.Receive(_buffer);
        if (result.WouldBlock)
        {
            return;
        }

        if (!result.IsOk)
        {
            Problem = $"client: {result}";
            fd.Unregister();
            return;
        }

        _received.AddRange(_buffer[..result.Bytes]);
        if (_received.Count < MessageSize)
        {
            return;
        }

        if (!_received.ToArray().AsSpan().SequenceEqual(Message(Done)))
        {
            Problem = $"message {Done} came back changed";
        }

        _received.Clear();
        Done++;
        if (Done < messages)
        {
            SendNext(fd);
        }
    }

    private static byte[] Message(int number)
    {
        byte[] message = new byte[MessageSize];
        for (int i = 0; i < message.Length; i++)
        {
            message[i] = (byte)((number * 7) + i);
        }

        return message;
    }
}
