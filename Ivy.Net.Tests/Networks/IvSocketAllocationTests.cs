using System.Net;
using System.Net.Sockets;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
[NonParallelizable]
public sealed class IvSocketAllocationTests
{
    private const int WarmUp = 500;
    private const int Calls = 10_000;

    private readonly byte[] _buffer = new byte[256];

    [Test]
    public void Streams_allocate_nothing()
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        using (first)
        using (second)
        {
            Memory<byte>[] room = [_buffer.AsMemory(0, 8), _buffer.AsMemory(8, 8)];
            ReadOnlyMemory<byte>[] vectors = [_buffer.AsMemory(16, 8), _buffer.AsMemory(24, 8)];
            nint[] none = new nint[4];
            Measure(() =>
            {
                first.Send(_buffer.AsSpan(0, 16));
                second.Peek(_buffer);
                second.Receive(_buffer);
                second.Receive(_buffer); // would block
                first.Send(vectors);
                second.Receive(room);
                second.Receive(room);
                first.SendHandles(_buffer.AsSpan(0, 1), []);
                second.ReceiveHandles(_buffer, none, out _, out _);
                second.TakeError();
            });
        }
    }

    [Test]
    public void Datagrams_allocate_nothing()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var two = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint endPoint = two.LocalEndPoint!;
        SocketAddress to = endPoint.Serialize();
        var from = new SocketAddress(AddressFamily.InterNetworkV6);
        Measure(() =>
        {
            one.SendTo(_buffer.AsSpan(0, 8), to);
            one.SendTo(_buffer.AsSpan(0, 8), endPoint);
            two.ReceiveFrom(_buffer, from);
            two.ReceiveFrom(_buffer, from);
            two.ReceiveFrom(_buffer, from);
            one.GetLocalAddress(from);
        });
    }

    [Test]
    public void Batches_allocate_nothing()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var two = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        SocketAddress to = two.LocalEndPoint!.Serialize();
        var batch = new IvDatagram[4];
        var room = new IvDatagram[4];
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i] = new IvDatagram(new byte[16], to);
            room[i] = new IvDatagram(new byte[16], new SocketAddress(AddressFamily.InterNetworkV6));
        }

        Measure(() =>
        {
            one.SendMany(batch, out _);
            two.ReceiveMany(room, out _);
        });
    }

    private static void Measure(Action action)
    {
        for (int i = 0; i < WarmUp; i++)
        {
            action();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Calls; i++)
        {
            action();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }
}
