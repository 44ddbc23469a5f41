using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvSocketAcceptTests
{
    [Test]
    public void Nobody_waits_is_null_or_EAGAIN()
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.That(listener.Accept(), Is.Null);
        Assert.That(listener.TryAccept(out IvSocket? peer), Is.EqualTo(IvError.EAGAIN));
        Assert.That(peer, Is.Null);
    }

    [Test]
    public void A_socket_that_does_not_listen_says_EINVAL()
    {
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        Assert.That(socket.TryAccept(out _), Is.EqualTo(IvError.EINVAL));
        Assert.That(() => socket.Accept(), Throws.TypeOf<IvException>().With.Message.Contains("tcp unbound: accept: EINVAL"));
    }

    [Test]
    [Platform("Linux", Reason = "reads /proc")]
    public void An_accepted_socket_is_non_blocking_and_close_on_exec_and_of_the_listeners_kind()
    {
        using var pair = new TcpPair();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(File.ReadAllText($"/proc/self/fdinfo/{pair.Server.Handle}"), Does.Contain("flags:\t02004002"));
            Assert.That(pair.Server.AddressFamily, Is.EqualTo(AddressFamily.InterNetwork));
            Assert.That(pair.Server.SocketType, Is.EqualTo(SocketType.Stream));
            Assert.That(pair.Server.ProtocolType, Is.EqualTo(ProtocolType.Tcp));
            Assert.That(pair.Server.Network, Is.SameAs(pair.Listener.Network));
        }
    }

    [Test]
    public void Accept_says_who_it_is()
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = IvSocket.Connect(listener.LocalEndPoint!);
        Wait.Readable(listener);
        var from = new SocketAddress(AddressFamily.InterNetworkV6);
        Assert.That(listener.TryAccept(from, out IvSocket? peer), Is.EqualTo(IvError.None));
        using (peer!)
        {
            Assert.That(new IPEndPoint(IPAddress.Any, 0).Create(from), Is.EqualTo(client.LocalEndPoint));
            Assert.That(listener.Accept(from), Is.Null);
            Assert.That(() => client.Accept(from), Throws.TypeOf<IvException>());
        }
    }

    [Test]
    [Platform("Linux", Reason = "abstract names of Unix sockets")]
    public void A_peer_without_a_name_has_none()
    {
        var endPoint = new UnixDomainSocketEndPoint("\0" + Guid.NewGuid());
        using var listener = IvSocket.Listen(endPoint);
        using var client = IvSocket.Connect(endPoint);
        var from = new SocketAddress(AddressFamily.Unix, 110);
        Assert.That(listener.TryAccept(from, out IvSocket? peer), Is.EqualTo(IvError.None));
        using (peer!)
        {
            Assert.That(from.Size, Is.LessThanOrEqualTo(2));
            Assert.That(peer!.RemoteEndPoint, Is.Null);
            Assert.That(peer.LocalEndPoint, Is.EqualTo(endPoint));
        }
    }
}
