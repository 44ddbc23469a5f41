using System.Buffers;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvSocketTransferTests
{
    private readonly byte[] _buffer = new byte[64];

    [Test]
    public void Bytes_arrive_and_then_there_are_none()
    {
        using var pair = new TcpPair();
        Assert.That(pair.Client.Send("hello"u8), Is.EqualTo(IvIoResult.Ok(5)));
        Wait.Readable(pair.Server);
        Assert.That(pair.Server.Receive(_buffer), Is.EqualTo(IvIoResult.Ok(5)));
        Assert.That(_buffer.AsSpan(0, 5).SequenceEqual("hello"u8), Is.True);
        Assert.That(pair.Server.Receive(_buffer).WouldBlock, Is.True);
    }

    [Test]
    public void Peek_leaves_the_bytes_there()
    {
        using var pair = new TcpPair();
        pair.Client.Send("ab"u8);
        Wait.Readable(pair.Server);
        Assert.That(pair.Server.Peek(_buffer), Is.EqualTo(IvIoResult.Ok(2)));
        Assert.That(pair.Server.Receive(_buffer, SocketFlags.Peek), Is.EqualTo(IvIoResult.Ok(2)));
        Assert.That(pair.Server.Receive(_buffer), Is.EqualTo(IvIoResult.Ok(2)));
        Assert.That(pair.Server.Peek(_buffer).WouldBlock, Is.True);
    }

    [Test]
    public void A_half_close_is_the_end_for_the_peer_and_the_other_direction_lives()
    {
        using var pair = new TcpPair();
        pair.Client.Send("x"u8);
        pair.Client.Shutdown(SocketShutdown.Send);
        Wait.Readable(pair.Server);
        Assert.That(pair.Server.Receive(_buffer), Is.EqualTo(IvIoResult.Ok(1)));
        Wait.Readable(pair.Server);
        Assert.That(pair.Server.Receive(_buffer).IsEnd, Is.True);
        Assert.That(pair.Server.Peek(_buffer).IsEnd, Is.True);
        Assert.That(pair.Server.Receive([_buffer.AsMemory()]).IsEnd, Is.True);
        Assert.That(pair.Server.Receive(Span<byte>.Empty), Is.EqualTo(IvIoResult.Ok(0)), "an empty buffer is 0 bytes");
        Assert.That(pair.Server.Receive([Memory<byte>.Empty, default]), Is.EqualTo(IvIoResult.Ok(0)));
        Assert.That(pair.Server.Send("y"u8), Is.EqualTo(IvIoResult.Ok(1)));
        Wait.Readable(pair.Client);
        Assert.That(pair.Client.Receive(_buffer), Is.EqualTo(IvIoResult.Ok(1)));
    }

    [Test]
    [Platform("Linux", Reason = "Windows has no pairs of Seqpacket")]
    public void A_closed_seqpacket_peer_is_the_end()
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(SocketType.Seqpacket);
        second.Dispose();
        using (first)
        {
            Assert.That(first.Receive(_buffer).IsEnd, Is.True);
        }
    }

    [Test]
    public void A_full_stream_would_block_and_a_peer_that_left_is_EPIPE()
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        using (first)
        {
            byte[] chunk = new byte[65536];
            IvIoResult result;
            do
            {
                result = first.Send(chunk);
            }
            while (result.IsOk);
            Assert.That(result.WouldBlock, Is.True);
            second.Dispose();
            Assert.That(first.Send(chunk).Error, Is.AnyOf(IvError.EPIPE, IvError.ECONNRESET));
            Assert.That(first.Send(chunk).Error, OperatingSystem.IsWindows() ? Is.AnyOf(IvError.EPIPE, IvError.ECONNRESET) : Is.EqualTo(IvError.EPIPE));
        }
    }

    [Test]
    public void A_reset_is_ECONNRESET()
    {
        WineQuirks.SkipIf(WineQuirks.TakesErrors);
        using var pair = new TcpPair();
        pair.Client.Linger = TimeSpan.Zero;
        pair.Client.Dispose();
        Wait.Readable(pair.Server);
        Assert.That(pair.Server.Receive(_buffer).Error, Is.EqualTo(IvError.ECONNRESET));
    }

    // Whoever shares the open file description may switch O_NONBLOCK off.
    [Test]
    [Platform("Linux", Reason = "MSG_DONTWAIT")]
    public void Nothing_blocks_although_somebody_made_the_descriptor_blocking()
    {
        using var pair = new TcpPair();
        Assert.That(IvNetwork.System.SetBlocking(pair.Server.Handle, blocking: true), Is.EqualTo(IvError.None));
        Assert.That(pair.Server.Receive(_buffer).WouldBlock, Is.True);
        Assert.That(pair.Server.Receive([_buffer.AsMemory()]).WouldBlock, Is.True);
    }

    [Test]
    public void Urgent_bytes_go_their_own_way()
    {
        using var pair = new TcpPair();
        Assert.That(pair.Client.Send("!"u8, SocketFlags.OutOfBand), Is.EqualTo(IvIoResult.Ok(1)));
        IvIoResult result = default;
        Wait.For(() => (result = pair.Server.Receive(_buffer, SocketFlags.OutOfBand)).IsOk);
        Assert.That(result.Bytes, Is.EqualTo(1));
        Assert.That(_buffer[0], Is.EqualTo((byte)'!'));
    }

    [Test]
    public void Flags_that_are_answers_are_refused()
    {
        using var pair = new TcpPair();
        Assert.That(pair.Client.Send("x"u8, SocketFlags.Truncated).Error, Is.EqualTo(IvError.EOPNOTSUPP));
        Assert.That(pair.Client.Receive(_buffer, SocketFlags.Broadcast).Error, Is.EqualTo(IvError.EOPNOTSUPP));
    }

    [Test]
    public void A_socket_that_is_not_connected_says_so()
    {
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        Assert.That(socket.Receive(_buffer).Error, Is.EqualTo(IvError.ENOTCONN));
        Assert.That(socket.Send(_buffer).Error, Is.AnyOf(IvError.ENOTCONN, IvError.EPIPE, WineQuirks.IsWine ? IvError.ECONNRESET : IvError.EPIPE));
        Assert.That(() => socket.Shutdown(SocketShutdown.Both), Throws.TypeOf<IvException>().With.Message.Contains("ENOTCONN"));
    }

    [Test]
    public void Vectors_gather_and_scatter_in_order()
    {
        using var pair = new TcpPair();
        Assert.That(pair.Client.Send([(ReadOnlyMemory<byte>)"ab"u8.ToArray(), default, "cde"u8.ToArray()]), Is.EqualTo(IvIoResult.Ok(5)));
        Wait.Readable(pair.Server);
        byte[] one = new byte[1];
        byte[] two = new byte[3];
        byte[] three = new byte[9];
        Assert.That(pair.Server.Receive([one.AsMemory(), default, two, three]), Is.EqualTo(IvIoResult.Ok(5)));
        Assert.That(one, Is.EqualTo("a"u8.ToArray()));
        Assert.That(two, Is.EqualTo("bcd"u8.ToArray()));
        Assert.That(three[0], Is.EqualTo((byte)'e'));
        Assert.That(pair.Server.Receive([one.AsMemory()]).WouldBlock, Is.True);
    }

    [Test]
    public void Vectors_take_memory_of_every_kind()
    {
        using IMemoryOwner<byte> owner = MemoryPool<byte>.Shared.Rent(16);
        byte[] pinned = GC.AllocateArray<byte>(16, pinned: true);
        "xyz"u8.CopyTo(owner.Memory.Span);
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        using (first)
        using (second)
        {
            Assert.That(first.Send([(ReadOnlyMemory<byte>)owner.Memory[..3], pinned.AsMemory(0, 2)]).Bytes, Is.EqualTo(5));
            Assert.That(second.Receive([pinned.AsMemory(0, 3), owner.Memory[..2]]).Bytes, Is.EqualTo(5));
            Assert.That(pinned.AsSpan(0, 3).SequenceEqual("xyz"u8), Is.True);
        }
    }

    [Test]
    public void A_stream_uses_the_first_64_buffers_and_a_datagram_is_not_taken_apart()
    {
        ReadOnlyMemory<byte>[] many = new ReadOnlyMemory<byte>[IvSocket.MaxBatch + 1];
        Array.Fill(many, "z"u8.ToArray());
        Memory<byte>[] room = new Memory<byte>[IvSocket.MaxBatch + 1];
        Array.Fill(room, new byte[1]);
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        using (first)
        using (second)
        {
            Assert.That(first.Send(many), Is.EqualTo(IvIoResult.Ok(IvSocket.MaxBatch)));
            Assert.That(second.Receive(room), Is.EqualTo(IvIoResult.Ok(IvSocket.MaxBatch)));
        }

        (first, second) = IvSocket.CreatePair(SocketType.Dgram);
        using (first)
        using (second)
        {
            Assert.That(first.Send(many).Error, Is.EqualTo(IvError.EMSGSIZE));
            Assert.That(second.Receive(room).Error, Is.EqualTo(IvError.EMSGSIZE));
            Assert.That(first.Send(many.AsSpan(1)), Is.EqualTo(IvIoResult.Ok(IvSocket.MaxBatch)));
            Assert.That(second.Receive(room.AsSpan(1)), Is.EqualTo(IvIoResult.Ok(IvSocket.MaxBatch)));
        }
    }
}
