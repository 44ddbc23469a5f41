using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvSocketListenTests
{
    private string _directory = string.Empty;

    private string SocketPath => Path.Combine(_directory, "x.sock");

    private UnixDomainSocketEndPoint UnixEndPoint => new(SocketPath);

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("ivy").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void Port_0_takes_a_free_port()
    {
        using var one = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using var two = IvSocket.Listen(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        Assert.That(((IPEndPoint)one.LocalEndPoint!).Port, Is.Positive);
        Assert.That(((IPEndPoint)two.LocalEndPoint!).Port, Is.Positive);
        Assert.That(one.RemoteEndPoint, Is.Null);
    }

    [Test]
    [Platform("Linux", Reason = "SO_REUSEPORT")]
    public void A_listener_reuses_the_address_but_not_the_port_by_default()
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(listener.ReuseAddress, Is.True);
            Assert.That(listener.ReusePort, Is.False);
            Assert.That(IvSocket.TryListen(listener.LocalEndPoint!, out IvSocket? second), Is.EqualTo(IvError.EADDRINUSE));
            Assert.That(second, Is.Null);
        }
    }

    [Test]
    [Platform("Linux", Reason = "SO_REUSEPORT")]
    public void Listeners_share_a_port_if_all_want_to()
    {
        var options = new IvListenOptions { ReusePort = true };
        using var one = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        using var two = IvSocket.Listen(one.LocalEndPoint!, options);
        Assert.That(two.LocalEndPoint, Is.EqualTo(one.LocalEndPoint));
        Assert.That(IvSocket.TryListen(one.LocalEndPoint!, out _), Is.EqualTo(IvError.EADDRINUSE));
    }

    [Test]
    [Platform("Linux", Reason = "SO_REUSEPORT")]
    public void Options_reach_the_listener()
    {
        var options = new IvListenOptions { V6Only = true, DeferAccept = TimeSpan.FromSeconds(1), ReuseAddress = false, Backlog = 1 };
        using var six = IvSocket.Listen(new IPEndPoint(IPAddress.IPv6Any, 0), options);
        using var dual = IvSocket.Listen(new IPEndPoint(IPAddress.IPv6Any, 0), new IvListenOptions { V6Only = false });
        using var four = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(six.V6Only, Is.True);
            Assert.That(six.DeferAccept, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(1)));
            Assert.That(six.ReuseAddress, Is.False);
            Assert.That(dual.V6Only, Is.False);
            Assert.That(four.DeferAccept, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(1)));
        }
    }

    [Test]
    public void Numbers_that_are_not_possible_are_bad_arguments()
    {
        var any = new IPEndPoint(IPAddress.Loopback, 0);
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        Assert.That(() => IvSocket.Listen(any, new IvListenOptions { Backlog = -1 }), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => IvSocket.Listen(any, new IvListenOptions { DeferAccept = TimeSpan.FromSeconds(-1) }), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => socket.Listen(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => IvSocket.Listen(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void A_socket_is_bound_and_listens_step_by_step()
    {
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(4);
        Assert.That(socket.ToString(), Does.EndWith("listening"));
        Assert.That(() => socket.Bind(new IPEndPoint(IPAddress.Loopback, 0)), ThrowsError(IvError.EINVAL), "bound already");
    }

    [Test]
    public void A_datagram_socket_does_not_listen()
    {
        using var socket = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.That(() => socket.Listen(1), ThrowsError(IvError.EOPNOTSUPP));
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_unix_listener_leaves_its_file_and_refuses_one_that_is_there()
    {
        IvSocket.Listen(UnixEndPoint).Dispose();
        Assert.That(File.Exists(SocketPath), Is.True);
        Assert.That(IvSocket.TryListen(UnixEndPoint, out _), Is.EqualTo(IvError.EADDRINUSE));
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_stale_socket_file_is_replaced_on_request()
    {
        IvSocket.Listen(UnixEndPoint).Dispose();
        using var listener = IvSocket.Listen(UnixEndPoint, new IvListenOptions { UnlinkExisting = true });
        using var client = IvSocket.Connect(UnixEndPoint);
        Assert.That(listener.LocalEndPoint, Is.EqualTo(UnixEndPoint));
        Assert.That(client.RemoteEndPoint, Is.EqualTo(UnixEndPoint));
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_socket_file_that_somebody_listens_on_is_not_taken_away()
    {
        using var first = IvSocket.Listen(UnixEndPoint);
        Assert.That(IvSocket.TryListen(UnixEndPoint, out _, new IvListenOptions { UnlinkExisting = true }), Is.EqualTo(IvError.EADDRINUSE));
        using var client = IvSocket.Connect(UnixEndPoint);
        Wait.Readable(first);
        first.Accept()?.Dispose();
    }

    // A listener whose backlog is full says EAGAIN: it lives.
    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_busy_listener_is_not_taken_for_a_stale_one()
    {
        using var first = IvSocket.Listen(UnixEndPoint, new IvListenOptions { Backlog = 0 });
        using var client = IvSocket.Connect(UnixEndPoint);
        Assert.That(IvSocket.TryListen(UnixEndPoint, out _, new IvListenOptions { UnlinkExisting = true }), Is.EqualTo(IvError.EADDRINUSE));
        Assert.That(File.Exists(SocketPath), Is.True);
    }

    // connect(2) says ECONNREFUSED for a regular file too.
    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_file_that_is_no_socket_is_never_taken_away()
    {
        File.WriteAllText(SocketPath, "precious");
        Assert.That(IvSocket.TryListen(UnixEndPoint, out _, new IvListenOptions { UnlinkExisting = true }), Is.EqualTo(IvError.EADDRINUSE));
        Assert.That(File.ReadAllText(SocketPath), Is.EqualTo("precious"));
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void A_symbolic_link_is_never_taken_away()
    {
        string target = Path.Combine(_directory, "target.sock");
        IvSocket.Listen(new UnixDomainSocketEndPoint(target)).Dispose();
        File.CreateSymbolicLink(SocketPath, target);
        Assert.That(IvSocket.TryListen(UnixEndPoint, out _, new IvListenOptions { UnlinkExisting = true }), Is.EqualTo(IvError.EADDRINUSE));
        Assert.That(File.Exists(target), Is.True);
    }

    [Test]
    [SupportedOSPlatform("linux")]
    public void The_mode_of_the_socket_file_is_set_before_anybody_can_connect()
    {
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var listener = IvSocket.Listen(UnixEndPoint, new IvListenOptions { Mode = Mode });
        Assert.That(File.GetUnixFileMode(SocketPath), Is.EqualTo(Mode));
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void Options_of_the_other_kind_of_address_are_left_out()
    {
        var options = new IvListenOptions
        {
            ReusePort = true,
            V6Only = true,
            DeferAccept = TimeSpan.FromSeconds(1),
            UnlinkExisting = true,
            Mode = UnixFileMode.UserRead,
        };
        using var abstractName = IvSocket.Listen(new UnixDomainSocketEndPoint("\0" + Guid.NewGuid()), options);
        using var four = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        Assert.That(abstractName.LocalEndPoint, Is.Not.Null);
        Assert.That(four.LocalEndPoint, Is.Not.Null);
    }

    private static NUnit.Framework.Constraints.IResolveConstraint ThrowsError(IvError error) =>
        Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(error);
}
