using System.Net.Sockets;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>A port on kqueue(2), over the models of both kernels: what it costs in calls, and what becomes of those that the kernel refuses.</summary>
[TestFixtureSource(nameof(Kernels))]
[Platform(Include = "Linux")]
internal sealed class KqueuePortTests(string kernel)
{
    private KqueueQuirks _quirks = null!;
    private KqueueModel _model = null!;
    private KqueueRecorder _calls = null!;
    private PortBench _bench = null!;

    private static IEnumerable<string> Kernels => ["Darwin", "FreeBSD"];

    private EpollPort Port => _bench.Port;

    [SetUp]
    public void SetUp()
    {
        _quirks = kernel == "Darwin" ? KqueueQuirks.Darwin : KqueueQuirks.FreeBsd;
        Open();
    }

    [TearDown]
    public void TearDown()
    {
        _bench.Dispose();
        Assert.That(_model.OpenQueues, Is.Zero);
    }

    [Test]
    public void A_change_is_one_call_a_wait_is_one_call_and_a_one_shot_report_one_more()
    {
        Socket socket = _bench.Ready();
        Assert.That(Calls(() => Port.Add(socket, EpollEvents.In | EpollEvents.Out)), Is.EqualTo(1), "add");
        Assert.That(Calls(() => Port.Modify(socket, EpollEvents.In)), Is.EqualTo(1), "modify");
        Assert.That(Calls(() => Port.Modify(socket, EpollEvents.In)), Is.EqualTo(1), "modify, though there is nothing to change: it may be closed");
        Assert.That(Calls(() => _bench.One()), Is.EqualTo(1), "wait");
        Port.Modify(socket, EpollEvents.In | EpollEvents.Out | EpollEvents.OneShot);
        Assert.That(Calls(() => _bench.One()), Is.EqualTo(2), "a one-shot's");
        Assert.That(_calls.Changes, Is.EqualTo([$"{socket.Handle} READ DISABLE", $"{socket.Handle} WRITE DISABLE"]));
        Assert.That(Calls(() => Port.Remove(socket)), Is.EqualTo(1), "remove");
    }

