using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvSocketBatchTests
{
    [Test]
    public void A_batch_keeps_order_lengths_and_addresses()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var two = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        SocketAddress to = two.LocalEndPoint!.Serialize();
        var batch = new IvDatagram[5];
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i] = new IvDatagram(new byte[] { (byte)i, 9, 9, 9, 9, 9 }, to) { Length = i + 1 };
        }

        Assert.That(one.SendMany(batch, out IvError error), Is.EqualTo(5));
        Assert.That(error, Is.EqualTo(IvError.None));
        IvDatagram[] room = Room(8, 16);
        int count = 0;
        while (count < 5)
        {
            Wait.Readable(two);
            count += two.ReceiveMany(room.AsSpan(count), out error);
            Assert.That(error, Is.EqualTo(IvError.None));
        }

        for (int i = 0; i < count; i++)
        {
            Assert.That(room[i].Length, Is.EqualTo(i + 1));
            Assert.That(room[i].Buffer.Span[0], Is.EqualTo((byte)i));
            Assert.That(room[i].IsTruncated, Is.False);
            Assert.That(new IPEndPoint(IPAddress.Any, 0).Create(room[i].Address!), Is.EqualTo(one.LocalEndPoint));
        }

        Assert.That(two.ReceiveMany(room, out error), Is.Zero);
        Assert.That(error, Is.EqualTo(IvError.EAGAIN));
    }

    [Test]
    public void A_datagram_that_was_cut_off_says_so()
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(SocketType.Dgram);
        using (first)
        using (second)
        {
            Assert.That(first.SendMany([new IvDatagram("long one"u8.ToArray()), new IvDatagram("ok"u8.ToArray())], out _), Is.EqualTo(2));
            IvDatagram[] room = [new IvDatagram(new byte[4]), new IvDatagram(new byte[4])];
            Assert.That(second.ReceiveMany(room, out _), Is.EqualTo(2));
            Assert.That(room[0].Length, Is.EqualTo(4));
            Assert.That(room[0].IsTruncated, Is.True);
            Assert.That(room[1].Length, Is.EqualTo(2));
            Assert.That(room[1].IsTruncated, Is.False);
        }
    }

    [Test]
    [Platform("Linux", Reason = "a Unix datagram socket becomes full; one of UDP loses what it has no room for")]
    public void A_batch_moves_64_at_most()
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(SocketType.Dgram);
        using (first)
        using (second)
        {
            first.SendBufferSize = 1 << 20;
            var batch = new IvDatagram[100];
            Array.Fill(batch, new IvDatagram("x"u8.ToArray()));

            // The queue of a Unix datagram socket is short (net.unix.max_dgram_qlen): send until it is full.
            int sent = first.SendMany(batch, out IvError error);
            Assert.That(sent, Is.InRange(1, IvSocket.MaxBatch));
            Assert.That(error, Is.EqualTo(IvError.None));
            while (error == IvError.None)
            {
                sent += first.SendMany(batch, out error);
            }

            Assert.That(error, Is.EqualTo(IvError.EAGAIN));
            int received = 0;
            int count;
            while ((count = second.ReceiveMany(Room(100, 4), out _)) > 0)
            {
                Assert.That(count, Is.LessThanOrEqualTo(IvSocket.MaxBatch));
                received += count;
            }

            Assert.That(received, Is.EqualTo(sent));
        }
    }

    [Test]
    public void An_error_is_told_only_if_nothing_was_sent()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        SocketAddress to = one.LocalEndPoint!.Serialize();
        IvDatagram good = new("x"u8.ToArray(), to);
        IvDatagram bad = new(new byte[70000], to);
        Assert.That(one.SendMany([good, bad, good], out IvError error), Is.EqualTo(1));
        Assert.That(error, Is.EqualTo(IvError.None));
        Assert.That(one.SendMany([bad, good], out error), Is.Zero);
        Assert.That(error, Is.EqualTo(IvError.EMSGSIZE));
    }

    [Test]
    public void An_empty_batch_is_nothing()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.That(one.SendMany([], out IvError error), Is.Zero);
        Assert.That(error, Is.EqualTo(IvError.None));
        Assert.That(one.ReceiveMany([], out error), Is.Zero);
        Assert.That(error, Is.EqualTo(IvError.None));
    }

    [TestCase(-1)]
    [TestCase(5)]
    public void A_length_beyond_its_buffer_is_a_bad_argument_and_nothing_is_sent(int length)
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(SocketType.Dgram);
        using (first)
        using (second)
        {
            IvDatagram[] batch = [new IvDatagram(new byte[4]), new IvDatagram(new byte[4]) { Length = length }];
            Assert.That(() => first.SendMany(batch, out _), Throws.ArgumentException);
            Assert.That(second.Receive(new byte[8]).WouldBlock, Is.True);
        }
    }

    private static IvDatagram[] Room(int count, int size)
    {
        var room = new IvDatagram[count];
        for (int i = 0; i < count; i++)
        {
            room[i] = new IvDatagram(new byte[size], new SocketAddress(AddressFamily.InterNetworkV6));
        }

        return room;
    }
}
