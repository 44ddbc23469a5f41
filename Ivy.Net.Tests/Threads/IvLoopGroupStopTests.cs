using System.Collections.Concurrent;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>How a group ends: drained, aborted, by an exception, before it began.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.Names))]
internal sealed partial class IvLoopGroupStopTests(string backend)
{
    [Test]
    public void Stop_waits_for_connections_resets_the_rest_at_the_deadline_and_counts_both([Values] IvAcceptMode mode)
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3, drainSeconds: 0.3), mode);
        server.Group.Start();
        Socket[] clients = Served(server, 10);
        clients[9].Dispose(); // before: neither
        Wait.For(() => server.Group.Counters.Connections == 9);
        server.Group.Stop();
        Assert.That(GroupServer.Ask(clients[0], "still served"), Is.EqualTo("still served"));
        foreach (Socket client in clients[..4])
        {
            client.Dispose();
        }

        IvLoopGroupResult result = server.Wait();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(new IvLoopGroupResult(10, 4, 5, result.DrainTime)));
            Assert.That(result.ToString(), Is.EqualTo("10 accepted, 4 drained, 5 aborted"));
            Assert.That(result.DrainTime, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(0.3)));
            Assert.That(clients[4..9].Select(GroupServer.Receive), Is.All.AnyOf(GroupServer.Reset));
            Assert.That(server.Group.Counters, Is.EqualTo(new IvLoopGroupCounters(0, 10, 0, 0, 0, 4, 5)));
            Assert.That(server.Group.Completion.Result, Is.EqualTo(result));
        }
    }

    [Test]
    public void Stop_ends_at_once_when_there_are_no_connections()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2, drainSeconds: 3600));
        server.Group.Start();
        server.Group.Stop();
        Assert.That(server.Wait(), Is.EqualTo(default(IvLoopGroupResult)).Using<IvLoopGroupResult>(SameCounts));
    }

    [Test]
    public void Nothing_is_accepted_after_stop()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2));
        using var closed = new CountdownEvent(2);
        server.Group.HandlerDrain = _ => closed.Signal();
        server.Group.Start();
        Served(server, 1);
        server.Group.Stop();
        Assert.That(closed.Wait(Wait.Deadline));
        Assert.That(() => server.Connect(), Throws.InstanceOf<SocketException>().With.Property("SocketErrorCode").EqualTo(SocketError.ConnectionRefused));
    }

    [Test]
    public void Clients_that_wait_in_the_backlog_when_the_group_stops_are_served([Values] IvAcceptMode mode)
    {
        using var server = new GroupServer(GroupServer.Options(backend, 1), mode);
        server.Group.Start();
        var clients = new ConcurrentQueue<Socket>();

        // The loop's thread is here: it can't accept between the two.
        server.Group.Members[0].Post(_ =>
        {
            for (int i = 0; i < 100; i++)
            {
                clients.Enqueue(server.Connect());
            }

            server.Group.Stop();
        });
        Wait.For(() => server.Group.IsStopping);
        foreach (Socket client in clients)
        {
            Assert.That(GroupServer.Ask(client, "served"), Is.EqualTo("served"));
            client.Dispose();
        }

        Assert.That(server.Wait(), Is.EqualTo(new IvLoopGroupResult(100, 100, 0, default)).Using<IvLoopGroupResult>(SameCounts));
    }

    [Test]
    public void Loop_that_is_stopped_before_it_accepts_closes_its_listener_too()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2));
        using var closed = new CountdownEvent(2);
        using var held = new CountdownEvent(2);
        using var gate = new ManualResetEventSlim();
        var pairs = new ConcurrentQueue<IvSocket>();
        server.Group.HandlerDrain = _ => closed.Signal();
        server.Group.HandlerSetup = member =>
        {
            // Goes on until the end of the test, and holds up the loop before it accepts.
            (IvSocket near, IvSocket far) = IvSocket.CreatePair();
            member.Add(near);
            pairs.Enqueue(far);
            member.Post(_ =>
            {
                held.Signal();
                gate.Wait();
            });
        };
        Action join = LoopThread.Begin(1, _ => server.Group.Start());
        Assert.That(held.Wait(Wait.Deadline));
        server.Group.Stop();
        gate.Set();
        join();
        Assert.That(closed.Wait(Wait.Deadline));
        Assert.That(() => server.Connect(), Throws.InstanceOf<SocketException>().With.Property("SocketErrorCode").EqualTo(SocketError.ConnectionRefused));
        server.Group.Abort();
        Assert.That(server.Wait().Aborted, Is.EqualTo(2));
        foreach (IvSocket far in pairs)
        {
            far.Dispose();
        }
    }

    [Test]
    public void Drain_handler_is_told_on_each_loop_and_can_end_what_is_idle()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        var told = new ConcurrentQueue<(int Index, bool Draining, int Sockets)>();
        server.Group.HandlerDrain = member =>
        {
            IvSocket[] sockets = member.GetSockets();
            told.Enqueue((member.Index, member.IsDraining && member.Loop!.IsOnThread, sockets.Length));
            foreach (IvSocket socket in sockets)
            {
                socket.Dispose();
            }
        };
        server.Group.Start();
        Socket[] clients = Served(server, 5);
        server.Group.Stop();
        IvLoopGroupResult result = server.Wait();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(told, Is.EquivalentTo([(0, true, 3), (1, true, 2)]));
            Assert.That((result.Drained, result.Aborted), Is.EqualTo((5, 0)));
            Assert.That(clients.Select(GroupServer.Receive), Is.All.EqualTo("end"));
        }
    }

    [Test]
    public void Second_stop_aborts()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2, drainSeconds: 3600));
        server.Group.Start();
        Socket[] clients = Served(server, 4);
        server.Group.Stop();
        Assert.That(GroupServer.Ask(clients[0], "alive"), Is.EqualTo("alive"));
        server.Group.Stop();
        Assert.That(server.Wait(), Is.EqualTo(new IvLoopGroupResult(4, 0, 4, default)).Using<IvLoopGroupResult>(SameCounts));
        Assert.That(clients.Select(GroupServer.Receive), Is.All.AnyOf(GroupServer.Reset));
    }

    [Test]
    public void Infinite_drain_waits_for_the_last_one()
    {
        using var server = new GroupServer(new IvLoopGroupOptions
        {
            Count = 2,
            DrainTimeout = Timeout.InfiniteTimeSpan,
            LoopOptions = _ => GroupServer.LoopOptions(backend),
        });
        server.Group.Start();
        Socket[] clients = Served(server, 3);
        server.Group.Stop();
        clients[0].Dispose();
        clients[1].Dispose();
        Assert.That(GroupServer.Ask(clients[2], "alive"), Is.EqualTo("alive"));
        Assert.That(server.Group.Completion.IsCompleted, Is.False);
        clients[2].Dispose();
        Assert.That(server.Wait().Drained, Is.EqualTo(3));
    }

    [Test]
    public void Zero_drain_resets_what_the_drain_handler_leaves()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 1, drainSeconds: 0));
        server.Group.HandlerDrain = static member => member.GetSockets()[0].Dispose();
        server.Group.Start();
        Served(server, 3);
        server.Group.Stop();
        Assert.That(server.Wait(), Is.EqualTo(new IvLoopGroupResult(3, 1, 2, default)).Using<IvLoopGroupResult>(SameCounts));
    }

    [Test]
    public void Drain_handler_of_a_busy_loop_runs_before_its_connections_are_reset()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2, drainSeconds: 0), IvAcceptMode.RoundRobin);
        using var gate = new ManualResetEventSlim();
        var found = new ConcurrentQueue<(int Index, int Sockets)>();
        server.Group.HandlerDrain = member =>
        {
            IvSocket[] sockets = member.GetSockets();
            found.Enqueue((member.Index, sockets.Length));
            sockets[0].Dispose();
        };
        server.Group.Start();
        Served(server, 4);
        server.Group.Members[1].Post(_ => gate.Wait());
        server.Group.Stop();
        Wait.For(() => server.Group.Members[0].Counters.Aborted == 1);
        gate.Set();
        Assert.That(server.Wait(), Is.EqualTo(new IvLoopGroupResult(4, 2, 2, default)).Using<IvLoopGroupResult>(SameCounts));
        Assert.That(found, Is.EqualTo([(0, 2), (1, 2)]));
    }

    [Test]
    public void Stop_before_run_makes_run_return()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2));
        int setUp = 0;
        server.Group.HandlerSetup = _ => Interlocked.Increment(ref setUp);
        server.Group.Stop();
        Assert.That(server.Group.Run().Accepted, Is.Zero);
        Assert.That(setUp, Is.Zero);
        Assert.That(() => server.Connect(), Throws.InstanceOf<SocketException>(), "its listeners are closed");
    }

    [Test]
    public void Stop_while_it_starts_ends_it()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3));
        server.Group.HandlerSetup = static member => member.Group.Stop();
        Assert.That(server.Group.Run().Accepted, Is.Zero);
    }

    [Test]
    public void Start_returns_when_all_loops_accept_and_not_before()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        using var held = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        bool opened = false;
        server.Group.HandlerSetup = member => member.Post(_ =>
        {
            if (member.Index == 0)
            {
                held.Set();
                gate.Wait();
                Volatile.Write(ref opened, true);
            }
        });
        Action join = LoopThread.Begin(1, _ =>
        {
            server.Group.Start();
            Assert.That(Volatile.Read(ref opened));
        });
        Assert.That(held.Wait(Wait.Deadline));
        Wait.For(() => server.Group.Members[1].Loop!.Post(static _ => { }, null));
        Assert.That(server.Group.ToString(), Does.EndWith("(2 loops, starting)"));
        gate.Set();
        join();
        Assert.That(server.Group.ToString(), Does.EndWith("(2 loops, running)"));
    }

    [Test]
    public void Third_signal_does_what_it_does_without_a_group()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 1));
        using var gate = new ManualResetEventSlim();
        server.Group.Start();
        server.Group.Members[0].Post(_ => gate.Wait());
        Assert.That(Enumerable.Range(0, 4).Select(_ => Signal(server.Group)), Is.EqualTo([true, true, false, false]));
        gate.Set();
        Assert.That(server.Wait().Aborted, Is.Zero);

        static bool Signal(IvLoopGroup group)
        {
            var context = new System.Runtime.InteropServices.PosixSignalContext(System.Runtime.InteropServices.PosixSignal.SIGINT);
            GroupSignals.OnSignal(group, context);
            return context.Cancel;
        }
    }

    [Test]
    public void Stop_from_a_handler_ends_it()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2));
        server.Group.HandlerSetup = static member =>
        {
            if (member.Index == 1)
            {
                new IvTimer(_ => member.Group.Stop()).Start(TimeSpan.FromMilliseconds(1));
            }
        };
        Assert.That(server.Group.Run().Aborted, Is.Zero);
    }

    [Test]
    public void Quit_on_one_loop_stops_the_group_gracefully()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3));
        server.Group.Start();
        Socket[] clients = Served(server, 2);
        server.Group.PostAll(static member => member.Loop!.Quit());
        Wait.For(() => server.Group.IsStopping);
        Assert.That(GroupServer.Ask(clients[0], "alive"), Is.EqualTo("alive"), "three Quits are no second Stop");
        clients[0].Dispose();
        clients[1].Dispose();
        Assert.That(server.Wait().Drained, Is.EqualTo(2));
    }

    [Test]
    public void Dispose_ends_what_runs_and_may_be_called_again()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2, drainSeconds: 3600));
        server.Group.Start();
        Socket[] clients = Served(server, 2);
        server.Group.Dispose();
        server.Group.Dispose();
        Assert.That(server.Group.Completion.Result.Aborted, Is.EqualTo(2));
        Assert.That(clients.Select(GroupServer.Receive), Is.All.AnyOf(GroupServer.Reset));
    }

    [Test]
    public void Quit_that_comes_during_dispose_ends_the_next_run_of_the_thread_s_own_loop()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2));
        server.Group.Start();
        using var gate = new ManualResetEventSlim();
        server.Group.Members[0].Post(_ => gate.Wait());
        LoopThread.Run(GroupServer.LoopOptions(backend), loop =>
        {
            loop.Quit();
            new IvTimer(_ => gate.Set()).Start(TimeSpan.Zero); // the group has not ended before Dispose runs this loop
            server.Group.Dispose();
            var late = new IvTimer(_ => loop.Quit());
            late.Start(Wait.Deadline);
            loop.Run();
            Assert.That(late.IsRegistered, "it did not wait for the timer");
            late.Stop();
        });
    }

    [Test]
    public void Dispose_in_a_handler_aborts_and_does_not_wait()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2, drainSeconds: 3600));
        server.Group.Start();
        Served(server, 2);
        server.Group.Members[0].Post(static member => member.Group.Dispose());
        Assert.That(server.Wait().Aborted, Is.EqualTo(2));
    }

    [Test]
    public void Dispose_of_a_group_that_never_ran_closes_its_listeners()
    {
        var server = new GroupServer(GroupServer.Options(backend, 2));
        Socket early = server.Connect();
        server.Group.Dispose();
        Assert.That(GroupServer.Receive(early), Is.AnyOf(GroupServer.Reset));
        Assert.That(server.Group.Completion.IsCompletedSuccessfully);
        Assert.That(server.Group.Completion.Result, Is.EqualTo(default(IvLoopGroupResult)));
        server.Dispose();
    }

    [Test]
    public void Socket_given_away_or_closed_on_another_thread_counts_as_gone()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 1), mode: null);
        var kept = new ConcurrentQueue<IvSocket>();
        var address = (System.Net.IPEndPoint)server.Group.Listen(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), (_, socket) => kept.Enqueue(socket));
        server.Group.Start();
        IvSocket[] clients = [IvSocket.Connect(address), IvSocket.Connect(address), IvSocket.Connect(address)];
        Wait.For(() => kept.Count == 3);
        IvSocket[] sockets = [.. kept];
        sockets[0].Dispose(); // no IvFd watches it: on any thread
        using Socket given = sockets[1].ToSocket();
        Assert.That(server.Group.Counters.Connections, Is.EqualTo(1));
        server.Group.Stop();
        sockets[2].Dispose();
        Assert.That(server.Wait(), Is.EqualTo(new IvLoopGroupResult(3, 1, 0, default)).Using<IvLoopGroupResult>(SameCounts));
        Assert.That(given.Poll(0, SelectMode.SelectRead), Is.False, "the one that was given away lives on");
        foreach (IvSocket client in clients)
        {
            client.Dispose();
        }
    }

    [Test]
    public void Stop_in_the_midst_of_a_storm_of_clients_loses_none_of_them([Values] IvAcceptMode mode)
    {
        for (int round = 0; round < 5; round++)
        {
            using var server = new GroupServer(GroupServer.Options(backend, 3, drainSeconds: 0.05), mode);
            server.Group.Start();
            int stop = 0;
            Action join = LoopThread.Begin(3, _ =>
            {
                while (Volatile.Read(ref stop) == 0)
                {
                    using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
                    try
                    {
                        client.Connect(server.EndPoint);
                        GroupServer.Ask(client, "x");
                    }
                    catch (SocketException)
                    {
                        // It has ended.
                    }
                }
            });
            Wait.For(() => server.Group.Counters.Accepted > 50);
            server.Group.Stop();
            IvLoopGroupResult result = server.Wait();
            Volatile.Write(ref stop, 1);
            join();
            IvLoopGroupCounters counters = server.Group.Counters;
            Assert.That((counters.Connections, counters.Accepted), Is.EqualTo((0, result.Accepted)));
        }
    }

    private static bool SameCounts(IvLoopGroupResult left, IvLoopGroupResult right) => left with { DrainTime = default } == right with { DrainTime = default };

    // Connected, accepted and answered.
    private static Socket[] Served(GroupServer server, int count)
    {
        Socket[] clients = server.Connect(count);
        foreach (Socket client in clients)
        {
            Assert.That(GroupServer.Ask(client, "x"), Is.EqualTo("x"));
        }

        return clients;
    }
}
