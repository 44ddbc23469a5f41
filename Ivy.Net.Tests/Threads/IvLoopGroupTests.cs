using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>What a group does while it runs: sharing ports, running things on all loops, counting.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.Names))]
internal sealed class IvLoopGroupTests(string backend)
{
    [Test]
    public void All_loops_echo_and_count_what_they_accept([Values] IvAcceptMode mode)
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3), mode);
        server.Group.Start();
        Socket[] clients = server.Connect(30);
        var served = new int[3];
        foreach (Socket client in clients)
        {
            Assert.That(GroupServer.Ask(client, "hello"), Is.EqualTo("hello"));
            served[GroupServer.LoopOf(client)]++;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Group.Members.Select(static member => (int)member.Counters.Accepted), Is.EqualTo(served));
            Assert.That(server.Group.Members.Select(static member => member.Counters.Connections), Is.EqualTo(served));
            Assert.That(server.Group.Counters.Accepted, Is.EqualTo(30));
            Assert.That(server.Group.Counters.Connections, Is.EqualTo(30));
        }
    }

    [Test]
    public void Round_robin_gives_each_loop_its_turn()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3), IvAcceptMode.RoundRobin);
        server.Group.Start();
        int[] loops = [.. server.Connect(6).Select(GroupServer.LoopOf)];
        Assert.That(loops, Is.EqualTo([0, 1, 2, 0, 1, 2]));
    }

    [Test]
    public void Least_connections_fills_the_loop_that_has_the_fewest()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3), IvAcceptMode.LeastConnections);
        server.Group.Start();
        Socket[] clients = server.Connect(9);
        int[] loops = [.. clients.Select(GroupServer.LoopOf)];
        Assert.That(loops.Order(), Is.EqualTo([0, 0, 0, 1, 1, 1, 2, 2, 2]));

        // Loop 1 loses all of its connections, and gets the next three.
        for (int i = 0; i < clients.Length; i++)
        {
            if (loops[i] == 1)
            {
                clients[i].Dispose();
            }
        }

        Wait.For(() => server.Group.Members[1].Counters.Connections == 0);
        Assert.That(server.Connect(3).Select(GroupServer.LoopOf), Is.All.EqualTo(1));
    }

    [Test]
    public void Reuse_port_spreads_over_all_loops()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2));
        server.Group.Start();

        // Each connection hashes to one of two: that all of 64 hash to the same happens once in 2^63 runs.
        Assert.That(server.Connect(64).Select(GroupServer.LoopOf).Distinct(), Is.EquivalentTo([0, 1]));
    }

    [Test]
    public void All_loops_listen_on_the_port_that_the_first_got_and_on_several_ports([Values] IvAcceptMode mode)
    {
        GroupServer.Require(mode);
        using var group = new IvLoopGroup(GroupServer.Options(backend, 2));
        var seen = new ConcurrentBag<string>();
        var first = (IPEndPoint)group.Listen(new IPEndPoint(IPAddress.Loopback, 0), (_, socket) => Note("first", socket), mode);
        var second = (IPEndPoint)group.Listen(new IPEndPoint(IPAddress.Loopback, 0), (_, socket) => Note("second", socket), mode);
        group.Start();
        Assert.That(first.Port, Is.Not.Zero.And.Not.EqualTo(second.Port));
        using var one = IvSocket.Connect(first);
        using var two = IvSocket.Connect(second);
        Wait.For(() => seen.Count == 2);
        Assert.That(seen, Is.EquivalentTo(["first", "second"]));

        void Note(string port, IvSocket socket)
        {
            seen.Add(port);
            socket.Dispose();
        }
    }

    [Test]
    [Platform("Linux", Reason = "Unix sockets with the names of Linux")]
    public void Unix_socket_is_accepted_by_one_for_all_and_can_not_be_shared()
    {
        using var group = new IvLoopGroup(GroupServer.Options(backend, 2));
        var address = new UnixDomainSocketEndPoint($"\0ivy-group-{Guid.NewGuid():N}");
        IvException? refused = Assert.Throws<IvException>(() => group.Listen(address, GroupServer.Welcome));
        Assert.That(refused!.Error, Is.EqualTo(IvError.EOPNOTSUPP));

        group.Listen(address, GroupServer.Welcome, IvAcceptMode.RoundRobin);
        group.Start();
        for (int i = 0; i < 4; i++)
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
            client.Connect(address);
            Assert.That(GroupServer.LoopOf(client), Is.EqualTo(i % 2));
        }
    }

    [Test]
    public void Setup_runs_once_on_each_thread_when_all_loops_are_there_and_before_anything_is_accepted()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 4));
        Socket early = server.Connect();
        var threads = new ConcurrentDictionary<int, int>();
        int accepted = -1;
        int loops = 0;
        server.Group.HandlerSetup = member =>
        {
            threads.AddOrUpdate(Environment.CurrentManagedThreadId, 1, static (_, times) => times + 1);
            Interlocked.Add(ref loops, server.Group.Members.Count(static other => other.Loop is not null));
            Interlocked.Exchange(ref accepted, (int)server.Group.Counters.Accepted);
            Assert.That(IvLoop.Current, Is.SameAs(member.Loop));
        };
        server.Group.Start();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(threads.Values, Is.EqualTo([1, 1, 1, 1]));
            Assert.That(loops, Is.EqualTo(16));
            Assert.That(accepted, Is.Zero);
            Assert.That(threads.Keys, Does.Not.Contain(Environment.CurrentManagedThreadId));
            Assert.That(GroupServer.Ask(early, "it waited"), Is.EqualTo("it waited"));
        }
    }

    [Test]
    public void Post_all_runs_once_on_each_loop()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 5));
        var ran = new ConcurrentQueue<(int Index, IvLoop? Loop)>();
        Assert.That(server.Group.PostAll(static _ => { }), Is.Zero, "no loop yet");
        server.Group.Start();
        Assert.That(server.Group.PostAll(member => ran.Enqueue((member.Index, IvLoop.Current))), Is.EqualTo(5));
        server.Group.Members[3].Post(static (member, queue) => queue.Enqueue((member.Index + 100, IvLoop.Current)), ran);
        Wait.For(() => ran.Count == 6);
        Assert.That(ran, Is.EquivalentTo([.. server.Group.Members.Select(static member => (member.Index, member.Loop)), (103, server.Group.Members[3].Loop)]));
        server.Group.Stop();
        server.Wait();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ran, Has.Count.EqualTo(6));
            Assert.That(server.Group.PostAll(static _ => { }), Is.Zero, "no loop any more");
        }
    }

    [Test]
    public async Task Invoke_all_collects_what_the_loops_answer()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 4));
        Assert.That(server.Group.InvokeAllAsync(static member => member.Index).IsCanceled, "no loop yet");
        server.Group.Start();
        int[] answers = await server.Group.InvokeAllAsync(static member => member.Loop!.IsOnThread ? member.Index : -1).WaitAsync(Wait.Deadline);
        Assert.That(answers, Is.EqualTo([0, 1, 2, 3]));

        Task<int[]> failing = server.Group.InvokeAllAsync<int>(static member => member.Index == 2 ? throw new InvalidOperationException("loop 2") : 0);
        Assert.That(async () => await failing.WaitAsync(Wait.Deadline), Throws.InvalidOperationException.With.Message.EqualTo("loop 2"));
        Assert.That(server.Group.IsStopping, Is.False, "who asks gets the exception, and the loops go on");

        server.Group.Stop();
        server.Wait();
        Assert.That(server.Group.InvokeAllAsync(static member => member.Index).IsCanceled);
    }

    [Test]
    public void As_many_loops_as_asked_for_serve([Values(1, 64)] int count)
    {
        using var server = new GroupServer(GroupServer.Options(backend, count), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Assert.That(server.Connect(count + 1).Select(GroupServer.LoopOf), Is.EqualTo([.. Enumerable.Range(0, count), 0]));
        server.Group.Abort();
        Assert.That(server.Wait().Aborted, Is.EqualTo(count + 1));
    }

    [Test]
    [Platform("Linux", Reason = "sched_setaffinity(2)")]
    public void Pinned_threads_run_on_one_allowed_cpu_each_and_begin_anew()
    {
        int[] allowed = CpuAffinity.Allowed();
        int count = allowed.Length + 1;
        using var group = new IvLoopGroup(new IvLoopGroupOptions { Count = count, PinThreads = true });
        var masks = new int[count][];
        group.HandlerSetup = member => masks[member.Index] = CpuAffinity.Allowed();
        group.Start();
        for (int i = 0; i < count; i++)
        {
            Assert.That(masks[i], Is.EqualTo([allowed[i % allowed.Length]]));
            Assert.That(group.Members[i].Cpu, Is.EqualTo(allowed[i % allowed.Length]));
        }

        Assert.That(CpuAffinity.Allowed(), Is.EqualTo(allowed), "the thread that made the group is left alone");
    }

    [Test]
    public void Threads_and_loops_have_the_name_of_the_group()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), mode: null);
        var names = new ConcurrentBag<string?>();
        server.Group.HandlerSetup = member => names.Add($"{Thread.CurrentThread.Name}, {member.Loop!.Name}");
        Assert.That(server.Group.ToString(), Is.EqualTo($"IvLoopGroup \"{backend}\" (2 loops, not started)"));
        server.Group.Start();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(names, Is.EquivalentTo([$"{backend} 0, {backend} 0", $"{backend} 1, {backend} 1"]));
            Assert.That(server.Group.ToString(), Is.EqualTo($"IvLoopGroup \"{backend}\" (2 loops, running)"));
            Assert.That(server.Group.Members[1].ToString(), Is.EqualTo($"IvLoopGroup \"{backend}\" loop 1"));
            Assert.That(server.Group.Members[1].Cpu, Is.Null);
        }
    }

    [Test]
    public void Waiting_thread_runs_its_own_loop_meanwhile_and_quitting_it_stops_the_group()
    {
        LoopThread.Run(GroupServer.LoopOptions(backend), loop =>
        {
            using var server = new GroupServer(GroupServer.Options(backend, 2));
            int ticks = 0;
            var timer = new IvTimer(timer =>
            {
                if (++ticks == 3)
                {
                    loop.Quit();
                }
            });
            timer.Start(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
            server.Group.Run();
            Assert.That(ticks, Is.GreaterThanOrEqualTo(3));
            timer.Stop();
        });
    }
}
