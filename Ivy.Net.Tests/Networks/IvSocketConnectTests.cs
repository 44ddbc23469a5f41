using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvSocketConnectTests
{
    [Test]
    public void Both_ends_know_each_other()
    {
        foreach (IPAddress address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var pair = new TcpPair(address);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(pair.Client.RemoteEndPoint, Is.EqualTo(pair.Listener.LocalEndPoint));
                Assert.That(pair.Server.RemoteEndPoint, Is.EqualTo(pair.Client.LocalEndPoint));
                Assert.That(pair.Server.LocalEndPoint, Is.EqualTo(pair.Client.RemoteEndPoint));
                Assert.That(pair.Client.NoDelay, Is.False, "options are left alone");
            }
        }
    }

    [Test]
    public void A_refused_connect_is_told_by_readiness()
    {
        EndPoint nobody;
        using (var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            nobody = listener.LocalEndPoint!;
        }

        Assert.That(IvSocket.TryConnect(nobody, out IvSocket? socket), Is.EqualTo(IvError.None));
        using (socket!)
        {
            Wait.Writable(socket!);
            Assert.That(socket!.TakeError(), Is.EqualTo(IvError.ECONNREFUSED));
            Assert.That(socket.TakeError(), Is.EqualTo(WineQuirks.IsWine ? IvError.ECONNREFUSED : IvError.None), WineQuirks.IsWine ? WineQuirks.KeepsConnectError : "asking clears it");
        }
    }

    [Test]
    public void A_connect_comes_from_the_local_end_point_that_was_asked_for()
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Any, 0));
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var local = new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0);
        using var client = IvSocket.Connect(new IPEndPoint(IPAddress.Loopback, port), local);
        Wait.Readable(listener);
        using IvSocket server = listener.Accept()!;
        Assert.That(((IPEndPoint)server.RemoteEndPoint!).Address, Is.EqualTo(local.Address));
        Assert.That(
            () => IvSocket.Connect(listener.LocalEndPoint!, new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0)),
            Throws.TypeOf<IvException>().With.Message.Contains("tcp 192.0.2.1:0: bind: EADDRNOTAVAIL"));
    }

    [Test]
    [Platform("Linux", Reason = "what Linux says")]
    public void A_socket_connects_once()
    {
        using var pair = new TcpPair();

        // Linux: the first connect(2) after one that went on by itself tells how that ended.
        Assert.That(pair.Client.TryConnect(pair.Listener.LocalEndPoint!), Is.AnyOf(IvError.None, IvError.EISCONN));
        Assert.That(pair.Client.TryConnect(pair.Listener.LocalEndPoint!), Is.EqualTo(IvError.EISCONN));
        Assert.That(
            () => pair.Client.Connect(pair.Listener.LocalEndPoint!),
            Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(IvError.EISCONN));
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_unix_path_that_nobody_made_is_refused_at_once()
    {
        var nowhere = new UnixDomainSocketEndPoint("/nonexistent/x.sock");
        Assert.That(IvSocket.TryConnect(nowhere, out IvSocket? socket), Is.EqualTo(IvError.ENOENT));
        Assert.That(socket, Is.Null);
        Assert.That(() => IvSocket.Connect(nowhere), Throws.TypeOf<IvException>().With.Message.Contains("start the server first"));
        Assert.That(IvSocket.TryConnect(new UnixDomainSocketEndPoint("\0" + Guid.NewGuid()), out _), Is.EqualTo(IvError.ECONNREFUSED));
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_full_backlog_of_a_unix_listener_is_an_error()
    {
        var endPoint = new UnixDomainSocketEndPoint("\0" + Guid.NewGuid());
        using var listener = IvSocket.Listen(endPoint, new IvListenOptions { Backlog = 0 });
        using var first = IvSocket.Connect(endPoint);
        Assert.That(IvSocket.TryConnect(endPoint, out IvSocket? second), Is.EqualTo(IvError.EAGAIN));
        Assert.That(second, Is.Null);
        Assert.That(() => IvSocket.Connect(endPoint), Throws.TypeOf<IvException>().With.Message.Contains("raise its Backlog"));
    }

    [Test]
    public void A_connected_datagram_socket_hears_its_peer_alone_and_may_let_go()
    {
        using var one = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var two = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var stranger = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        byte[] buffer = new byte[8];
        one.Connect(two.LocalEndPoint!);
        Assert.That(stranger.SendTo("x"u8, one.LocalEndPoint!).Bytes, Is.EqualTo(1));
        Assert.That(two.SendTo("yy"u8, one.LocalEndPoint!).Bytes, Is.EqualTo(2));
        Wait.Readable(one);
        Assert.That(one.Receive(buffer), Is.EqualTo(IvIoResult.Ok(2)));
        Assert.That(one.RemoteEndPoint, Is.EqualTo(two.LocalEndPoint));

        var nobody = new SocketAddress(AddressFamily.Unspecified, 16);
        Assert.That(one.TryConnect(nobody), Is.EqualTo(IvError.None));
        Assert.That(one.RemoteEndPoint, Is.Null);
    }

    [Test]
    public void Addresses_are_read_without_allocating()
    {
        using var pair = new TcpPair();
        var address = new SocketAddress(AddressFamily.InterNetworkV6);
        Assert.That(pair.Client.GetRemoteAddress(address), Is.EqualTo(IvError.None));
        Assert.That(new IPEndPoint(IPAddress.Any, 0).Create(address), Is.EqualTo(pair.Listener.LocalEndPoint));
        Assert.That(pair.Client.GetLocalAddress(address), Is.EqualTo(IvError.None));
        Assert.That(new IPEndPoint(IPAddress.Any, 0).Create(address), Is.EqualTo(pair.Client.LocalEndPoint));
        Assert.That(pair.Listener.GetRemoteAddress(address), Is.EqualTo(IvError.ENOTCONN));
        Assert.That(address.Size, Is.Zero);
    }

    [Test]
    public void An_address_that_does_not_fit_is_left_out()
    {
        using var pair = new TcpPair(IPAddress.IPv6Loopback);
        var small = new SocketAddress(AddressFamily.InterNetwork, 16);
        Assert.That(pair.Client.GetLocalAddress(small), Is.EqualTo(IvError.None));
        Assert.That(small.Size, Is.Zero);
        Assert.That(small.Family, Is.EqualTo(AddressFamily.Unspecified));
    }

    // A peer may bind to any bytes.
    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_path_that_is_not_UTF8_or_has_all_108_bytes_is_no_end_point_and_no_crash()
    {
        string directory = Directory.CreateTempSubdirectory("ivy").FullName;
        try
        {
            using var odd = IvSocket.Open(AddressFamily.Unix, SocketType.Stream);
            var address = new SocketAddress(AddressFamily.Unix, 110);
            Span<byte> path = address.Buffer.Span[2..];
            System.Text.Encoding.UTF8.GetBytes(directory + "/", path);
            path[(directory.Length + 1)..^1].Fill(0xFF);
            Assert.That(odd.TryBind(address), Is.EqualTo(IvError.None));
            Assert.That(odd.LocalEndPoint, Is.Null);
            Assert.That(odd.ToString(), Is.EqualTo("unix unnamed"));
            Assert.That(IvNetwork.System.UnlinkSocket(address), Is.EqualTo(IvError.None), "the runtime can't name it");

            using var full = IvSocket.Open(AddressFamily.Unix, SocketType.Stream);
            path[(directory.Length + 1)..].Fill((byte)'a');
            Assert.That(full.TryBind(address), Is.EqualTo(IvError.None));
            Assert.That(full.LocalEndPoint, Is.Null);
            Assert.That(IvNetwork.System.UnlinkSocket(address), Is.EqualTo(IvError.None));
            Assert.That(IvNetwork.System.UnlinkSocket(address), Is.EqualTo(IvError.ENOENT));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
