using System.Net.Sockets;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>Several threads, one port: rows W4, W22 and W23, and Wake.</summary>
[TestFixtureSource(typeof(PortKind), nameof(PortKind.All))]
internal sealed class EpollPortThreadTests(PortKind kind) : EpollPortFixture(kind)
{
    [Test]
    public void W22_Two_waiters_are_both_told_of_a_socket_that_stays_ready()
    {
        Socket socket = Bench.Udp();
        Port.Add(socket, EpollEvents.In, 5);
        PortWaiter[] waiters = Waiters(2);
        PortBench.Poke(socket);
        foreach (PortWaiter waiter in waiters)
        {
            Assert.That(waiter.Result(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.In, 5)]));
        }
    }

    [Test]
    public void W22_A_one_shot_is_told_to_one_waiter_and_the_others_wait_on()
    {
        Socket socket = Bench.Udp();
        Port.Add(socket, EpollEvents.In | EpollEvents.OneShot, 5);
        PortWaiter[] waiters = Waiters(3);
        PortBench.Poke(socket);
        Wait.For(() => waiters.Any(static w => w.HasReturned));
        for (int i = 0; i < 2; i++)
        {
            int returned = waiters.Count(static w => w.HasReturned);
            Port.Wake();
            Wait.For(() => waiters.Count(static w => w.HasReturned) == returned + 1);
        }

        Assert.That(waiters.Select(static w => w.Result().Length), Is.EquivalentTo((int[])[1, 0, 0]));
    }

    [Test]
    public void W21_W22_One_datagram_wakes_ten_threads_at_each_of_ten_ports()
    {
        Socket socket = Bench.Udp();
        EpollPort[] ports = [.. Enumerable.Range(0, 10).Select(_ => Bench.Own(Kind.Open()))];
        foreach (EpollPort port in ports)
        {
            port.Add(socket, EpollEvents.In, 9);
        }

        PortWaiter[] waiters = [.. ports.SelectMany(port => Enumerable.Range(0, 10).Select(_ => Bench.Own(new PortWaiter(port))))];
        Wait.For(() => ports.All(static port => port.CallsInside == 10));
        PortBench.Poke(socket);
        Assert.That(waiters.SelectMany(static w => w.Result()), Is.EqualTo(Enumerable.Repeat(new EpollPortEvent(EpollEvents.In, 9), 100)));
    }

    [Test]
    public void W23_A_change_of_another_thread_holds_for_those_that_wait_already()
    {
        Socket socket = Bench.Udp();
        PortWaiter first = Waiters(1)[0];
        Port.Add(socket, EpollEvents.Out | EpollEvents.OneShot, 1);
        Assert.That(first.Result(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.Out, 1)]), "added");

        PortWaiter second = Waiters(1)[0];
        Port.Modify(socket, EpollEvents.Out | EpollEvents.OneShot, 2);
        Assert.That(second.Result(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.Out, 2)]), "armed anew");

        Port.Modify(socket, EpollEvents.In, 3);
        PortWaiter third = Waiters(1)[0];
        Port.Modify(socket, EpollEvents.None, 4);
        PortBench.Poke(socket);
        Port.Wake();
        Assert.That(third.Result(), Is.Empty, "no longer wanted");

        Port.Modify(socket, EpollEvents.RdHup, 5);
        PortWaiter fourth = Waiters(1)[0];
        Port.Modify(socket, EpollEvents.RdHup | EpollEvents.In, 6);
        Assert.That(fourth.Result(), Is.EqualTo((EpollPortEvent[])[new(EpollEvents.In, 6)]), "wanted too");
    }

    [Test]
    public void W23_A_socket_that_another_thread_removes_is_told_to_nobody()
    {
        Socket socket = Bench.Udp();
        Port.Add(socket, EpollEvents.In);
        PortWaiter waiter = Waiters(1)[0];
        Port.Remove(socket);
        PortBench.Poke(socket);
        Port.Wake();
        Assert.That(waiter.Result(), Is.Empty);
    }

    [Test]
    public void W4_Dispose_ends_all_waits_and_returns_when_they_have_left()
    {
        Port.Add(Bench.Udp(), EpollEvents.In);
        PortWaiter[] waiters = Waiters(8);
        Port.Dispose();
        Assert.That(Port.CallsInside, Is.Zero);
        foreach (PortWaiter waiter in waiters)
        {
            Assert.That(waiter.Result, Throws.InstanceOf<ObjectDisposedException>().With.Property("ObjectName").Contains(nameof(EpollPort)));
        }
    }

    [Test]
    public void W4_Dispose_may_meet_calls_of_every_kind()
    {
        for (int round = 0; round < 30; round++)
        {
            using var bench = new PortBench(Kind);
            EpollPort port = bench.Port;
            Socket socket = bench.Udp();
            using var gate = new Gate(4);
            var errors = new IvError[3];
            Thread[] threads =
            [
                Start(() => errors[0] = Repeat(() => port.TryWait(new EpollPortEvent[4], TimeSpan.FromMilliseconds(1), out _))),
                Start(() => errors[1] = Repeat(() => port.TryAdd(socket, EpollEvents.Out) is var error && error == IvError.None ? port.TryRemove(socket) : error)),
                Start(() => errors[2] = Repeat(() =>
                {
                    port.Wake();
                    return port.TryWait(new EpollPortEvent[4], Timeout.InfiniteTimeSpan, out _);
                })),
            ];
            gate.SignalAndWait();
            port.Dispose();
            Assert.That(threads.Select(static t => t.Join(Wait.Deadline)), Has.All.True);
            Assert.That(errors, Has.All.EqualTo(IvError.Disposed));

            Thread Start(Action body)
            {
                var thread = new Thread(() =>
                {
                    gate.SignalAndWait();
                    body();
                })
                { IsBackground = true };
                thread.Start();
                return thread;
            }
        }

        static IvError Repeat(Func<IvError> call)
        {
            IvError error;
            do
            {
                error = call();
            }
            while (error == IvError.None);
            return error;
        }
    }

    [Test]
    public void A_wake_ends_the_wait_at_hand_or_else_the_next_one_and_counts_once()
    {
        PortWaiter waiter = Waiters(1)[0];
        Port.Wake();
        Assert.That(waiter.Result(), Is.Empty);

        Port.Wake();
        Port.Wake();
        Port.Wake();
        Assert.That(Port.Wait(new EpollPortEvent[1]), Is.Zero, "for ever, but for the wake");
        Socket socket = Bench.Udp();
        Port.Add(socket, EpollEvents.In);
        waiter = Waiters(1)[0];
        PortBench.Poke(socket);
        Assert.That(waiter.Result(), Has.Length.EqualTo(1), "several wakes were one");
    }

    [Test]
    public void Each_wake_ends_a_wait_of_its_own_while_there_are_any()
    {
        PortWaiter[] waiters = Waiters(4);
        for (int i = 1; i <= 4; i++)
        {
            int returned = i;
            Port.Wake();
            Wait.For(() => waiters.Count(static w => w.HasReturned) == returned);
        }
    }

    [Test]
    public void No_wake_is_lost_between_two_threads()
    {
        const int rounds = 2_000;
        int handled = 0;
        int asked = 0;
        var worker = new Thread(() =>
        {
            var room = new EpollPortEvent[1];
            while (handled < rounds)
            {
                Port.Wait(room);
                Volatile.Write(ref handled, Volatile.Read(ref asked));
            }
        })
        { IsBackground = true };
        worker.Start();
        for (int i = 1; i <= rounds; i++)
        {
            Volatile.Write(ref asked, i);
            Port.Wake();
            Wait.For(() => Volatile.Read(ref handled) >= Volatile.Read(ref asked));
        }

        Assert.That(worker.Join(Wait.Deadline));
    }

    private PortWaiter[] Waiters(int count)
    {
        PortWaiter[] waiters = [.. Enumerable.Range(0, count).Select(_ => Bench.Own(new PortWaiter(Port)))];
        Wait.For(() => Port.CallsInside == count);
        return waiters;
    }
}
