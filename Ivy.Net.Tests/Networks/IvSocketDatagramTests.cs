using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;
using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvSocketDatagramTests
{
    private readonly byte[] _buffer = new byte[64];
    private readonly SocketAddress _from = new(AddressFamily.InterNetworkV6);

    [Test]
    public void A_datagram_says_who_sent_it_and_can_be_answered()
    {
        foreach (IPAddress address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var one = IvSocket.Bind(new IPEndPoint(address, 0));
            using var two = IvSocket.Bind(new IPEndPoint(address, 0));
            Assert.That(one.SendTo("ping"u8, two.LocalEndPoint!), Is.EqualTo(IvIoResult.Ok(4)));
            Wait.Readable(two);
            Assert.That(two.ReceiveFrom(_buffer, _from), Is.EqualTo(IvIoResult.Ok(4)));
            Assert.That(new IPEndPoint(address, 0).Create(_from), Is.EqualTo(one.LocalEndPoint));
            Assert.That(two.SendTo("pong!"u8, _from), Is.EqualTo(IvIoResult.Ok(5)));
            Wait.Readable(one);
            Assert.That(one.Receive(_buffer), Is.EqualTo(IvIoResult.Ok(5)));
            Assert.That(one.ReceiveFrom(_buffer, _from).WouldBlock, Is.True);
        }
    }

    [Test]
    public void An_empty_datagram_is_0_bytes_and_not_the_end()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var two = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        one.Connect(two.LocalEndPoint!);
        for (int i = 0; i < 3; i++)
        {
            Assert.That(one.Send(ReadOnlySpan<byte>.Empty), Is.EqualTo(IvIoResult.Ok(0)));
        }

        Wait.Readable(two);
        Assert.That(two.Receive(_buffer), Is.EqualTo(IvIoResult.Ok(0)));
        Assert.That(two.ReceiveFrom(_buffer, _from), Is.EqualTo(IvIoResult.Ok(0)));
        Assert.That(two.Receive([_buffer.AsMemory()]), Is.EqualTo(IvIoResult.Ok(0)));
    }

    [Test]
    public void A_datagram_that_is_too_big_goes_not_at_all()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.That(one.SendTo(new byte[70000], one.LocalEndPoint!).Error, Is.EqualTo(IvError.EMSGSIZE));
    }

    [Test]
    [Platform("Linux", Reason = "on Windows no datagram socket tells of it: SIO_UDP_CONNRESET")]
    public void Nobody_at_the_port_is_told_to_a_connected_sender()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using (var two = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            one.Connect(two.LocalEndPoint!);
        }

        one.Send("x"u8);
        Wait.Readable(one);
        Assert.That(one.Receive(_buffer).Error, Is.EqualTo(IvError.ECONNREFUSED));
    }

    [Test]
    public void A_socket_without_a_peer_needs_an_address()
    {
        using var one = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        Assert.That(one.Send("x"u8).Error, OperatingSystem.IsWindows() ? Is.AnyOf(IvError.ENOTCONN, IvError.EINVAL) : Is.EqualTo(IvError.EDESTADDRREQ));
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void Unix_datagrams_have_paths_and_the_unnamed_have_none()
    {
        var endPoint = new UnixDomainSocketEndPoint("\0" + Guid.NewGuid());
        using var named = IvSocket.Bind(endPoint);
        using var unnamed = IvSocket.Open(AddressFamily.Unix, SocketType.Dgram);
        var from = new SocketAddress(AddressFamily.Unix, 110);
        Assert.That(named.SendTo("self"u8, endPoint).Bytes, Is.EqualTo(4));
        Assert.That(named.ReceiveFrom(_buffer, from).Bytes, Is.EqualTo(4));
        Assert.That(endPoint.Create(from), Is.EqualTo(endPoint));
        Assert.That(unnamed.SendTo("x"u8, endPoint).Bytes, Is.EqualTo(1));
        Assert.That(named.ReceiveFrom(_buffer, from).Bytes, Is.EqualTo(1));
        Assert.That(from.Size, Is.Zero);
        Assert.That(from.Family, Is.EqualTo(AddressFamily.Unspecified), "nothing of the sender before is left");
    }

    [Test]
    public void Addresses_come_from_the_pool_of_the_network_and_go_back()
    {
        var pool = new CountingPool();
        ObjectPool<SocketAddress> before = IvNetwork.System.AddressPool;
        IvNetwork.System.AddressPool = pool;
        try
        {
            using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            one.SendTo("x"u8, one.LocalEndPoint!);
            Assert.That(pool.Taken, Is.GreaterThanOrEqualTo(3));
            Assert.That(pool.Returned, Is.EqualTo(pool.Taken));
            Assert.That(IvNetwork.System.AddressPool, Is.SameAs(pool));
            Assert.That(() => IvNetwork.System.AddressPool = null!, Throws.ArgumentNullException);
        }
        finally
        {
            IvNetwork.System.AddressPool = before;
        }
    }

    [Test]
    public void The_default_pool_gives_addresses_of_128_bytes()
    {
        SocketAddress address = IvNetwork.System.AddressPool.Get();
        Assert.That(address.Buffer.Length, Is.EqualTo(128));
        IvNetwork.System.AddressPool.Return(address);
    }

    private sealed class CountingPool : ObjectPool<SocketAddress>
    {
        public int Taken { get; private set; }

        public int Returned { get; private set; }

        public override SocketAddress Get()
        {
            Taken++;
            return new SocketAddress(AddressFamily.Unspecified, 128);
        }

        public override void Return(SocketAddress obj) => Returned++;
    }
}