    [Test]
    public void The_two_events_of_a_socket_are_one_report()
    {
        Socket socket = _bench.Ready();
        Port.Add(socket, EpollEvents.In | EpollEvents.Out, 3);
        Assert.That(_bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In | EpollEvents.Out, 3)));
    }

    [Test]
    public void Data_that_nobody_wants_do_not_keep_a_wait_busy()
    {
        (Socket one, Socket other) = _bench.Connection();
        Port.Add(one, EpollEvents.RdHup);
        other.Send(new byte[100]);
        Assert.That(one.Poll(Wait.Deadline, SelectMode.SelectRead));
        Assert.That(Calls(() => Assert.That(Port.Wait(new EpollPortEvent[4], TimeSpan.FromMilliseconds(20)), Is.Zero)), Is.LessThan(5));
        other.Shutdown(SocketShutdown.Send);
        Assert.That((EpollEvents[])[_bench.One().Events, _bench.One().Events], Is.EqualTo((EpollEvents[])[EpollEvents.RdHup, EpollEvents.RdHup]), "level-triggered");
    }

    [Test]
    public void An_end_that_nobody_wants_does_not_keep_a_wait_busy()
    {
        (Socket one, Socket other) = _bench.Connection();
        Port.Add(one, EpollEvents.None);
        other.Shutdown(SocketShutdown.Send);
        Assert.That(one.Poll(Wait.Deadline, SelectMode.SelectRead));
        Assert.That(Calls(() => Assert.That(Port.Wait(new EpollPortEvent[4], TimeSpan.FromMilliseconds(20)), Is.Zero)), Is.LessThan(5));
        Port.Modify(one, EpollEvents.RdHup);
        Assert.That((EpollEvents[])[_bench.One().Events, _bench.One().Events], Is.EqualTo((EpollEvents[])[EpollEvents.RdHup, EpollEvents.RdHup]));
    }

    [Test]
    public void An_error_of_a_datagram_socket_is_told_to_who_asked_for_nothing()
    {
        Socket socket = _bench.Udp();
        Socket dead = _bench.Udp();
        socket.Connect(dead.LocalEndPoint!);
        dead.Dispose();
        Port.Add(socket, EpollEvents.None);
        socket.Send([1]);
        Assert.That(_bench.One().Events, Is.EqualTo(EpollEvents.Err));
    }

    [Test]
    public void A_signal_does_not_end_a_wait()
    {
        _model.Interruptions = 5;
        IvTimestamp begin = IvTimestamp.System;
        Assert.That(Port.Wait(new EpollPortEvent[1], TimeSpan.FromMilliseconds(20)), Is.Zero);
        Assert.That(IvTimestamp.System - begin, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(20)));
        Assert.That(_model.Interruptions, Is.Zero);
    }

    [Test]
    public void A_socket_that_the_kernel_refuses_is_not_in_the_port()
    {
        Socket socket = _bench.Udp();
        _calls.Failures.Enqueue(-12); // ENOMEM
        Assert.That(Port.TryAdd(socket, EpollEvents.In), Is.EqualTo(IvError.ENOMEM));
        Assert.That(Port.TryModify(socket, EpollEvents.In), Is.EqualTo(IvError.ENOENT));
        Port.Add(socket, EpollEvents.Out, 1);
        _calls.Failures.Enqueue(-12);
        Assert.That(Port.TryModify(socket, EpollEvents.In, 2), Is.EqualTo(IvError.ENOMEM));
        Assert.That(_bench.Now(), Is.Empty, "what can't be changed is taken out: half of it may be changed");
        Assert.That(Port.TryAdd(socket, EpollEvents.Out, 3), Is.EqualTo(IvError.None));
        Assert.That(_bench.One().Data, Is.EqualTo(3));
    }

    [Test]
    public void A_wait_that_the_kernel_refuses_says_so()
    {
        _calls.Failures.Enqueue(-9); // EBADF
        Assert.That(() => Port.Wait(new EpollPortEvent[1]), Throws.InstanceOf<IvException>().With.Message.Contains("does not own"));
    }

    [Test]
    public void A_kernel_without_user_events_is_woken_by_a_pipe_one_wait_for_each_wake()
    {
        _bench.Dispose();
        _quirks = _quirks with { LosesUserEvents = true };
        Open();
        Port.Wake();
        Port.Wake();
        Assert.That(Port.Wait(new EpollPortEvent[1]), Is.Zero);
        PortWaiter[] waiters = [.. Enumerable.Range(0, 4).Select(_ => _bench.Own(new PortWaiter(Port)))];
        Wait.For(() => Port.CallsInside == waiters.Length);
        for (int i = 1; i <= 2; i++)
        {
            int returned = i;
            Port.Wake();
            Wait.For(() => waiters.Count(static w => w.HasReturned) == returned);
        }

        Port.Dispose();
        Assert.That(waiters.Count(static w => Catch(w) is ObjectDisposedException), Is.EqualTo(2));

        static Exception? Catch(PortWaiter waiter)
        {
            try
            {
                waiter.Result();
                return null;
            }
            catch (ObjectDisposedException e)
            {
                return e;
            }
        }
    }

    [Test]
    public void A_port_that_can_not_be_made_says_why()
    {
        var api = new KqueueRecorder(_model) { CreateFails = -24 }; // EMFILE
        Assert.That(() => new KqueuePortEngine(api), Throws.InstanceOf<IvException>().With.Property("Error").EqualTo(IvError.EMFILE).And.Message.Contains("ulimit"));
    }

    [Test]
    public void More_sockets_than_fit_on_the_stack_are_one_batch()
    {
        for (ulong i = 0; i < 200; i++)
        {
            Port.Add(_bench.Udp(), EpollEvents.Out, i);
        }

        var room = new EpollPortEvent[300];
        Assert.That(Port.Wait(room), Is.EqualTo(200));
        Assert.That(room.Take(200).Select(static one => one.Data), Is.Unique);
    }

    private void Open()
    {
        _model = new KqueueModel(_quirks) { HasManyThreads = true };
        _calls = new KqueueRecorder(_model);
        _bench = new PortBench(new PortKind(kernel, PortRules.Bsd, () => new EpollPort(new KqueuePortEngine(_calls))));
        _calls.Clear();
    }

    private int Calls(Action action)
    {
        _calls.Clear();
        action();
        return _calls.Calls.Count;
    }
}
