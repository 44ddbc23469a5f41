using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>Connections that go from one loop to another.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.Names))]
internal sealed class IvLoopGroupMoveTests(string backend)
{
    [Test]
    public void Moved_connection_goes_on_where_it_was_moved_to()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket client = server.Connect();
        Assert.That(GroupServer.LoopOf(client), Is.Zero);
        Assert.That(MoveAll(server.Group, 0, 2), Is.EqualTo([true]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(GroupServer.LoopOf(client), Is.EqualTo(2));
            Assert.That(server.Group.Members[0].Counters, Is.EqualTo(new IvLoopGroupCounters(0, 1, 0, 0, 1, 0, 0)));
            Assert.That(server.Group.Members[2].Counters, Is.EqualTo(new IvLoopGroupCounters(1, 0, 0, 1, 0, 0, 0)));
            Assert.That(server.Group.Counters.Connections, Is.EqualTo(1));
        }
    }

    [Test]
    public void What_the_peer_sends_during_the_move_arrives_behind_it()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket client = server.Connect();
        Assert.That(GroupServer.LoopOf(client), Is.Zero);

        // Loop 1 stands still, so that the connection is on its way while the client sends.
        using var gate = new ManualResetEventSlim();
        server.Group.Members[1].Post(_ => gate.Wait());
        Assert.That(MoveAll(server.Group, 0, 1), Is.EqualTo([true]));
        client.Send("sent meanwhile"u8);
        Assert.That(server.Group.Counters.Connections, Is.EqualTo(1), "counted on its way, too");
        gate.Set();
        Assert.That(GroupServer.Receive(client), Is.EqualTo("sent meanwhile"));
        Assert.That(GroupServer.LoopOf(client), Is.EqualTo(1));
    }

    [Test]
    public void Descriptor_object_goes_along_with_its_handlers_and_its_state()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), mode: null);
        IvFd? watched = null;
        var arrived = new ConcurrentQueue<(IvFd Fd, int Loop, bool Registered)>();
        var address = (System.Net.IPEndPoint)server.Group.Listen(
            new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
            (member, socket) =>
            {
                watched = new IvFd(socket)
                {
                    State = "state",
                    HandlerIn = static fd =>
                    {
                        Span<byte> buffer = stackalloc byte[64];
                        IvIoResult received = fd.Socket!.Receive(buffer);
                        fd.Socket.Send(Encoding.ASCII.GetBytes($"{fd.State} {received.Bytes}"));
                    },
                };
                watched.Register();
                IvLoopGroupMember other = member.Group.Members[1 - member.Index];
                member.Group.Move(watched, other, (target, fd) =>
                {
                    arrived.Enqueue((fd, target.Index, fd.IsRegistered));
                    fd.Register();
                });
            },
            IvAcceptMode.RoundRobin);
        server.Group.Start();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
        client.Connect(address);
        Assert.That(GroupServer.Ask(client, "hello"), Is.EqualTo("state 5"));
        Assert.That(arrived, Is.EqualTo([(watched!, 1, false)]));
    }

    [Test]
    public void Connection_may_move_round_and_round_while_it_is_used()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3), mode: null);
        var address = (System.Net.IPEndPoint)server.Group.Listen(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), Serve, IvAcceptMode.RoundRobin);
        server.Group.Start();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
        client.Connect(address);
        var text = new StringBuilder();
        for (int i = 0; i < 300; i++)
        {
            text.Append(GroupServer.Ask(client, "x"));
        }

        Assert.That(text.ToString(), Is.EqualTo(string.Concat(Enumerable.Repeat("012", 100))));
        Wait.For(() => server.Group.Counters is { MovedIn: 300, MovedOut: 300, Connections: 1 });

        // One byte is answered by each loop in turn.
        static void Serve(IvLoopGroupMember member, IvSocket socket) => new IvFd(socket)
        {
            State = member,
            HandlerIn = static fd =>
            {
                var member = (IvLoopGroupMember)fd.State!;
                Span<byte> one = stackalloc byte[1];
                if (!fd.Socket!.Receive(one).IsOk)
                {
                    fd.Socket.Dispose();
                    return;
                }

                one[0] = (byte)('0' + member.Index);
                fd.Socket.Send(one);
                member.Group.Move(fd.Socket, member.Group.Members[(member.Index + 1) % 3], Serve);
            },
        }.Register();
    }

    [Test]
    public void Moving_to_its_own_loop_runs_the_continuation_there()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 1));
        server.Group.Start();
        Socket client = server.Connect();
        GroupServer.LoopOf(client);
        Assert.That(MoveAll(server.Group, 0, 0), Is.EqualTo([true]));
        Assert.That(GroupServer.LoopOf(client), Is.Zero);
        Assert.That(server.Group.Counters.Connections, Is.EqualTo(1));
    }

    [Test]
    public void Connection_on_its_way_to_its_own_loop_is_not_moved_again([Values(0, 1)] int to)
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket client = server.Connect();
        Assert.That(GroupServer.LoopOf(client), Is.Zero);
        ArgumentException? refused = null;
        int arrived = 0;
        server.Group.Members[0].Post(member =>
        {
            IvSocket socket = member.GetSockets()[0];
            server.Group.Move(socket, member, (target, moved) =>
            {
                GroupServer.Welcome(target, moved);
                Interlocked.Increment(ref arrived);
            });
            Volatile.Write(ref refused, Assert.Throws<ArgumentException>(() => server.Group.Move(socket, server.Group.Members[to], GroupServer.Welcome)));
        });
        Wait.For(() => Volatile.Read(ref refused) is not null);
        Assert.That(refused!.Message, Does.Contain($"is on its way to IvLoopGroup \"{backend}\" loop 0; move it again in the continuation."));
        Assert.That(GroupServer.LoopOf(client), Is.Zero);
        Assert.That(arrived, Is.EqualTo(1));
        Assert.That(server.Group.Members[0].Counters, Is.EqualTo(new IvLoopGroupCounters(1, 1, 0, 1, 1, 0, 0)));
        Assert.That(MoveAll(server.Group, 0, 1), Is.EqualTo([true]), "when it is there it may");
        Assert.That(GroupServer.LoopOf(client), Is.EqualTo(1));
    }

    [Test]
    public void Connection_that_has_not_arrived_is_not_moved_on_by_the_loop_that_waits_for_it()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket client = server.Connect();
        Assert.That(GroupServer.LoopOf(client), Is.Zero);
        IvSocket? socket = null;
        ArgumentException? refused = null;
        using var gate = new ManualResetEventSlim();
        server.Group.Members[1].Post(_ =>
        {
            gate.Wait();
            Volatile.Write(ref refused, Assert.Throws<ArgumentException>(() => server.Group.Move(socket!, server.Group.Members[0], GroupServer.Welcome)));
        });
        server.Group.Members[0].Post(member =>
        {
            socket = member.GetSockets()[0];
            server.Group.Move(socket, server.Group.Members[1], GroupServer.Welcome);
            gate.Set();
        });
        Wait.For(() => Volatile.Read(ref refused) is not null);
        Assert.That(GroupServer.LoopOf(client), Is.EqualTo(1));
        Assert.That(server.Group.Counters, Is.EqualTo(new IvLoopGroupCounters(1, 1, 0, 1, 1, 0, 0)));
    }

    [Test]
    public void Continuation_that_throws_where_the_hook_takes_it_resets_what_nobody_watches()
    {
        var seen = new ConcurrentQueue<string>();
        using var server = new GroupServer(
            GroupServer.Options(backend, 2, drainSeconds: 3600, loopOptions: _ => new IvLoopOptions
            {
                PollMethods = [GroupServer.Method(backend)],
                UnhandledException = unhandled => seen.Enqueue(unhandled.Exception.Message),
            }),
            IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket[] clients = server.Connect(3);
        Assert.That(clients.Select(GroupServer.LoopOf), Is.EqualTo([0, 1, 0]));

        // One is left alone, one watched and one moved on before the throw.
        server.Group.Members[0].Post(member =>
        {
            IvSocket[] sockets = member.GetSockets();
            server.Group.Move(sockets[0], server.Group.Members[1], static (_, _) => throw new InvalidOperationException("alone"));
            server.Group.Move(sockets[1], server.Group.Members[1], static (target, socket) =>
            {
                GroupServer.Welcome(target, socket);
                throw new InvalidOperationException("watched");
            });
        });
        Wait.For(() => seen.Count == 2);
        server.Group.Members[1].Post(static member =>
        {
            foreach (IvSocket socket in member.GetSockets()[..1])
            {
                member.Group.Move(socket, member, static (here, moved) =>
                {
                    here.Group.Move(moved, here.Group.Members[0], GroupServer.Welcome);
                    throw new InvalidOperationException("moved");
                });
            }
        });
        Wait.For(() => seen.Count == 3 && server.Group.Members[0].Counters.Connections == 1);
        Assert.That(seen, Is.EqualTo(["alone", "watched", "moved"]));
        Assert.That((server.Group.Counters.Connections, server.Group.Counters.Aborted), Is.EqualTo((2, 1)));
        Assert.That(new[] { clients[0], clients[2] }.Count(static client => GroupServer.Reset.Contains(Answer(client))), Is.EqualTo(1));
        server.Group.Stop();
        foreach (Socket client in clients)
        {
            client.Dispose();
        }

        Assert.That(server.Wait() with { DrainTime = default }, Is.EqualTo(new IvLoopGroupResult(3, 2, 1, default)));

        static string Answer(Socket client)
        {
            try
            {
                return GroupServer.Ask(client, "x");
            }
            catch (SocketException)
            {
                return "reset";
            }
        }
    }

    [Test]
    public void Move_to_a_loop_that_has_ended_resets_counts_and_says_so()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket client = server.Connect();
        Assert.That(GroupServer.LoopOf(client), Is.Zero);
        IvLoopGroupMember failed = server.Group.Members[1];
        failed.Post(static _ => throw new InvalidOperationException("ends"));
        Wait.For(() => !failed.Post(static _ => { }));
        Assert.That(MoveAll(server.Group, 0, 1), Is.EqualTo([false]));
        Assert.That(GroupServer.Receive(client), Is.AnyOf(GroupServer.Reset));
        Assert.That(() => server.Wait(), Throws.InvalidOperationException);
        Assert.That((server.Group.Counters.Connections, server.Group.Counters.Aborted), Is.EqualTo((0, 1)));
    }

    [Test]
    public void Connection_on_its_way_to_a_loop_that_ends_is_reset_and_counted()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket client = server.Connect();
        Assert.That(GroupServer.LoopOf(client), Is.Zero);
        using var gate = new ManualResetEventSlim();
        server.Group.Members[1].Post(_ =>
        {
            gate.Wait();
            throw new InvalidOperationException("ends");
        });
        Assert.That(MoveAll(server.Group, 0, 1), Is.EqualTo([true]), "nobody knows yet");
        gate.Set();
        Assert.That(GroupServer.Receive(client), Is.AnyOf(GroupServer.Reset));
        Assert.That(() => server.Wait(), Throws.InvalidOperationException);
        Assert.That((server.Group.Counters.Connections, server.Group.Counters.Aborted), Is.EqualTo((0, 1)));
    }

    [Test]
    public void Connection_that_arrives_after_an_abort_is_reset()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket client = server.Connect();
        Assert.That(GroupServer.LoopOf(client), Is.Zero);
        using var gate = new ManualResetEventSlim();
        server.Group.Members[1].Post(_ => gate.Wait());
        Assert.That(MoveAll(server.Group, 0, 1), Is.EqualTo([true]));
        server.Group.Abort();
        gate.Set();
        Assert.That(server.Wait().Aborted, Is.EqualTo(1));
        Assert.That(GroupServer.Receive(client), Is.AnyOf(GroupServer.Reset));
    }

    [Test]
    public void Moved_connection_is_drained_and_aborted_where_it_is()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2, drainSeconds: 0.2), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket[] clients = server.Connect(4);
        foreach (Socket client in clients)
        {
            GroupServer.LoopOf(client);
        }

        Assert.That(MoveAll(server.Group, 0, 1), Is.EqualTo([true, true]));
        Wait.For(() => server.Group.Members[1].Counters.Connections == 4);
        server.Group.Stop();
        clients[0].Dispose();
        Assert.That(server.Wait() with { DrainTime = default }, Is.EqualTo(new IvLoopGroupResult(4, 1, 3, default)));
        Assert.That((server.Group.Members[1].Counters.Drained, server.Group.Members[1].Counters.Aborted), Is.EqualTo((1, 3)));
    }

    [Test]
    public void Connection_that_the_group_did_not_accept_is_added_or_moved_in_and_then_counts()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2));
        server.Group.Start();
        (IvSocket added, IvSocket addedPeer) = IvSocket.CreatePair();
        (IvSocket moved, IvSocket movedPeer) = IvSocket.CreatePair();
        server.Group.Members[0].Post(
            static (member, socket) =>
            {
                member.Add(socket);
                member.Add(socket);
            },
            added);
        Assert.That(server.Group.Move(moved, server.Group.Members[1], GroupServer.Welcome));
        movedPeer.Send("?"u8);
        Wait.Readable(movedPeer);
        Wait.For(() => server.Group.Counters.Connections == 2);
        Assert.That(server.Group.Counters.Added, Is.EqualTo(2));
        server.Group.Stop();
        movedPeer.Dispose();
        Wait.For(() => server.Group.Counters.Drained == 1);
        server.Group.Abort();
        Assert.That(server.Wait().Aborted, Is.EqualTo(1));
        Assert.That(added.IsDisposed);
        addedPeer.Dispose();
    }

    [Test]
    public void Socket_that_the_program_took_to_another_loop_by_itself_is_reset_there()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 1), mode: null);
        var accepted = new ConcurrentQueue<IvSocket>();
        var address = (System.Net.IPEndPoint)server.Group.Listen(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), (_, socket) => accepted.Enqueue(socket));
        server.Group.Start();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
        client.Connect(address);
        LoopThread.Run(GroupServer.LoopOptions(backend), loop =>
        {
            Wait.For(() => !accepted.IsEmpty);
            accepted.TryDequeue(out IvSocket? socket);
            new IvFd(socket!) { HandlerIn = static _ => { } }.Register();
            server.Group.Abort();
            Wait.For(() => server.Group.Completion.IsCompleted);
            Assert.That(socket!.IsDisposed, Is.False, "its loop does not run");
            Assert.That(loop.RunUntil(() => socket!.IsDisposed, Wait.Deadline));
        });
        Assert.That(GroupServer.Receive(client), Is.AnyOf(GroupServer.Reset));
        Assert.That(server.Wait().Aborted, Is.EqualTo(1));
    }

    // Moves all connections of a loop, on its thread.
    private static bool[] MoveAll(IvLoopGroup group, int from, int to)
    {
        bool[]? moved = null;
        group.Members[from].Post(member =>
            Volatile.Write(ref moved, [.. member.GetSockets().Select(socket => group.Move(socket, group.Members[to], GroupServer.Welcome))]));
        Wait.For(() => Volatile.Read(ref moved) is not null);
        return moved!;
    }
}
