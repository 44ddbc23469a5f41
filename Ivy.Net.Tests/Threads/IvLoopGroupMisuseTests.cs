using System.Net;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>What a program must not do with a group, and what it is told.</summary>
internal sealed class IvLoopGroupMisuseTests
{
    private static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);

    [Test]
    [Provokes("IVF0140")]
    public void Group_is_set_up_before_it_starts_and_starts_once()
    {
        using var group = new IvLoopGroup(new IvLoopGroupOptions { Name = "g", Count = 1 });
        FatalScope.Expect(FatalCondition.GroupStarted, () => group.Wait());
        group.Start();
        Assert.That(FatalScope.Expect(FatalCondition.GroupStarted, group.Start).Message, Does.Contain("IvLoopGroup \"g\" (1 loop, running): Start called after Start"));
        FatalScope.Expect(FatalCondition.GroupStarted, () => group.Run());
        FatalScope.Expect(FatalCondition.GroupStarted, () => group.Listen(Anywhere, static (_, _) => { }));
        FatalScope.Expect(FatalCondition.GroupStarted, () => group.HandlerSetup = static _ => { });
        FatalScope.Expect(FatalCondition.GroupStarted, () => group.HandlerDrain = static _ => { });
        FatalScope.Expect(FatalCondition.GroupStarted, () => group.HandlerAcceptError = static (_, _) => { });
    }

    [Test]
    [Provokes("IVF0141")]
    public void Handler_must_not_wait_for_a_group() => LoopThread.Run(loop =>
    {
        using var group = new IvLoopGroup(new IvLoopGroupOptions { Count = 1 });
        var task = new IvTask(_ =>
        {
            FatalScope.Expect(FatalCondition.GroupWait, group.Start);
            FatalScope.Expect(FatalCondition.GroupWait, () => group.Wait());
        });
        task.Register();
        loop.Run();
    });

    [Test]
    public void Disposed_group_can_not_be_used()
    {
        var group = new IvLoopGroup(new IvLoopGroupOptions { Count = 1 });
        group.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, group.Start);
        FatalScope.Expect(FatalCondition.DisposedObject, () => group.Listen(Anywhere, static (_, _) => { }));
        group.Stop();
        group.Abort();
        Assert.That(group.PostAll(static _ => { }), Is.Zero);
    }

    [Test]
    public void Connections_of_a_loop_are_for_its_thread()
    {
        using var server = new GroupServer(GroupServer.Options(RealBackends.Names[0], 2), mode: null);
        IvLoopGroupMember member = server.Group.Members[0];
        (IvSocket socket, IvSocket peer) = IvSocket.CreatePair();
        FatalScope.Expect(FatalCondition.WrongThread, () => member.GetSockets());
        server.Group.Start();
        FatalScope.Expect(FatalCondition.WrongThread, () => member.GetSockets());
        FatalScope.Expect(FatalCondition.WrongThread, () => member.Add(socket));
        Assert.That(server.Group.Move(socket, member, static (_, _) => { }));
        FatalScope.Expect(FatalCondition.WrongThread, () => server.Group.Move(socket, member, static (_, _) => { }));
        peer.Dispose();
    }

    [Test]
    public void Move_checks_what_and_where_to_before_it_changes_anything()
    {
        using var server = new GroupServer(GroupServer.Options(RealBackends.Names[0], 1), mode: null);
        using var other = new GroupServer(GroupServer.Options(RealBackends.Names[0], 1), mode: null);
        server.Group.Start();
        other.Group.Start();
        IvLoopGroupMember member = server.Group.Members[0];
        (IvSocket socket, IvSocket peer) = IvSocket.CreatePair();
        Assert.That(() => server.Group.Move(socket, other.Group.Members[0], static (_, _) => { }), Throws.ArgumentException);
        Assert.That(() => server.Group.Move(new IvFd(0), member, static (_, _) => { }), Throws.ArgumentException);
        Assert.That(other.Group.Move(socket, other.Group.Members[0], static (_, _) => { }));
        Assert.That(() => server.Group.Move(socket, member, static (_, _) => { }), Throws.ArgumentException.With.Message.Contains("another group"));
        peer.Dispose();
        Assert.That(() => server.Group.Move(peer, member, static (_, _) => { }), Throws.ArgumentException.With.Message.Contains("disposed"));
        using var simulation = new SimulatedNetwork(1);
        using var foreign = IvSocket.CreatePair(network: simulation).First;
        Assert.That(() => server.Group.Move(foreign, member, static (_, _) => { }), Throws.ArgumentException.With.Message.Contains("simulated"));
    }

    [Test]
    public void Numbers_that_are_not_possible_are_refused()
    {
        using var group = new IvLoopGroup();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new IvLoopGroupOptions { Count = 0 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new IvLoopGroupOptions { DrainTimeout = TimeSpan.FromSeconds(-2) }, Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new IvLoopGroupOptions { Name = null! }, Throws.ArgumentNullException);
            Assert.That(() => group.Listen(Anywhere, static (_, _) => { }, (IvAcceptMode)4), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => group.Listen(new DnsEndPoint("localhost", 1), static (_, _) => { }, IvAcceptMode.RoundRobin), Throws.ArgumentException);
            Assert.That(group.Members, Has.Count.EqualTo(Environment.ProcessorCount));
            Assert.That(group.Name, Is.EqualTo("ivy"));
        }
    }

    [Test]
    public void Loops_of_another_network_than_the_group_s_are_refused()
    {
        using var simulation = new SimulatedNetwork(1);
        using var group = new IvLoopGroup(new IvLoopGroupOptions { Count = 1, LoopOptions = _ => new IvLoopOptions { Network = simulation } });
        Assert.That(group.Start, Throws.ArgumentException.With.Message.Contains("simulated"));
        Assert.That(group.ToString(), Does.Contain("not started"));
    }
}
