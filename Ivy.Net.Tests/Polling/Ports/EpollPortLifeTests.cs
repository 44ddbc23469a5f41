using System.Net.Sockets;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>Sockets that are closed while a port has them, numbers that come again, and what a port leaves behind: rows W20 and W21.</summary>
[TestFixtureSource(typeof(PortKind), nameof(PortKind.All))]
[NonParallelizable] // numbers and descriptors of the whole process
internal sealed class EpollPortLifeTests(PortKind kind)
{
    private PortBench _bench = null!;

    private EpollPort Port => _bench.Port;

    [SetUp]
    public void SetUp() => _bench = new PortBench(kind);

    [TearDown]
    public void TearDown() => _bench.Dispose();

    [Test]
    public void W20_A_socket_that_is_closed_before_it_was_waited_for_is_dropped()
    {
        Socket socket = _bench.Ready();
        Port.Add(socket, EpollEvents.In);
        AssertDropped(socket);
    }

    [Test]
    public void W20_A_socket_that_is_closed_between_two_waits_is_dropped()
    {
        Socket socket = _bench.Udp();
        Port.Add(socket, EpollEvents.In);
        Assert.That(_bench.Now(), Is.Empty);
        PortBench.Poke(socket);
        AssertDropped(socket);
    }

    [Test]
    public void W20_A_socket_that_is_closed_after_its_one_shot_is_dropped()
    {
        Socket socket = _bench.Udp();
        Port.Add(socket, EpollEvents.Out | EpollEvents.OneShot);
        _bench.One();
        AssertDropped(socket);
    }

    [Test]
    public void W20_A_socket_that_was_watched_for_nothing_is_dropped_too()
    {
        Socket socket = _bench.Udp();
        Port.Add(socket, EpollEvents.None);
        Assert.That(_bench.Now(), Is.Empty);
        AssertDropped(socket);
    }

    [Test]
    public void W20_A_socket_that_is_closed_while_a_thread_waits_is_dropped_and_does_not_end_the_wait()
    {
        Socket socket = _bench.Udp();
        Socket other = _bench.Udp();
        Port.Add(socket, EpollEvents.In, 1);
        Port.Add(other, EpollEvents.In, 2);
        using var waiter = new PortWaiter(Port);
        waiter.HasEntered();
        AssertDropped(socket);
        PortBench.Poke(other);
        Assert.That(waiter.Result(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.In, 2)]));
    }

    [Test]
    public void A_number_that_comes_again_after_Remove_is_a_socket_like_any_other()
    {
        Socket old = _bench.Ready();
        Port.Add(old, EpollEvents.In, 1);
        _bench.One();
        Port.Remove(old);
        Socket young = _bench.Successor(old);
        Port.Add(young, EpollEvents.In, 2);
        Assert.That(_bench.Now(), Is.Empty);
        PortBench.Poke(young);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 2)));
    }

    [Test]
    public void A_number_that_comes_again_without_Remove_belongs_to_the_new_socket()
    {
        // Closed while it is ready, while it is silent, while it is disarmed; the new one is not in the port until it is added.
        foreach (EpollEvents events in (EpollEvents[])[EpollEvents.Out, EpollEvents.In, EpollEvents.Out | EpollEvents.OneShot])
        {
            Socket old = _bench.Udp();
            Port.Add(old, events, 1);
            _bench.Now();
            Socket young = _bench.Successor(old);
            Assert.That(_bench.Now(), Is.Empty);
            Assert.That(Port.TryModify(young, EpollEvents.In), Is.EqualTo(IvError.ENOENT), $"{events}");
            Assert.That(Port.TryRemove(young), Is.EqualTo(IvError.ENOENT), $"{events}");
            Port.Add(young, EpollEvents.In, 2);
            Assert.That(_bench.Now(), Is.Empty);
            PortBench.Poke(young);
            Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 2)));
            Port.Remove(young);
        }
    }

    [Test]
    public void A_number_may_be_added_at_once_when_it_comes_again()
    {
        Socket socket = _bench.Udp();
        for (ulong round = 0; round < 100; round++)
        {
            Port.Add(socket, EpollEvents.Out | EpollEvents.OneShot, round);
            Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.Out, round)));
            socket = _bench.Successor(socket);
        }
    }

    [Test]
    public void W21_A_socket_may_be_in_several_ports()
    {
        Socket socket = _bench.Ready();
        EpollPort[] ports = [.. Enumerable.Range(0, 5).Select(_ => _bench.Own(kind.Open()))];
        var room = new EpollPortEvent[2];
        foreach (EpollPort port in ports)
        {
            port.Add(socket, EpollEvents.In | EpollEvents.OneShot, 1);
        }

        foreach (EpollPort port in ports)
        {
            Assert.That(port.Wait(room, Wait.Deadline), Is.EqualTo(1), "what one takes, the others have, too");
            port.Remove(socket);
        }
    }

    [Test]
    [Platform(Include = "Linux")]
    public void Nothing_is_left_of_ports_that_are_disposed_with_sockets_and_waits_pending()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        for (int round = 0; round < 50; round++)
        {
            using var bench = new PortBench(kind);
            bench.Port.Add(bench.Ready(), EpollEvents.In);
            bench.Port.Add(bench.Connection().One, EpollEvents.In);
            bench.Port.Add(bench.Udp(), EpollEvents.Out | EpollEvents.OneShot);
            _ = bench.Now();
            bench.Port.Add(bench.Udp(), EpollEvents.None);
            if (round % 5 == 0)
            {
                using var empty = new PortBench(kind);
                using var waiter = new PortWaiter(empty.Port);
                waiter.HasEntered();
                empty.Port.Dispose();
                Assert.That(waiter.Result, Throws.InstanceOf<ObjectDisposedException>());
            }
        }

        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
    }

    [Test]
    public void The_sockets_of_a_disposed_port_are_as_they_were()
    {
        Socket socket = _bench.Udp();
        Port.Add(socket, EpollEvents.In);
        Port.Dispose();
        PortBench.Poke(socket);
        Assert.That(socket.Receive(new byte[4]), Is.EqualTo(1));
        using EpollPort second = kind.Open();
        second.Add(socket, EpollEvents.Out);
        Assert.That(second.Wait(new EpollPortEvent[1], Wait.Deadline), Is.EqualTo(1));
    }

    // Closes a socket without Remove: nothing of it is told, and its number is worth nothing.
    private void AssertDropped(Socket socket)
    {
        nint number = socket.Handle;
        socket.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_bench.Now(), Is.Empty);
            Assert.That(Port.TryModify(number, EpollEvents.In), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryRemove(number), Is.EqualTo(IvError.EBADF));
            Assert.That(_bench.Now(), Is.Empty);
        }
    }
}
