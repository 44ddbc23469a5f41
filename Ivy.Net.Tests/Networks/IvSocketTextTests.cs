using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvSocketTextTests
{
    [Test]
    public void Tcp_sockets_show_their_ends()
    {
        using var pair = new TcpPair();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pair.Listener.ToString(), Is.EqualTo($"tcp {pair.Listener.LocalEndPoint} listening"));
            Assert.That(pair.Client.ToString(), Is.EqualTo($"tcp {pair.Client.LocalEndPoint} -> {pair.Listener.LocalEndPoint}"));
            Assert.That(pair.Server.ToString(), Is.EqualTo($"tcp {pair.Listener.LocalEndPoint} -> {pair.Client.LocalEndPoint}"));
        }
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void Other_sockets_show_what_they_have()
    {
        using var udp = IvSocket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        using var unbound = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        string name = Guid.NewGuid().ToString("N");
        using var unix = IvSocket.Listen(new UnixDomainSocketEndPoint("\0" + name));
        using var client = IvSocket.Connect(new UnixDomainSocketEndPoint("\0" + name));
        using var datagrams = IvSocket.Bind(new UnixDomainSocketEndPoint("\0" + name + "d"));
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(SocketType.Seqpacket);
        using (first)
        using (second)
        using (Assert.EnterMultipleScope())
        {
            Assert.That(udp.ToString(), Is.EqualTo($"udp {udp.LocalEndPoint}"));
            Assert.That(unbound.ToString(), Is.EqualTo("tcp unbound"));
            Assert.That(unix.ToString(), Is.EqualTo($"unix @{name} listening"));
            Assert.That(client.ToString(), Is.EqualTo($"unix -> @{name}"));
            Assert.That(datagrams.ToString(), Is.EqualTo($"unix datagram @{name}d"));
            Assert.That(first.ToString(), Is.EqualTo("unix seqpacket unnamed"));
            unbound.Name = "spare";
            Assert.That(unbound.ToString(), Is.EqualTo("tcp unbound \"spare\""));
        }
    }

    [Test]
    public void A_disposed_socket_says_so()
    {
        var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        socket.Dispose();
        Assert.That(socket.ToString(), Is.EqualTo("disposed tcp socket"));
    }

    [Test]
    [Platform("Linux", Reason = "the words for Windows are others: WinsockErrorTests")]
    public void An_address_that_is_taken_is_said_with_what_to_do()
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.That(
            () => IvSocket.Listen(listener.LocalEndPoint!),
            Throws.TypeOf<IvException>()
                .With.Property(nameof(IvException.Error)).EqualTo(IvError.EADDRINUSE)
                .And.Property(nameof(IvException.SocketErrorCode)).EqualTo(SocketError.AddressAlreadyInUse)
                .And.Property(nameof(IvException.NativeErrorCode)).EqualTo(98)
                .And.Message.Contains($"tcp {listener.LocalEndPoint}: ")
                .And.Message.Contains("EADDRINUSE (98) Address already in use")
                .And.Message.Contains("choose another port, or set ReusePort on both"));
    }

    [Test]
    public void An_address_of_no_interface_is_said_with_what_to_do() =>
        Assert.That(
            () => IvSocket.Listen(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0)),
            Throws.TypeOf<IvException>()
                .With.Message.Contains("tcp 192.0.2.1:0: bind: EADDRNOTAVAIL")
                .And.Message.Contains("No interface of this machine has the address"));

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_directory_that_is_not_there_is_said_with_what_to_do() =>
        Assert.That(
            () => IvSocket.Listen(new UnixDomainSocketEndPoint("/nonexistent/x.sock")),
            Throws.TypeOf<IvException>()
                .With.Message.Contains("unix /nonexistent/x.sock: bind: ENOENT")
                .And.Message.Contains("The directory of the path does not exist"));

    [TestCase(IvError.EMFILE, "open", AddressFamily.InterNetwork, "ulimit -n")]
    [TestCase(IvError.ENFILE, "open", AddressFamily.InterNetwork, "fs.file-max")]
    [TestCase(IvError.EACCES, "bind", AddressFamily.InterNetwork, "CAP_NET_BIND_SERVICE")]
    [TestCase(IvError.EACCES, "bind", AddressFamily.Unix, "permissions of the path")]
    [TestCase(IvError.EADDRINUSE, "bind", AddressFamily.Unix, "UnlinkExisting")]
    [TestCase(IvError.EAFNOSUPPORT, "open", AddressFamily.InterNetworkV6, "switched off")]
    [TestCase(IvError.EAGAIN, "connect", AddressFamily.Unix, "backlog")]
    [TestCase(IvError.ENAMETOOLONG, "bind", AddressFamily.Unix, "107 bytes")]
    [TestCase(IvError.ENOSYS, "open", AddressFamily.InterNetwork, "operating system")]
    [TestCase(IvError.EADDRNOTAVAIL, "connect", AddressFamily.InterNetwork, "no local port")]
    [Platform("Linux", Reason = "the words for Windows are others: WinsockErrorTests")]
    public void Advice_fits_the_error(IvError error, string operation, AddressFamily family, string part) =>
        Assert.That(SocketAdvice.For(error, operation, family), Does.Contain(part));

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_unix_path_that_is_too_long_is_refused_before_the_system_is_asked()
    {
        using var socket = IvSocket.Open(AddressFamily.Unix, SocketType.Stream);
        var address = new SocketAddress(AddressFamily.Unix, 120);
        address.Buffer.Span[2..].Fill((byte)'a');
        using (Assert.EnterMultipleScope())
        {
            Assert.That(socket.TryBind(address), Is.EqualTo(IvError.ENAMETOOLONG));
            Assert.That(socket.TryConnect(address), Is.EqualTo(IvError.ENAMETOOLONG));
            Assert.That(socket.SendTo("x"u8, address).Error, Is.EqualTo(IvError.ENAMETOOLONG));
        }
    }

    [Test]
    public void A_name_that_was_not_resolved_is_a_bad_argument()
    {
        var name = new DnsEndPoint("localhost", 80);
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => IvSocket.Connect(name), Throws.ArgumentException.With.Message.Contains("resolve it first"));
            Assert.That(() => IvSocket.TryConnect(name, out _), Throws.ArgumentException);
            Assert.That(() => IvSocket.Listen(name), Throws.ArgumentException);
            Assert.That(() => IvSocket.Bind(name), Throws.ArgumentException);
            Assert.That(() => socket.TryBind(name), Throws.ArgumentException);
            Assert.That(() => socket.SendTo("x"u8, name), Throws.ArgumentException);
        }
    }
}
