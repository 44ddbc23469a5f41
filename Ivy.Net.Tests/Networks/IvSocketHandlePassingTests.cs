using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
[Platform("Linux", Reason = "SCM_RIGHTS, unix(7)")]
[NonParallelizable] // counts descriptors
public sealed class IvSocketHandlePassingTests
{
    private readonly byte[] _buffer = new byte[8];
    private readonly nint[] _handles = new nint[IvSocket.MaxHandles];
    private IvSocket _first = null!;
    private IvSocket _second = null!;

    [SetUp]
    public void Connect() => (_first, _second) = IvSocket.CreatePair();

    [TearDown]
    public void Disconnect()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Test]
    public void A_descriptor_arrives_as_a_duplicate_of_its_own_that_is_close_on_exec()
    {
        using var udp = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.That(_first.SendHandles("hi"u8, [udp.Handle]), Is.EqualTo(IvIoResult.Ok(2)));
        Assert.That(_second.ReceiveHandles(_buffer, _handles, out int count, out bool truncated), Is.EqualTo(IvIoResult.Ok(2)));
        Assert.That(count, Is.EqualTo(1));
        Assert.That(truncated, Is.False);
        using var received = IvSocket.FromHandle(_handles[0]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(received.Handle, Is.Not.EqualTo(udp.Handle));
            Assert.That(received.LocalEndPoint, Is.EqualTo(udp.LocalEndPoint));
            Assert.That(Flags(received.Handle) & Constants.O_CLOEXEC, Is.Not.Zero);
            Assert.That(_buffer.AsSpan(0, 2).SequenceEqual("hi"u8), Is.True);
        }
    }

    [Test]
    public void As_many_as_the_kernel_takes_arrive_at_once()
    {
        nint[] same = new nint[IvSocket.MaxHandles];
        Array.Fill(same, _first.Handle);
        Assert.That(_first.SendHandles("x"u8, same), Is.EqualTo(IvIoResult.Ok(1)));
        Assert.That(_second.ReceiveHandles(_buffer, _handles, out int count, out bool truncated).IsOk, Is.True);
        CloseAll(count);
        Assert.That(count, Is.EqualTo(IvSocket.MaxHandles));
        Assert.That(truncated, Is.False);
        Assert.That(() => _first.SendHandles("x"u8, new nint[IvSocket.MaxHandles + 1]), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void The_surplus_is_closed_and_told()
    {
        int before = Descriptors.CountSockets();
        _first.SendHandles("x"u8, [_first.Handle, _first.Handle, _first.Handle]);
        Assert.That(_second.ReceiveHandles(_buffer, _handles.AsSpan(0, 1), out int count, out bool truncated).IsOk, Is.True);
        Assert.That(count, Is.EqualTo(1));
        Assert.That(truncated, Is.True);
        CloseAll(count);
        Assert.That(Descriptors.CountSockets(), Is.EqualTo(before));
    }

    [Test]
    public void Without_room_for_any_all_are_closed_and_told()
    {
        int before = Descriptors.CountSockets();
        _first.SendHandles("x"u8, [_first.Handle]);
        Assert.That(_second.ReceiveHandles(_buffer, [], out int count, out bool truncated), Is.EqualTo(IvIoResult.Ok(1)));
        Assert.That(count, Is.Zero);
        Assert.That(truncated, Is.True);
        Assert.That(Descriptors.CountSockets(), Is.EqualTo(before));
    }

    [Test]
    public void A_plain_receive_leaves_none_open()
    {
        int before = Descriptors.CountSockets();
        _first.SendHandles("x"u8, [_first.Handle]);
        Assert.That(_second.Receive(_buffer), Is.EqualTo(IvIoResult.Ok(1)));
        _first.SendHandles("x"u8, [_first.Handle]);
        Assert.That(_second.Receive([_buffer.AsMemory()]), Is.EqualTo(IvIoResult.Ok(1)));
        Assert.That(Descriptors.CountSockets(), Is.EqualTo(before));
    }

    // Linux 6.5 passes the sender's process with each message, once SO_PASSPIDFD asks for it.
    [Test]
    public void A_descriptor_of_the_sending_process_is_not_leaked()
    {
        const int PassPidFd = 76;
        if (_second.TrySetRawOption(Constants.SOL_SOCKET, PassPidFd, BitConverter.GetBytes(1)) != IvError.None)
        {
            Assert.Ignore("this kernel has no SO_PASSPIDFD");
        }

        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 50; i++)
        {
            _first.SendHandles("x"u8, [_first.Handle]);
            Assert.That(_second.ReceiveHandles(_buffer, _handles, out int count, out bool truncated).IsOk, Is.True);
            Assert.That(count, Is.EqualTo(1));
            Assert.That(truncated, Is.False);
            CloseAll(count);
        }

        Assert.That(Directory.GetFiles("/proc/self/fd").Length, Is.LessThan(before + 50));
    }

    [Test]
    public void Bytes_without_descriptors_would_block_and_the_end_are_as_in_receive()
    {
        Assert.That(_second.ReceiveHandles(_buffer, _handles, out _, out _).WouldBlock, Is.True);
        Assert.That(_first.SendHandles("abc"u8, []), Is.EqualTo(IvIoResult.Ok(3)));
        Assert.That(_second.ReceiveHandles(_buffer, _handles, out int count, out _), Is.EqualTo(IvIoResult.Ok(3)));
        Assert.That(count, Is.Zero);
        _first.Dispose();
        Assert.That(_second.ReceiveHandles(_buffer, _handles, out _, out _).IsEnd, Is.True);
    }

    [Test]
    public void An_empty_datagram_is_not_the_end()
    {
        (IvSocket one, IvSocket two) = IvSocket.CreatePair(SocketType.Dgram);
        using (one)
        using (two)
        {
            one.Send(ReadOnlySpan<byte>.Empty);
            Assert.That(two.ReceiveHandles(_buffer, _handles, out _, out _), Is.EqualTo(IvIoResult.Ok(0)));
        }
    }

    [Test]
    public void What_can_not_be_passed_is_refused()
    {
        using var udp = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.That(() => _first.SendHandles([], [_first.Handle]), Throws.ArgumentException);
        Assert.That(() => _first.ReceiveHandles([], _handles, out _, out _), Throws.ArgumentException);
        Assert.That(_first.SendHandles("x"u8, [-1]).Error, Is.EqualTo(IvError.EBADF));
        Assert.That(udp.SendHandles("x"u8, [0]).Error, Is.EqualTo(IvError.EOPNOTSUPP));
        Assert.That(udp.ReceiveHandles(_buffer, _handles, out _, out _).Error, Is.EqualTo(IvError.EOPNOTSUPP));
    }

    private static int Flags(nint handle)
    {
        string line = Array.Find(File.ReadAllLines($"/proc/self/fdinfo/{handle}"), static l => l.StartsWith("flags:", StringComparison.Ordinal))!;
        return Convert.ToInt32(line["flags:".Length..].Trim(), 8);
    }

    private void CloseAll(int count)
    {
        for (int i = 0; i < count; i++)
        {
            IvNetwork.System.Close(_handles[i]);
        }
    }
}
