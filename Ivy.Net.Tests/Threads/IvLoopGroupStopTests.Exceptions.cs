using System.Collections.Concurrent;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <content>What handlers throw.</content>
internal sealed partial class IvLoopGroupStopTests
{
    [Test]
    public void Exception_of_a_handler_stops_the_others_gracefully_and_comes_out_of_wait()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2), IvAcceptMode.RoundRobin);
        server.Group.Start();
        Socket[] clients = Served(server, 4); // loops 0 1 0 1
        server.Group.Members[0].Post(static _ => throw new InvalidOperationException("thrown on loop 0"));
        Assert.That(GroupServer.Receive(clients[0]), Is.AnyOf(GroupServer.Reset));
        Assert.That(GroupServer.Receive(clients[2]), Is.AnyOf(GroupServer.Reset));
        Assert.That(GroupServer.Ask(clients[1], "alive"), Is.EqualTo("alive"));
        clients[1].Dispose();
        clients[3].Dispose();
        Assert.That(() => server.Wait(), Throws.InvalidOperationException.With.Message.EqualTo("thrown on loop 0"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Group.Counters, Is.EqualTo(new IvLoopGroupCounters(0, 4, 0, 0, 0, 2, 2)));
            Assert.That(server.Group.Completion.IsFaulted);
            Assert.That(() => server.Group.Wait(), Throws.InvalidOperationException, "to each who waits");
        }
    }

    [Test]
    public void Exception_that_the_loop_s_hook_takes_stops_nothing()
    {
        var seen = new ConcurrentQueue<string>();
        using var server = new GroupServer(GroupServer.Options(backend, 2, loopOptions: _ => new IvLoopOptions
        {
            PollMethods = [GroupServer.Method(backend)],
            UnhandledException = unhandled => seen.Enqueue(unhandled.Exception.Message),
        }));
        server.Group.HandlerDrain = static member => throw new InvalidOperationException($"drain {member.Index}");
        server.Group.Start();
        server.Group.PostAll(static member => throw new InvalidOperationException($"post {member.Index}"));
        Wait.For(() => seen.Count == 2);
        Assert.That(GroupServer.Ask(server.Connect(), "alive"), Is.EqualTo("alive"));
        server.Group.Abort();
        server.Wait();
        Assert.That(seen, Is.EquivalentTo(["post 0", "post 1", "drain 0", "drain 1"]));
    }

    [Test]
    public void Exception_of_an_accept_handler_resets_the_connection_and_comes_out()
    {
        using var group = new IvLoopGroup(GroupServer.Options(backend, 2));
        var address = (System.Net.IPEndPoint)group.Listen(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), static (_, _) => throw new InvalidOperationException("no"));
        group.Start();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
        client.Connect(address);
        Assert.That(GroupServer.Receive(client), Is.AnyOf(GroupServer.Reset));
        Assert.That(() => group.Wait(), Throws.InvalidOperationException.With.Message.EqualTo("no"));
    }

    [Test]
    public void Exception_of_an_accept_handler_that_the_hook_takes_resets_the_connection_and_no_drain_waits_for_it([Values] IvAcceptMode mode)
    {
        GroupServer.Require(mode);
        using var group = new IvLoopGroup(GroupServer.Options(backend, 2, drainSeconds: 3600, loopOptions: _ => new IvLoopOptions
        {
            PollMethods = [GroupServer.Method(backend)],
            UnhandledException = static _ => { },
        }));
        var address = (System.Net.IPEndPoint)group.Listen(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), static (_, _) => throw new InvalidOperationException("no"), mode);
        group.Start();
        for (int i = 0; i < 4; i++)
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
            client.Connect(address);
            Assert.That(GroupServer.Receive(client), Is.AnyOf(GroupServer.Reset));
        }

        group.Stop();
        Wait.For(() => group.Completion.IsCompleted);
        Assert.That(group.Wait(), Is.EqualTo(new IvLoopGroupResult(4, 0, 4, default)).Using<IvLoopGroupResult>(SameCounts));
    }

    [Test]
    public void Exception_of_setup_makes_start_fail_with_nothing_left_running()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 3));
        server.Group.HandlerSetup = static member =>
        {
            if (member.Index == 1)
            {
                throw new InvalidOperationException("setup");
            }
        };
        Assert.That(server.Group.Start, Throws.InvalidOperationException.With.Message.EqualTo("setup"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Group.Members.Select(static member => member.Loop!.Post(static _ => { }, null)), Is.All.False, "all loops are disposed");
            Assert.That(() => server.Connect(), Throws.InstanceOf<SocketException>());
            Assert.That(server.Group.ToString(), Does.EndWith("(3 loops, ended)"));
        }
    }

    [Test]
    public void Broken_rule_on_a_loop_comes_out()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 2));
        server.Group.Start();
        server.Group.Members[1].Post(static member => new IvTask(static _ => { }).Unregister());
        Assert.That(() => server.Wait(), Throws.InstanceOf<IvFatalException>());
    }
}
