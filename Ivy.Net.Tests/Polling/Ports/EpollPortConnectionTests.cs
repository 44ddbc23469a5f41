using System.Net;
using System.Net.Sockets;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>What a TCP socket tells from connect to the end: row W19, and where systems differ the answer of each, as in EpollPort(3).</summary>
[TestFixtureSource(typeof(PortKind), nameof(PortKind.All))]
internal sealed class EpollPortConnectionTests(PortKind kind)
{
    private const EpollEvents Writable = EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.WrBand;
    private const EpollEvents Readable = EpollEvents.In | EpollEvents.RdNorm;

    private PortBench _bench = null!;

    private EpollPort Port => _bench.Port;

    [SetUp]
    public void SetUp() => _bench = new PortBench(kind);

    [TearDown]
    public void TearDown() => _bench.Dispose();

    [Test]
    public void W19_A_refused_connect_is_told_with_all_its_events_and_its_error_once()
    {
        Socket dead = _bench.Tcp();
        dead.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Socket socket = _bench.Connecting(dead.LocalEndPoint!);
        Port.Add(socket, kind.Everything, 19);
        EpollPortEvent refused = _bench.One();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Events & ~EpollEvents.Hup, Is.EqualTo(Readable | EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.Err | EpollEvents.RdHup));
            Assert.That(refused.Events.HasFlag(EpollEvents.Hup), Is.EqualTo(kind.Rules != PortRules.Windows), "Linux and the BSDs add Hup");
            Assert.That(refused.Data, Is.EqualTo(19));
            Assert.That(TakeError(socket), Is.EqualTo(SocketError.ConnectionRefused));

