using System.Net.Sockets;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>Ten thousand sockets in one port: row W24.</summary>
[TestFixtureSource(typeof(PortKind), nameof(PortKind.All))]
[NonParallelizable] // half of the descriptors that a process may have
internal sealed class EpollPortLoadTests(PortKind kind)
{
    // Windows under emulation needs some 50 ms for each thousand sockets, and models some system calls for each poll.
    private readonly int _many = OperatingSystem.IsWindows() || kind.IsModel ? 1_000 : 10_000;

    [Test]
    public void W24_Any_order_of_changes_reports_what_is_wanted_and_each_one_shot_once()
    {
        int changes = kind.IsModel ? 6_000 : 60_000;
        var random = new Random(20);
        using var bench = new PortBench(kind);
        Socket[] sockets = [.. Enumerable.Range(0, _many).Select(_ => bench.Udp())];
        var wanted = new EpollEvents?[_many];
        var armed = new bool[_many];
        var room = new EpollPortEvent[256];
        long told = 0;
        for (int i = 0; i < changes; i++)
        {
            int at = random.Next(_many);
            EpollEvents events = (EpollEvents)random.Next(0x10) & ~(EpollEvents.Err | EpollEvents.Hup | kind.Missing) | EpollEvents.OneShot;
            if (wanted[at] is null)
            {
                bench.Port.Add(sockets[at], events, (ulong)at);
            }
            else if (random.Next(10) == 0)
            {
                bench.Port.Remove(sockets[at]);
                (wanted[at], armed[at]) = (null, false);
                continue;
            }
            else
            {
                bench.Port.Modify(sockets[at], events, (ulong)at);
            }

            (wanted[at], armed[at]) = (events, true);
            if (i % 100 == 0)
            {
                foreach (EpollPortEvent one in room.AsSpan(0, bench.Port.Wait(room, TimeSpan.Zero)))
                {
                    if (!armed[one.Data] || one.Events != EpollEvents.Out || !wanted[one.Data]!.Value.HasFlag(EpollEvents.Out))
                    {
                        Assert.Fail($"{one} at change {i}: {wanted[one.Data]}, {(armed[one.Data] ? "armed" : "disarmed")}");
                    }

                    armed[one.Data] = false;
                    told++;
                }
            }
        }

        Assert.That(told, Is.GreaterThan(_many / 10));
    }

    [Test]
    public void W24_Ten_thousand_clients_ping_one_server()
    {
        const int atOnce = 50; // what the receive buffer of a server holds for sure
        using var bench = new PortBench(kind);
        Socket server = bench.Udp();
        bench.Port.Add(server, EpollEvents.In, ulong.MaxValue);
        Socket[] clients = [.. Enumerable.Range(0, _many).Select(_ => bench.Udp())];
        for (int i = 0; i < _many; i++)
        {
            clients[i].Connect(server.LocalEndPoint!);
            bench.Port.Add(clients[i], EpollEvents.In | EpollEvents.OneShot, (ulong)i);
        }

        var room = new EpollPortEvent[32];
        byte[] ping = new byte[8];
        int sent = 0;
        int received = 0;
        for (int first = 0; first < _many; first += atOnce)
        {
            for (int i = first; i < first + atOnce; i++)
            {
                bench.Port.Modify(clients[i], EpollEvents.Out | EpollEvents.OneShot, (ulong)i);
            }

            while (received < first + atOnce)
            {
                int count = bench.Port.Wait(room, Wait.Deadline);
                Assert.That(count, Is.Positive);
                foreach (EpollPortEvent one in room.AsSpan(0, count))
                {
                    if (one.Data != ulong.MaxValue)
                    {
                        clients[one.Data].Send(ping);
                        sent++;
                    }
                    else
                    {
                        server.Receive(ping);
                        received++;
                    }
                }
            }
        }

        Assert.That((sent, received), Is.EqualTo((_many, _many)));
    }

    [Test]
    public void W24_Sockets_that_are_closed_by_the_thousand_without_Remove_leave_nothing_behind()
    {
        using var bench = new PortBench(kind);
        for (int round = 0; round < 3; round++)
        {
            Socket[] sockets = [.. Enumerable.Range(0, _many / 5).Select(_ => bench.Udp())];
            for (int i = 0; i < sockets.Length; i++)
            {
                bench.Port.Add(sockets[i], round % 2 == 0 ? EpollEvents.Out : EpollEvents.In, (ulong)i);
            }

            bench.Now();
            Array.ForEach(sockets, static socket => socket.Dispose());
            Assert.That(bench.Now(), Is.Empty);
        }
    }
}
