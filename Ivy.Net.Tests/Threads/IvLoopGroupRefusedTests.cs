using System.Net;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>What the system refuses: nothing is left running, bound or open.</summary>
[TestFixtureSource(typeof(RealBackends), nameof(RealBackends.Names))]
[Platform("Linux", Reason = "errors injected into system calls of Linux")]
[NonParallelizable] // faults and descriptors are the process's
internal sealed class IvLoopGroupRefusedTests(string backend)
{
    private static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);

    [SetUp]
    public void CloseWhatOthersForgot()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [Test]
    public void Loop_that_can_not_be_made_fails_the_start_with_nothing_left([Values(1, 2, 4)] int nth)
    {
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        using (var server = new GroupServer(GroupServer.Options(backend, 4)))
        using (new NthCallFails(SysCall.EventFd, IvError.EMFILE, nth))
        {
            Assert.That(server.Group.Start, Throws.InstanceOf<IvException>());
            Assert.That(server.Group.Completion.IsFaulted);
            Assert.That(server.Group.ToString(), Does.EndWith("(4 loops, ended)"));
        }

        NothingIsLeft(before);
    }

    [Test]
    public void Thread_that_can_not_be_started_fails_the_start_with_nothing_left([Values(1, 3)] int nth)
    {
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        using (var server = new GroupServer(GroupServer.Options(backend, 4)))
        using (new NthCallFails(SysCall.PthreadCreate, IvError.EAGAIN, nth))
        {
            Assert.That(server.Group.Start, Throws.InstanceOf<IvException>().With.Property("Error").EqualTo(IvError.ENOMEM));
        }

        NothingIsLeft(before);
    }

    [Test]
    public void Listener_that_can_not_be_watched_fails_the_start_with_nothing_left([Values(1, 2)] int nth)
    {
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        NthCallFails? fault = null;

        // poll(2) has nothing to refuse there.
        using (var server = new GroupServer(GroupServer.Options(RealBackends.Names[0], 2)))
        {
            // The last one that is set up: what follows are the listeners.
            int left = 2;
            server.Group.HandlerSetup = _ => fault = Interlocked.Decrement(ref left) == 0 ? new NthCallFails(SysCall.EpollCtl, IvError.ENOSPC, nth) : fault;
            Assert.That(server.Group.Start, Throws.InstanceOf<IvException>().With.Property("Error").EqualTo(IvError.ENOSPC));
            fault!.Dispose();
            Assert.That(server.Group.ToString(), Does.EndWith("(2 loops, ended)"));
        }

        NothingIsLeft(before);
    }

    [Test]
    public void Port_in_use_is_an_error_of_listen([Values] IvAcceptMode mode)
    {
        using var occupied = IvSocket.Listen(Anywhere);
        using var group = new IvLoopGroup(GroupServer.Options(backend, 3));
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        IvException? refused = Assert.Throws<IvException>(() => group.Listen(occupied.LocalEndPoint!, GroupServer.Welcome, mode));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused!.Error, Is.EqualTo(IvError.EADDRINUSE));
            Assert.That(group.TryListen(occupied.LocalEndPoint!, GroupServer.Welcome, out EndPoint? bound, mode), Is.EqualTo(IvError.EADDRINUSE));
            Assert.That(bound, Is.Null);
            NothingIsLeft(before);
        }
    }

    [Test]
    public void Nothing_is_half_bound_when_a_later_step_fails([Values(SysCall.Socket, SysCall.Bind, SysCall.Listen)] SysCall call, [Values(1, 3)] int nth)
    {
        using var group = new IvLoopGroup(GroupServer.Options(backend, 3));
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        using (new NthCallFails(call, IvError.ENOBUFS, nth))
        {
            Assert.That(group.TryListen(Anywhere, GroupServer.Welcome, out _), Is.EqualTo(IvError.ENOBUFS));
        }

        NothingIsLeft(before);
        Assert.That(group.TryListen(Anywhere, GroupServer.Welcome, out _), Is.EqualTo(IvError.None));
    }

    [Test]
    public void Steering_that_is_refused_is_an_error_of_listen()
    {
        using var group = new IvLoopGroup(GroupServer.Options(backend, 2));
        SortedDictionary<string, int> before = Native.OpenDescriptors();

        // Two options for each of the two sockets, and then the program.
        using (new NthCallFails(SysCall.SetSockOpt, IvError.EPERM, 5))
        {
            IvException? refused = Assert.Throws<IvException>(() => group.Listen(Anywhere, GroupServer.Welcome, IvAcceptMode.SteerByCpu));
            Assert.That((refused!.Error, refused.Operation), Is.EqualTo((IvError.EPERM, "attach the steering program")));
        }

        NothingIsLeft(before);
    }

    [Test]
    public void Thread_that_can_not_be_pinned_is_a_warning()
    {
        var warnings = new List<string>();
        using (new NthCallFails(SysCall.SchedSetAffinity, IvError.EPERM, 1))
        {
            using var group = new IvLoopGroup(new IvLoopGroupOptions
            {
                Count = 1,
                Name = "g",
                PinThreads = true,
                LoopOptions = _ => new IvLoopOptions { PollMethods = [GroupServer.Method(backend)], Warning = warnings.Add },
            });
            group.Start();
            Assert.That(group.Members[0].Cpu, Is.Null);
        }

        Assert.That(warnings, Has.Count.EqualTo(1));
        Assert.That(warnings[0], Does.StartWith("IvLoopGroup \"g\" loop 0: its thread is not bound to CPU"));
    }

    [Test]
    public void Cpus_that_can_not_be_asked_for_are_counted_instead()
    {
        using (new NthCallFails(SysCall.SchedGetAffinity, IvError.EPERM, 1))
        {
            Assert.That(CpuAffinity.Allowed(), Is.EqualTo(Enumerable.Range(0, Environment.ProcessorCount)));
        }
    }

    [Test]
    public void Accept_that_fails_is_told_and_goes_on_by_itself()
    {
        using var server = new GroupServer(GroupServer.Options(backend, 1), mode: null);
        var told = new List<IvError>();
        server.Group.HandlerAcceptError = (_, error) => told.Add(error);
        var address = server.Group.Listen(Anywhere, static (_, socket) => socket.Dispose());
        server.Group.Start();
        using (new NthCallFails(SysCall.Accept, IvError.EMFILE, 1))
        {
            using var client = IvSocket.Connect(address);
            Wait.For(() => server.Group.Counters.Accepted == 1);
        }

        Assert.That(told, Is.EqualTo([IvError.EMFILE]));
    }

    [Test]
    public void Many_groups_leave_no_descriptor_open([Values] IvAcceptMode mode)
    {
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        for (int i = 0; i < 10; i++)
        {
            using var server = new GroupServer(GroupServer.Options(backend, 3, drainSeconds: 0), mode);
            server.Group.Start();
            foreach (System.Net.Sockets.Socket client in server.Connect(5))
            {
                GroupServer.Ask(client, "x");
            }

            server.Group.Stop();
            server.Wait();
        }

        NothingIsLeft(before);
    }

    // Of no kind more than before. Fewer, or a little later, is what the runtime closes on threads of its own.
    private static void NothingIsLeft(SortedDictionary<string, int> before) =>
        Wait.For(() => Native.OpenDescriptors().All(kind => kind.Value <= before.GetValueOrDefault(kind.Key)));

    /// <summary>Refuses one call, on whatever thread it is made.</summary>
    private sealed class NthCallFails : SysFaults, IDisposable
    {
        private readonly SysCall _call;
        private readonly IvError _error;
        private int _left;

        public NthCallFails(SysCall call, IvError error, int nth)
        {
            (_call, _error, _left) = (call, error, nth);
            Current = this;
        }

        public void Dispose() => Current = null;

        public override int Fail(SysCall call, int fd) => call == _call && Interlocked.Decrement(ref _left) == 0 ? -(int)_error : 0;
    }
}
