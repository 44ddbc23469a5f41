using Ivy.Net.Interop.Windows;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>A port on polls of AFD, with each answer at the moment that the test picks: what Wine can't be made to show.</summary>
internal sealed class AfdPortTests
{
    private const EpollEvents Readable = EpollEvents.In | EpollEvents.RdNorm;
    private const EpollEvents Writable = EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.WrBand;

    private readonly EpollPortEvent[] _room = new EpollPortEvent[128];
    private AfdModel _afd = null!;
    private AfdPortEngine _engine = null!;
    private EpollPort _port = null!;

    [SetUp]
    public void SetUp()
    {
        _afd = new AfdModel();
        _engine = new AfdPortEngine(_afd);
        _port = new EpollPort(_engine);
    }

    [TearDown]
    public void TearDown()
    {
        _port.Dispose();
        _engine.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_afd.Violations, Is.Empty);
            Assert.That(_afd.PollsInFlight, Is.Zero);
            Assert.That(_afd.OpenDevices, Is.Zero);
            Assert.That(_afd.IsPortOpen, Is.False);
        }
    }

    [TestCase(AfdEvents.Receive, Readable)]
    [TestCase(AfdEvents.Accept, Readable)]
    [TestCase(AfdEvents.ReceiveExpedited, EpollEvents.Pri | EpollEvents.RdBand)]
    [TestCase(AfdEvents.Send, Writable)]
    [TestCase(AfdEvents.Disconnect, Readable | EpollEvents.RdHup)]
    [TestCase(AfdEvents.Receive | AfdEvents.Disconnect, Readable | EpollEvents.RdHup)]
    [TestCase(AfdEvents.Abort, EpollEvents.Hup)]
    [TestCase(AfdEvents.ConnectFail, Readable | EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.Err | EpollEvents.RdHup)]
    public void W13_W19_Each_answer_of_AFD_has_its_events(AfdEvents state, EpollEvents events)
    {
        nint socket = _afd.Open(state);
        _port.Add(socket, PortBench.Everything, 7);
        Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(events, 7)]));
        Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(events, 7)]), "level-triggered");
    }

    [Test]
    public void W13_That_a_socket_is_connected_is_no_news()
    {
        _port.Add(_afd.Open(AfdEvents.Connect), PortBench.Everything);
        Assert.That(Now(), Is.Empty);
    }

    [Test]
    public void W14_A_reset_and_a_failed_connect_are_told_to_who_asked_for_nothing()
    {
        _port.Add(_afd.Open(AfdEvents.Abort | AfdEvents.Receive), EpollEvents.None, 1);
        _port.Add(_afd.Open(AfdEvents.ConnectFail), EpollEvents.None, 2);
        Assert.That(Now(), Is.EquivalentTo((EpollPortEvent[])[new(EpollEvents.Hup, 1), new(EpollEvents.Err, 2)]));
    }

    [Test]
    public void W17_Nothing_is_told_that_was_not_asked_for()
    {
        nint socket = _afd.Open(AfdEvents.Receive | AfdEvents.Send);
        _port.Add(socket, EpollEvents.RdNorm, 1);
        Assert.That(Now().Single().Events, Is.EqualTo(EpollEvents.RdNorm));
        _port.Modify(socket, EpollEvents.RdHup | EpollEvents.Pri, 1);
        Assert.That(Now(), Is.Empty);
    }

    [Test]
    public void W6_W7_W8_The_port_knows_what_it_has()
    {
        nint socket = _afd.Open();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_port.TryModify(socket, EpollEvents.In), Is.EqualTo(IvError.ENOENT));
            Assert.That(_port.TryRemove(socket), Is.EqualTo(IvError.ENOENT));
            Assert.That(_port.TryAdd(socket, EpollEvents.In), Is.EqualTo(IvError.None));
            Assert.That(_port.TryAdd(socket, EpollEvents.In), Is.EqualTo(IvError.EEXIST));
            Assert.That(_port.TryRemove(socket), Is.EqualTo(IvError.None));
            Assert.That(_port.TryRemove(socket), Is.EqualTo(IvError.ENOENT));
            Assert.That(_port.TryAdd(0xbadbad, EpollEvents.In), Is.EqualTo(IvError.EBADF));
        }
    }

    [Test]
    public void W15_A_one_shot_is_told_once_and_its_end_is_noticed()
    {
        nint socket = _afd.Open(AfdEvents.Send);
        _port.Add(socket, EpollEvents.Out | EpollEvents.OneShot, 1);
        Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.Out, 1)]));
        _afd.Set(socket, AfdEvents.Send | AfdEvents.Abort);
        Assert.That(Now(), Is.Empty, "not even a reset");
        Assert.That(_port.TryAdd(socket, EpollEvents.Out), Is.EqualTo(IvError.EEXIST));
        _afd.CloseSocket(socket);
        nint young = _afd.Open(AfdEvents.Send);
        Assert.That(young, Is.EqualTo(socket));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_port.TryModify(young, EpollEvents.Out), Is.EqualTo(IvError.ENOENT), "the handle of another one");
            Assert.That(Now(), Is.Empty);
            Assert.That(_port.TryAdd(young, EpollEvents.Out, 2), Is.EqualTo(IvError.None));
            Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.Out, 2)]));
        }
    }

    [Test]
    public void W20_The_end_of_a_closed_socket_that_comes_late_does_not_hit_the_next_one()
    {
        nint old = _afd.Open();
        _port.Add(old, EpollEvents.In, 1);
        _afd.CloseSocket(old);
        nint young = _afd.Open();
        Assert.That(young, Is.EqualTo(old));
        Assert.That(_port.TryAdd(young, EpollEvents.In, 2), Is.EqualTo(IvError.None));
        Assert.That(Now(), Is.Empty);
        _afd.Set(young, AfdEvents.Receive);
        Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.In, 2)]));
    }

    [Test]
    public void W20_A_closed_socket_is_dropped_and_its_handle_is_EBADF()
    {
        nint socket = _afd.Open();
        _port.Add(socket, EpollEvents.In);
        Assert.That(Now(), Is.Empty);
        _afd.CloseSocket(socket);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_port.TryModify(socket, EpollEvents.Out), Is.EqualTo(IvError.EBADF));
            Assert.That(_port.TryRemove(socket), Is.EqualTo(IvError.EBADF));
            Assert.That(Now(), Is.Empty);
        }
    }

    [Test]
    public void W20_A_socket_whose_answer_is_in_the_port_when_it_is_closed_is_told_to_nobody()
    {
        nint socket = _afd.Open(AfdEvents.Send);
        _port.Add(socket, EpollEvents.Out, 1);
        _afd.CloseSocket(socket);
        Assert.That(Now(), Is.Empty);
        Assert.That(_engine.Counters.Registered, Is.Zero);
    }

    [Test]
    public void W20_A_one_shot_whose_answer_is_in_the_port_when_it_is_closed_leaves_its_handle_to_the_next_one()
    {
        nint socket = _afd.Open(AfdEvents.Send);
        _port.Add(socket, EpollEvents.Out | EpollEvents.OneShot, 1);
        _afd.CloseSocket(socket);
        Assert.That(Now(), Is.Empty);
        nint young = _afd.Open(AfdEvents.Send);
        Assert.That(young, Is.EqualTo(socket));
        Assert.That(_port.TryAdd(young, EpollEvents.Out, 2), Is.EqualTo(IvError.None));
        Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.Out, 2)]));
    }

    // Nothing is in flight between a report and the next wait, so that only what they are called can tell them apart.
    [TestCase(5, 0ul, 6, 0ul, true)]
    [TestCase(5, 70ul, 5, 71ul, true)]
    [TestCase(5, 70ul, 5, 70ul, false)]
    [TestCase(5, 70ul, 0, 0ul, false)]
    [TestCase(0, 0ul, 6, 0ul, false)]
    public void W20_Closed_between_a_report_and_the_next_wait_it_is_known_by_its_name(int port, ulong peer, int nextPort, ulong nextPeer, bool isTold)
    {
        nint old = _afd.Open(AfdEvents.Send, new AfdSocketName(port, peer));
        _port.Add(old, EpollEvents.Out, 1);
        Assert.That(Now(), Has.Length.EqualTo(1));
        _afd.CloseSocket(old);
        nint young = _afd.Open(AfdEvents.Send, new AfdSocketName(nextPort, nextPeer));
        Assert.That(young, Is.EqualTo(old));
        Assert.That(_port.TryAdd(young, EpollEvents.Out, 2), Is.EqualTo(isTold ? IvError.None : IvError.EEXIST));
        Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.Out, isTold ? 2ul : 1)]));
    }

    [Test]
    public void W20_The_successor_of_a_socket_is_not_in_the_port_and_not_told_of()
    {
        nint old = _afd.Open(AfdEvents.Send, new AfdSocketName(5, 0));
        _port.Add(old, EpollEvents.Out, 1);
        Assert.That(Now(), Has.Length.EqualTo(1));
        _afd.CloseSocket(old);
        nint young = _afd.Open(AfdEvents.Send, new AfdSocketName(6, 0));
        Assert.That(Now(), Is.Empty, "its poll is answered for the other one");
        Assert.That(_port.TryModify(young, EpollEvents.Out), Is.EqualTo(IvError.ENOENT));
        Assert.That(_port.TryRemove(young), Is.EqualTo(IvError.ENOENT));
    }

    [Test]
    public void A_socket_that_is_bound_and_connected_while_it_is_watched_stays_the_same()
    {
        nint socket = _afd.Open(AfdEvents.None);
        _port.Add(socket, EpollEvents.Out, 1);
        _afd.Name(socket, new AfdSocketName(5, 0));
        _afd.Set(socket, AfdEvents.Send);
        Assert.That(Now(), Has.Length.EqualTo(1));
        _afd.Name(socket, new AfdSocketName(5, 70));
        Assert.That(Now(), Has.Length.EqualTo(1));
        _afd.Name(socket, default);
        Assert.That(Now(), Has.Length.EqualTo(1), "what is not known any more");
        Assert.That(_port.TryModify(socket, EpollEvents.Out), Is.EqualTo(IvError.None));
    }

    [Test]
    public void W7_Wanting_less_costs_nothing_and_wanting_more_is_a_cancellation()
    {
        nint socket = _afd.Open();
        _port.Add(socket, EpollEvents.In | EpollEvents.Out);
        _port.Modify(socket, EpollEvents.In);
        Assert.That(Now(), Is.Empty);
        Assert.That((_engine.Counters.Submits, _engine.Counters.Cancels), Is.EqualTo((1L, 0L)));
        _port.Modify(socket, EpollEvents.In | EpollEvents.Pri, 9);
        _afd.Set(socket, AfdEvents.ReceiveExpedited);
        Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.Pri, 9)]));
        Assert.That(_engine.Counters.Cancels, Is.EqualTo(1));
    }

    [Test]
    public void A_cancellation_that_comes_late_delays_a_change_and_loses_nothing()
    {
        _afd.HoldsCancelled = true;
        nint socket = _afd.Open();
        _port.Add(socket, EpollEvents.In, 1);
        _port.Modify(socket, EpollEvents.In | EpollEvents.Out, 2);
        _afd.Set(socket, AfdEvents.Send);
        Assert.That(_port.Wait(_room, TimeSpan.FromSeconds(20)), Is.EqualTo(1));
        Assert.That(_room[0], Is.EqualTo(new EpollPortEvent(EpollEvents.Out, 2)));
    }

    [Test]
    public void Removed_and_added_while_the_poll_is_being_cancelled_it_never_has_two()
    {
        _afd.HoldsCancelled = true;
        nint socket = _afd.Open();
        for (ulong round = 0; round < 50; round++)
        {
            _port.Add(socket, EpollEvents.In, round);
            if (round % 3 == 0)
            {
                Assert.That(Now(), Is.Empty);
            }

            _port.Remove(socket);
        }

        _port.Add(socket, EpollEvents.In, 99);
        _afd.Set(socket, AfdEvents.Receive);
        Assert.That(_port.Wait(_room, TimeSpan.FromSeconds(20)), Is.EqualTo(1));
        Assert.That(_room[0].Data, Is.EqualTo(99));
    }

    [Test]
    public void W12_What_does_not_fit_comes_next_so_that_no_socket_starves()
    {
        const int sockets = 100;
        for (ulong i = 0; i < sockets; i++)
        {
            _port.Add(_afd.Open(AfdEvents.Send), EpollEvents.Out, i);
        }

        int[] counts = new int[sockets];
        for (int i = 0; i < sockets; i++)
        {
            int count = _port.Wait(_room.AsSpan(0, 10), TimeSpan.Zero);
            Assert.That(count, Is.EqualTo(10));
            foreach (EpollPortEvent one in _room.AsSpan(0, count))
            {
                counts[one.Data]++;
            }
        }

        Assert.That(counts, Has.All.InRange(9, 11));
        Assert.That(_port.Wait(_room, TimeSpan.Zero), Is.EqualTo(sockets), "more than one portion of packets");
        Assert.That(_engine.Counters.Devices, Is.EqualTo(4), "32 for each");
    }

    [Test]
    public void A_wake_is_one_packet_whatever_comes_before_it_is_taken()
    {
        _port.Wake();
        _port.Wake();
        Assert.That(_afd.Posts, Is.EqualTo(1));
        Assert.That(_port.Wait(_room), Is.Zero);
        _port.Wake();
        Assert.That(_afd.Posts, Is.EqualTo(2));
        Assert.That(_port.Wait(_room), Is.Zero);
    }

    [Test]
    public void A_poll_that_the_system_refuses_later_is_told_as_an_error_and_ends_the_registration()
    {
        nint socket = _afd.Open(AfdEvents.Send);
        _port.Add(socket, EpollEvents.Out, 4);
        Assert.That(Now(), Has.Length.EqualTo(1));
        _afd.Refusal = NtStatus.InvalidParameter;
        Assert.That(Now(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.Err, 4)]));
        _afd.Refusal = 0;
        Assert.That(_port.TryModify(socket, EpollEvents.Out), Is.EqualTo(IvError.ENOENT));
    }

    private EpollPortEvent[] Now() => _room[.._port.Wait(_room, TimeSpan.Zero)];
}