            // Wine goes on to tell it.
            Assert.That(TakeError(socket), Is.EqualTo(WineQuirks.IsWine ? SocketError.ConnectionRefused : SocketError.Success));
        }
    }

    [Test]
    public void A_refused_connect_is_told_also_to_who_asked_for_nothing()
    {
        Socket dead = _bench.Tcp();
        dead.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port.Add(_bench.Connecting(dead.LocalEndPoint!), EpollEvents.None);
        Assert.That(_bench.One().Events & ~EpollEvents.Hup, Is.EqualTo(EpollEvents.Err));
    }

    [Test]
    public void A_connect_that_goes_through_is_told_as_writable()
    {
        Socket listener = _bench.Listener();
        Socket socket = _bench.Connecting(listener.LocalEndPoint!);
        Port.Add(socket, kind.Everything);
        Assert.That(_bench.One().Events, Is.EqualTo(Writable));
        Assert.That(TakeError(socket), Is.EqualTo(SocketError.Success));
    }

    [Test]
    public void A_socket_is_writable_only_while_there_is_room()
    {
        (Socket one, Socket other) = _bench.Connection();
        one.Blocking = other.Blocking = false;
        one.SendBufferSize = other.ReceiveBufferSize = 16 * 1024;
        byte[] bytes = new byte[16 * 1024];
        Port.Add(one, EpollEvents.Out);
        for (int round = 0; round < 5; round++)
        {
            Assert.That(_bench.One().Events, Is.EqualTo(EpollEvents.Out));
            Wait.For(() =>
            {
                while (one.Send(bytes, SocketFlags.None, out SocketError error) > 0 && error == SocketError.Success)
                {
                }

                return _bench.Now().Length == 0;
            });
            Wait.For(() =>
            {
                while (other.Receive(bytes, SocketFlags.None, out SocketError error) > 0 && error == SocketError.Success)
                {
                }

                return _bench.Now().Length == 1;
            });
        }
    }

    [Test]
    public void A_listener_is_readable_while_somebody_waits_to_be_accepted()
    {
        Socket listener = _bench.Listener();
        Port.Add(listener, kind.Everything);
        Assert.That(_bench.Now(), Is.Empty);
        _bench.Tcp().Connect(listener.LocalEndPoint!);
        Assert.That(_bench.One().Events, Is.EqualTo(Readable));
        listener.Accept().Dispose();
        Assert.That(_bench.Now(), Is.Empty);
    }

    [Test]
    public void A_fresh_TCP_socket_is_what_the_system_makes_of_it()
    {
        Port.Add(_bench.Tcp(), kind.Everything);
        EpollPortEvent[] now = _bench.Now();
        if (kind.Rules == PortRules.Linux)
        {
            Assert.That(now.Single().Events, Is.EqualTo(Writable | EpollEvents.Hup));
        }
        else
        {
            Assert.That(now, Is.Empty);
        }
    }

    [Test]
    public void The_end_of_the_peer_is_readable_and_a_hangup_of_its_side_alone()
    {
        (Socket one, Socket other) = _bench.Connection();
        Port.Add(one, EpollEvents.In | EpollEvents.RdHup | EpollEvents.OneShot);
        other.Shutdown(SocketShutdown.Send);
        Assert.That(_bench.One().Events, Is.EqualTo(EpollEvents.In | EpollEvents.RdHup));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(one.Receive(new byte[1]), Is.Zero);
            Assert.That(one.Send([1]), Is.EqualTo(1), "our side still works");
            Assert.That(other.Receive(new byte[1]), Is.EqualTo(1));
        }
    }

    [Test]
    public void A_one_shot_tells_the_hangup_behind_unread_data_and_the_other_side_the_loss_of_it()
    {
        (Socket one, Socket other) = _bench.Connection();
        Port.Add(one, EpollEvents.In | EpollEvents.OneShot, 1);
        other.Send([1]);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 1)));
        Assert.That(_bench.Now(), Is.Empty, "disarmed");
        Assert.That(Port.TryAdd(one, EpollEvents.In), Is.EqualTo(IvError.EEXIST));

        // The data is still there.
        Port.Modify(one, EpollEvents.RdHup | EpollEvents.OneShot, 2);
        Assert.That(_bench.Now(), Is.Empty);
        other.Shutdown(SocketShutdown.Send);
        WineQuirks.SkipIf(WineQuirks.HidesEndBehindData);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.RdHup, 2)));

        // Closed with unread data: the other side gets a reset.
        Port.Add(other, EpollEvents.None, 3);
        one.Dispose();
        EpollPortEvent reset = _bench.One();
        Assert.That(reset.Data, Is.EqualTo(3));
        Assert.That(reset.Events & EpollEvents.Hup, Is.EqualTo(EpollEvents.Hup));
    }

    [Test]
    public void A_reset_is_a_hangup_whatever_was_asked_for()
    {
        (Socket one, Socket other) = _bench.Connection();
        Port.Add(one, EpollEvents.None);
        Assert.That(_bench.Now(), Is.Empty);
        other.LingerState = new LingerOption(enable: true, seconds: 0);
        other.Dispose();
        Assert.That(_bench.One().Events & EpollEvents.Hup, Is.EqualTo(EpollEvents.Hup));
        Assert.That(_bench.One().Events & EpollEvents.Hup, Is.EqualTo(EpollEvents.Hup), "and goes on to be one");
    }

    [Test]
    public void A_reset_is_everything_at_once_but_to_AFD_which_has_a_name_for_it()
    {
        EpollEvents expected = kind.Rules == PortRules.Windows
            ? EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.Hup
            : Readable | EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.Err | EpollEvents.RdHup | EpollEvents.Hup;
        (Socket one, Socket other) = _bench.Connection();
        Port.Add(one, EpollEvents.None);
        other.LingerState = new LingerOption(enable: true, seconds: 0);
        other.Dispose();
        Assert.That(one.Poll(Wait.Deadline, SelectMode.SelectRead), "the reset has come");
        Port.Modify(one, kind.Everything);
        Assert.That(_bench.Until(expected) & ~EpollEvents.WrBand, Is.EqualTo(expected));
    }

    [Test]
    public void Both_sides_ended_in_order_is_a_hangup_to_Linux_alone()
    {
        EpollEvents expected = Readable | Writable | EpollEvents.RdHup | (kind.Rules == PortRules.Linux ? EpollEvents.Hup : EpollEvents.None);
        (Socket one, Socket other) = _bench.Connection();
        one.Shutdown(SocketShutdown.Send);
        other.Shutdown(SocketShutdown.Send);
        Assert.That(one.Poll(Wait.Deadline, SelectMode.SelectRead), "the end has come");
        Port.Add(one, kind.Everything);
        Assert.That(_bench.Until(expected), Is.EqualTo(expected));
    }

    [Test]
    public void A_reset_stays_a_hangup_when_its_error_has_been_taken()
    {
        (Socket one, Socket other) = _bench.Connection();
        Port.Add(one, EpollEvents.In);
        other.LingerState = new LingerOption(enable: true, seconds: 0);
        other.Dispose();
        _bench.Until(EpollEvents.Hup);
        _ = TakeError(one);
        Assert.That(_bench.One().Events & EpollEvents.Hup, Is.EqualTo(EpollEvents.Hup));
        Port.Modify(one, EpollEvents.None);
        Assert.That(_bench.One().Events & EpollEvents.Hup, Is.EqualTo(EpollEvents.Hup));
    }

    private static SocketError TakeError(Socket socket) => (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
}
