using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvSocketOptionTests
{
    [Test]
    public void Switches_are_read_as_they_were_set()
    {
        using var tcp = IvSocket.Open(AddressFamily.InterNetworkV6, SocketType.Stream);
        using var udp = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        foreach (bool value in new[] { true, false })
        {
            tcp.NoDelay = value;
            tcp.KeepAlive = value;
            tcp.ReuseAddress = value;
            if (!OperatingSystem.IsWindows())
            {
                tcp.ReusePort = value;
                Assert.That(tcp.ReusePort, Is.EqualTo(value));
            }

            tcp.V6Only = value;
            udp.Broadcast = value;
            udp.MulticastLoopback = value;
            using (Assert.EnterMultipleScope())
            {
                Assert.That(tcp.NoDelay, Is.EqualTo(value));
                Assert.That(tcp.KeepAlive, Is.EqualTo(value));
                Assert.That(tcp.ReuseAddress, Is.EqualTo(value));
                Assert.That(tcp.V6Only, Is.EqualTo(value));
                Assert.That(udp.Broadcast, Is.EqualTo(value));
                Assert.That(udp.MulticastLoopback, Is.EqualTo(value));
            }
        }
    }

    [Test]
    public void Times_are_whole_seconds_rounded_up()
    {
        WineQuirks.SkipIf(WineQuirks.NoKeepAliveTimes);
        using var tcp = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        tcp.KeepAliveIdle = TimeSpan.FromSeconds(30);
        tcp.KeepAliveInterval = TimeSpan.FromMilliseconds(1);
        tcp.KeepAliveCount = 5;
        tcp.Linger = TimeSpan.FromMilliseconds(2500);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tcp.KeepAliveIdle, Is.EqualTo(TimeSpan.FromSeconds(30)));
            Assert.That(tcp.KeepAliveInterval, Is.EqualTo(TimeSpan.FromSeconds(1)));
            Assert.That(tcp.KeepAliveCount, Is.EqualTo(5));
            Assert.That(tcp.Linger, Is.EqualTo(TimeSpan.FromSeconds(3)));
        }

        tcp.Linger = TimeSpan.Zero;
        Assert.That(tcp.Linger, Is.EqualTo(TimeSpan.Zero));
        tcp.Linger = null;
        Assert.That(tcp.Linger, Is.Null);
        if (!OperatingSystem.IsWindows())
        {
            tcp.DeferAccept = TimeSpan.Zero;
            Assert.That(tcp.DeferAccept, Is.EqualTo(TimeSpan.Zero));
        }
    }

    [Test]
    public void Times_that_are_not_possible_are_bad_arguments()
    {
        WineQuirks.SkipIf(WineQuirks.NoKeepAliveTimes);
        using var tcp = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => tcp.KeepAliveIdle = TimeSpan.Zero, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => tcp.KeepAliveInterval = TimeSpan.FromSeconds(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => tcp.KeepAliveIdle = TimeSpan.MaxValue, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => tcp.Linger = TimeSpan.FromTicks(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => tcp.DeferAccept = TimeSpan.FromTicks(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => tcp.KeepAliveCount = 0, Throws.TypeOf<IvException>().With.Message.Contains("set KeepAliveCount: EINVAL"));
        }
    }

    [Test]
    public void Buffer_sizes_are_at_least_what_was_asked()
    {
        using var tcp = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        tcp.ReceiveBufferSize = 16384;
        tcp.SendBufferSize = 16384;
        int expected = OperatingSystem.IsLinux() ? 32768 : 16384; // doubled: socket(7)
        Assert.That(tcp.ReceiveBufferSize, Is.EqualTo(expected));
        Assert.That(tcp.SendBufferSize, Is.EqualTo(expected));
    }

    [TestCase(AddressFamily.InterNetwork)]
    [TestCase(AddressFamily.InterNetworkV6)]
    public void Hops_are_read_as_they_were_set(AddressFamily family)
    {
        using var udp = IvSocket.Open(family, SocketType.Dgram);
        Assert.That(udp.MulticastTtl, Is.EqualTo(1));
        udp.Ttl = 7;
        udp.MulticastTtl = 8;
        udp.MulticastLoopback = false;
        Assert.That(udp.Ttl, Is.EqualTo(7));
        Assert.That(udp.MulticastTtl, Is.EqualTo(8));
        Assert.That(udp.MulticastLoopback, Is.False);
    }

    [Test]
    public void An_option_of_another_kind_of_socket_is_refused_by_name()
    {
        using var udp = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        Assert.That(() => udp.NoDelay = true, Throws.TypeOf<IvException>().With.Message.Contains("udp unbound: set NoDelay: E"));
        Assert.That(() => udp.V6Only, Throws.TypeOf<IvException>().With.Message.Contains("get V6Only"));
    }

    [Test]
    [Platform("Linux", Reason = "the numbers are Linux's")]
    public void Raw_options_reach_what_has_no_name()
    {
        using var tcp = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        byte[] value = new byte[8];
        tcp.SetRawOption(Constants.SOL_SOCKET, Constants.SO_KEEPALIVE, BitConverter.GetBytes(1));
        Assert.That(tcp.GetRawOption(Constants.SOL_SOCKET, Constants.SO_KEEPALIVE, value), Is.EqualTo(4));
        Assert.That(BitConverter.ToInt32(value), Is.EqualTo(1));
        Assert.That(() => tcp.SetRawOption(Constants.SOL_SOCKET, 9999, value), ThrowsError(IvError.ENOPROTOOPT));
        Assert.That(() => tcp.GetRawOption(Constants.SOL_SOCKET, 9999, value), ThrowsError(IvError.ENOPROTOOPT));
        Assert.That(tcp.TrySetRawOption(Constants.SOL_SOCKET, Constants.SO_KEEPALIVE, []), Is.EqualTo(IvError.EINVAL));
        Assert.That(tcp.TryGetRawOption(Constants.SOL_SOCKET, 9999, value, out int length), Is.EqualTo(IvError.ENOPROTOOPT));
        Assert.That(length, Is.Zero);
    }

    [TestCase("239.1.2.3")]
    [TestCase("ff02::1234")]
    public void A_member_of_a_group_hears_it_until_it_leaves(string groupText)
    {
        WineQuirks.SkipIf(WineQuirks.NoInterfaceByIndex);
        var group = IPAddress.Parse(groupText);
        IPAddress any = group.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        int by = InterfaceFor(group);
        using var member = IvSocket.Open(group.AddressFamily, SocketType.Dgram);
        member.ReuseAddress = true;
        member.Bind(new IPEndPoint(any, 0));
        using var sender = IvSocket.Bind(new IPEndPoint(any, 0));
        sender.SetMulticastInterface(by);
        sender.MulticastLoopback = true;
        member.JoinGroup(group, by);
        var to = new IPEndPoint(group, ((IPEndPoint)member.LocalEndPoint!).Port);
        byte[] buffer = new byte[8];

        Assert.That(sender.SendTo("hi"u8, to), Is.EqualTo(IvIoResult.Ok(2)));
        Wait.Readable(member);
        Assert.That(member.Receive(buffer), Is.EqualTo(IvIoResult.Ok(2)));
        Assert.That(member.TryJoinGroup(group, by), Is.EqualTo(IvError.EADDRINUSE));

        member.LeaveGroup(group, by);
        Assert.That(() => member.LeaveGroup(group, by), ThrowsError(IvError.EADDRNOTAVAIL));
        Assert.That(member.TryLeaveGroup(group, by), Is.EqualTo(IvError.EADDRNOTAVAIL));
    }

    [Test]
    public void Groups_and_interfaces_that_are_none_are_refused()
    {
        WineQuirks.SkipIf(WineQuirks.NoInterfaceByIndex);
        using var four = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        using var six = IvSocket.Open(AddressFamily.InterNetworkV6, SocketType.Dgram);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => four.JoinGroup(IPAddress.Parse("ff02::1")), Throws.ArgumentException.With.Message.Contains("family"));
            Assert.That(() => four.JoinGroup(null!), Throws.ArgumentNullException);
            Assert.That(() => four.JoinGroup(IPAddress.Loopback), ThrowsError(IvError.EINVAL));
            Assert.That(four.TryJoinGroup(IPAddress.Parse("239.1.2.3"), 99999), Is.EqualTo(IvError.ENODEV));
            Assert.That(() => four.SetMulticastInterface(99999), ThrowsError(IvError.EADDRNOTAVAIL));
            Assert.That(six.TrySetMulticastInterface(99999), Is.EqualTo(IvError.ENODEV));
            Assert.That(six.TrySetMulticastInterface(0), Is.EqualTo(IvError.None));
            Assert.That(four.TrySetMulticastInterface(0), Is.EqualTo(IvError.None));
        }
    }

    // The loopback interface takes groups of IPv4, but has no route for those of IPv6.
    private static int InterfaceFor(IPAddress group)
    {
        const int Loopback = 1;
        const int MostInterfaces = 64;
        if (group.AddressFamily == AddressFamily.InterNetwork)
        {
            return Loopback;
        }

        using var probe = IvSocket.Open(group.AddressFamily, SocketType.Dgram);
        for (int index = Loopback; index <= MostInterfaces; index++)
        {
            if (probe.TrySetMulticastInterface(index) == IvError.None && probe.SendTo("?"u8, new IPEndPoint(group, 9)).IsOk)
            {
                return index;
            }
        }

        Assert.Ignore("no interface of this machine has a route for groups of IPv6");
        return 0;
    }

    private static NUnit.Framework.Constraints.IResolveConstraint ThrowsError(IvError error) =>
        Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(error);
}
