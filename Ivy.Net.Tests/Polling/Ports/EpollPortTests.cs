using System.Net;
using System.Net.Sockets;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>What is reported, when, and to whom it belongs: rows W6–W8, W12–W18 and W24 of the contract of epoll on every system.</summary>
[TestFixtureSource(typeof(PortKind), nameof(PortKind.All))]
internal sealed class EpollPortTests(PortKind kind)
{
    private const EpollEvents Incoming = EpollEvents.In | EpollEvents.RdNorm;

    private PortBench _bench = null!;

    private EpollPort Port => _bench.Port;

    [SetUp]
    public void SetUp() => _bench = new PortBench(kind);

    [TearDown]
    public void TearDown() => _bench.Dispose();

    [Test]
    public void Nothing_is_reported_by_a_port_that_has_nothing_or_nothing_ready()
    {
        Assert.That(_bench.Now(), Is.Empty);
        Port.Add(_bench.Udp(), EpollEvents.In);
        Assert.That(_bench.Now(), Is.Empty);
    }

    [Test]
    public void One_ready_socket_is_one_event_with_its_data()
    {
        Port.Add(_bench.Udp(), EpollEvents.In, 1);
        Port.Add(_bench.Ready(), EpollEvents.In, 2);
        Port.Add(_bench.Udp(), EpollEvents.In, 3);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 2)));
    }

    [Test]
    public void Many_ready_sockets_are_one_batch_that_names_each_once()
    {
        for (ulong i = 0; i < 50; i++)
        {
            Port.Add(_bench.Ready(), EpollEvents.In, i);
        }

        var seen = new HashSet<ulong>();
        Wait.For(() =>
        {
            EpollPortEvent[] batch = _bench.Next();
            Assert.That(batch.Select(static e => e.Data), Is.Unique);
            seen.UnionWith(batch.Select(static e => e.Data));
            return batch.Length == 50;
        });
        Assert.That(seen, Has.Count.EqualTo(50));
    }

    [Test]
    public void W12_What_does_not_fit_comes_next_so_that_no_socket_starves()
    {
        const int sockets = 30;
        for (ulong i = 0; i < sockets; i++)
        {
            Port.Add(_bench.Ready(), EpollEvents.In, i);
        }

        // All are ready all the time; some systems tell a little later of some.
        Wait.For(() => _bench.Next().Length == sockets);
        var room = new EpollPortEvent[7];
        var counts = new int[sockets];
        for (int i = 0; i < sockets * 10; i++)
        {
            int count = Port.Wait(room, Wait.Deadline);
            Assert.That(count, Is.InRange(1, room.Length));
            foreach (EpollPortEvent one in room.AsSpan(0, count))
            {
                counts[one.Data]++;
            }
        }

        // 7 of 30 in each of 300 waits: 70 each.
        Assert.That(counts, Has.All.InRange(35, 140));
    }

    [Test]
    public void W12_A_wait_without_room_is_refused_before_the_port_is_looked_at()
    {
        Port.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Port.TryWait([], TimeSpan.Zero, out _), Is.EqualTo(IvError.EINVAL));
            Assert.That(() => Port.Wait([]), Throws.ArgumentException.With.Message.Contains("at least one element"));
            Assert.That(Port.TryWait(new EpollPortEvent[1], TimeSpan.Zero, out int count), Is.EqualTo(IvError.Disposed));
            Assert.That(count, Is.Zero);
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(25)]
    public void W12_A_wait_ends_at_its_time_and_not_before(int milliseconds)
    {
        Port.Add(_bench.Udp(), EpollEvents.In);
        IvTimestamp begin = IvTimestamp.System;
        Assert.That(Port.Wait(new EpollPortEvent[1], TimeSpan.FromMilliseconds(milliseconds)), Is.Zero);
        Assert.That(IvTimestamp.System - begin, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(milliseconds)));
    }

    [Test]
    public void W12_A_negative_time_is_for_ever()
    {
        Socket socket = _bench.Udp();
        Port.Add(socket, EpollEvents.In, 7);
        foreach (TimeSpan timeout in (TimeSpan[])[TimeSpan.FromTicks(-1), Timeout.InfiniteTimeSpan, TimeSpan.MinValue])
        {
            using var waiter = new PortWaiter(Port, timeout);
            waiter.HasEntered();
            PortBench.Poke(socket);
            Assert.That(waiter.Result(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.In, 7)]));
            PortBench.Drain(socket);
        }
    }

    [Test]
    public void A_socket_that_stays_ready_is_reported_until_it_is_drained()
    {
        Socket socket = _bench.Ready();
        Port.Add(socket, EpollEvents.In);
        for (int i = 0; i < 3; i++)
        {
            Assert.That(_bench.One().Events, Is.EqualTo(EpollEvents.In));
        }

        PortBench.Drain(socket);
        Assert.That(_bench.Now(), Is.Empty);
    }

    [Test]
    public void W13_The_names_of_an_event_are_reported_as_they_were_asked_for()
    {
        Socket socket = _bench.Ready();
        Port.Add(socket, EpollEvents.None);
        Assert.That(_bench.Now(), Is.Empty, "nothing was asked for");
        (EpollEvents Asked, EpollEvents Told)[] rows =
        [
            (EpollEvents.In, EpollEvents.In),
            (EpollEvents.RdNorm, EpollEvents.RdNorm),
            ((Incoming | EpollEvents.Pri | EpollEvents.RdHup) & ~kind.Missing, Incoming),
            (EpollEvents.Out, EpollEvents.Out),
            (EpollEvents.WrNorm, EpollEvents.WrNorm),
            (EpollEvents.WrBand, EpollEvents.WrBand),
            (kind.Everything, Incoming | EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.WrBand),
        ];
        using (Assert.EnterMultipleScope())
        {
            foreach ((EpollEvents asked, EpollEvents told) in rows)
            {
                Port.Modify(socket, asked, (ulong)asked);
                Assert.That(_bench.Until(told), Is.EqualTo(told), $"{asked}");
            }
        }
    }

    [TestCase(EpollEvents.Pri)]
    [TestCase(EpollEvents.RdBand)]
    [TestCase(EpollEvents.Pri | EpollEvents.RdBand)]
    public void W13_Urgent_data_is_told_under_both_its_names(EpollEvents asked)
    {
        (Socket one, Socket other) = _bench.Connection();
        if ((asked & kind.Missing) != EpollEvents.None)
        {
            Assert.That(Port.TryAdd(one, asked), Is.EqualTo(IvError.EINVAL));
            Assert.That(() => Port.Add(one, asked), Throws.ArgumentException.With.Message.Contains("EPOLLPRI"));
            return;
        }

        Port.Add(one, asked | EpollEvents.OneShot);
        Assert.That(_bench.Now(), Is.Empty);
        other.Send([1], SocketFlags.OutOfBand);
        Assert.That(_bench.One().Events, Is.EqualTo(asked));
    }

    [Test]
    public void W13_The_numbers_are_those_of_epoll() =>
        Assert.That(
            Enum.GetValues<EpollEvents>().Select(static e => (e.ToString(), (uint)e)),
            Is.EquivalentTo(
            [
                ("None", 0u), ("In", 0x1u), ("Pri", 0x2u), ("Out", 0x4u), ("Err", 0x8u), ("Hup", 0x10u), ("RdNorm", 0x40u), ("RdBand", 0x80u),
                ("WrNorm", 0x100u), ("WrBand", 0x200u), ("Msg", 0x400u), ("RdHup", 0x2000u), ("OneShot", 0x40000000u),
            ]));

    [Test]
    public void W15_A_one_shot_is_told_once_and_armed_anew_by_Modify()
    {
        Socket socket = _bench.Ready();
        Port.Add(socket, EpollEvents.In | EpollEvents.OneShot, 1);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 1)), "the flag is not echoed");
        Assert.That(_bench.Now(), Is.Empty);
        Assert.That(Port.TryAdd(socket, EpollEvents.In), Is.EqualTo(IvError.EEXIST), "it is still there");
        Port.Modify(socket, EpollEvents.In | EpollEvents.OneShot, 2);
        Assert.That(_bench.One().Data, Is.EqualTo(2));
        Port.Modify(socket, EpollEvents.In, 3);
        Assert.That((ulong[])[_bench.One().Data, _bench.One().Data], Is.EqualTo((ulong[])[3, 3]), "and not one-shot any more");
    }

    [Test]
    public void W15_A_one_shot_that_has_fired_tells_nothing_of_errors_either()
    {
        (Socket one, Socket other) = _bench.Connection();
        Port.Add(one, EpollEvents.Out | EpollEvents.OneShot);
        Assert.That(_bench.One().Events, Is.EqualTo(EpollEvents.Out));
        other.LingerState = new LingerOption(enable: true, seconds: 0);
        other.Dispose();
        Assert.That(one.Poll(Wait.Deadline, SelectMode.SelectRead), "the reset has come");
        Assert.That(_bench.Now(), Is.Empty);
        Port.Modify(one, EpollEvents.None);
        Assert.That(_bench.One().Events & EpollEvents.Hup, Is.EqualTo(EpollEvents.Hup));
    }

    [Test]
    public void W15_One_report_of_two_events_is_the_one_report()
    {
        Socket socket = _bench.Ready();
        Assert.That(socket.Poll(Wait.Deadline, SelectMode.SelectRead));
        Port.Add(socket, EpollEvents.In | EpollEvents.Out | EpollEvents.OneShot);
        Assert.That(_bench.One().Events & (EpollEvents.In | EpollEvents.Out), Is.Not.EqualTo(EpollEvents.None));
        Assert.That(_bench.Now(), Is.Empty);
    }

    [Test]
    public void W7_Modify_replaces_events_and_data()
    {
        Socket socket = _bench.Ready();
        Port.Add(socket, EpollEvents.In, 1);
        Port.Modify(socket, EpollEvents.Out, 2);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.Out, 2)));
        Port.Modify(socket, EpollEvents.None, 3);
        Assert.That(_bench.Now(), Is.Empty);
        Port.Modify(socket, EpollEvents.In);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 0)));
    }

    [Test]
    public void W8_A_removed_socket_is_silent_and_may_be_added_again()
    {
        Socket socket = _bench.Ready();
        for (ulong round = 0; round < 50; round++)
        {
            Port.Add(socket, EpollEvents.In, round);
            Assert.That(_bench.One().Data, Is.EqualTo(round));
            Port.Remove(socket);
            Assert.That(_bench.Now(), Is.Empty);
        }
    }

    [Test]
    public void W18_All_64_bits_of_the_data_come_back()
    {
        Socket socket = _bench.Ready();
        Port.Add(socket, EpollEvents.In);
        foreach (ulong data in (ulong[])[0, 1, ulong.MaxValue, ulong.MaxValue - 1, 1ul << 63, uint.MaxValue, 0x0123456789abcdef, 1ul << 32])
        {
            Port.Modify(socket, EpollEvents.In, data);
            Assert.That(_bench.One().Data, Is.EqualTo(data));
        }
    }

    [Test]
    public void Mixed_kinds_of_sockets_are_in_one_port()
    {
        List<Socket> sockets = [_bench.Udp(), _bench.Connection().One];
        if (Socket.OSSupportsIPv6)
        {
            sockets.Add(_bench.Udp(IPAddress.IPv6Loopback));
        }

        for (int i = 0; i < sockets.Count; i++)
        {
            Port.Add(sockets[i], EpollEvents.Out | EpollEvents.OneShot, (ulong)i);
        }

        List<EpollPortEvent> seen = [];
        Wait.For(() =>
        {
            seen.AddRange(_bench.Next());
            return seen.Count == sockets.Count;
        });
        Assert.That(seen.Select(static e => e.Data), Is.EquivalentTo(Enumerable.Range(0, sockets.Count)));
        Assert.That(seen.Select(static e => e.Events), Has.All.EqualTo(EpollEvents.Out));
        sockets.ForEach(socket => Port.Remove(socket));
        Assert.That(_bench.Now(), Is.Empty);
    }

    [Test]
    public void A_socket_of_the_library_a_handle_and_a_number_are_the_same_socket()
    {
        using IvSocket socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var handle = new SafeSocketHandle(socket.Handle, ownsHandle: false);
        Port.Add(socket, EpollEvents.Out, 1);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.Out, 1)));
        Port.Modify(handle, EpollEvents.WrNorm, 2);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.WrNorm, 2)));
        Port.Modify(socket.Handle, EpollEvents.Out, 3);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.Out, 3)));
        Port.Remove(socket);
        Port.Add(handle, EpollEvents.Out);
        Port.Remove(socket.Handle);
        Port.Add(socket.Handle, EpollEvents.Out);
        Port.Remove(handle);
        Assert.That(_bench.Now(), Is.Empty);
    }
}
