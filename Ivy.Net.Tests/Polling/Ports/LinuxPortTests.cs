using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>A port on epoll(7): what it costs in system calls, and what becomes of those that the kernel refuses.</summary>
[Platform(Include = "Linux")]
[NonParallelizable] // the faults are those of the whole process
internal sealed class LinuxPortTests
{
    private readonly EpollPortEvent[] _room = new EpollPortEvent[8];

    [Test]
    public void A_socket_of_the_library_costs_one_call_and_another_one_a_look_more()
    {
        using var bench = new PortBench(PortKind.System);
        Socket other = bench.Ready();
        using IvSocket ours = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        nint number = other.Handle;
        using var faults = new CountingFaults();
        bench.Port.Add(ours, EpollEvents.In);
        Assert.That(faults.ToString(), Is.EqualTo("EpollCtl 1"));
        faults.Clear();
        bench.Port.Add(number, EpollEvents.In);
        bench.Port.Modify(number, EpollEvents.In | EpollEvents.Pri);
        bench.Port.Wait(_room);
        bench.Port.Wait(_room, TimeSpan.Zero);
        bench.Port.Wait(_room, TimeSpan.FromSeconds(1));
        bench.Port.Remove(number);
        Assert.That(faults.ToString(), Is.EqualTo("GetSockOpt 1, EpollCtl 3, EpollWait 2, EpollPwait2 1"));
    }

    [Test]
    public void A_signal_does_not_end_a_wait()
    {
        using var bench = new PortBench(PortKind.System);
        Socket socket = bench.Udp();
        bench.Port.Add(socket, EpollEvents.In);
        using var faults = new CountingFaults();
        int interrupted = 0;
        faults.Script = (call, _, _) => call is SysCall.EpollPwait2 or SysCall.EpollWait && interrupted++ < 5 ? IvError.EINTR : IvError.None;
        IvTimestamp begin = IvTimestamp.System;
        Assert.That(bench.Port.Wait(_room, TimeSpan.FromMilliseconds(20)), Is.Zero);
        Assert.That(IvTimestamp.System - begin, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(20)));
        interrupted = 0;
        PortBench.Poke(socket);
        Assert.That(bench.Port.Wait(_room), Is.EqualTo(1));
        Assert.That(faults.Injected, Is.EqualTo(10));
    }

    [Test]
    public void Without_epoll_pwait2_a_wait_is_in_milliseconds_rounded_up()
    {
        using var bench = new PortBench(PortKind.System);
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.EpollPwait2, IvError.ENOSYS);
        IvTimestamp begin = IvTimestamp.System;
        Assert.That(bench.Port.Wait(_room, TimeSpan.FromMicroseconds(1_500)), Is.Zero);
        Assert.That(IvTimestamp.System - begin, Is.GreaterThanOrEqualTo(TimeSpan.FromMicroseconds(1_500)));
        Assert.That(bench.Port.Wait(_room, TimeSpan.FromMicroseconds(1)), Is.Zero);
        Assert.That(faults[SysCall.EpollPwait2], Is.EqualTo(1), "asked once");
    }

    [TestCase(SysCall.EpollCreate)]
    [TestCase(SysCall.EventFd)]
    [TestCase(SysCall.EpollCtl)]
    public void A_port_that_can_not_be_made_leaves_nothing_behind(SysCall call)
    {
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        using (var faults = new CountingFaults())
        {
            faults.FailAlways(call, IvError.EMFILE);
            Assert.That(EpollPort.TryCreate(out EpollPort? port), Is.EqualTo(IvError.EMFILE));
            Assert.That(port, Is.Null);
            Assert.That(() => new EpollPort(), Throws.InstanceOf<IvException>().With.Property("Error").EqualTo(IvError.EMFILE));
        }

        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
        Assert.That(EpollPort.TryCreate(out EpollPort? second), Is.EqualTo(IvError.None));
        second!.Dispose();
    }

    [Test]
    public void A_change_that_the_kernel_refuses_changes_nothing()
    {
        using var bench = new PortBench(PortKind.System);
        Socket socket = bench.Ready();
        using var faults = new CountingFaults();
        faults.FailOnce(SysCall.EpollCtl, IvError.ENOSPC);
        Assert.That(() => bench.Port.Add(socket, EpollEvents.In), Throws.InstanceOf<IvException>().With.Message.Contains("max_user_watches"));
        Assert.That(bench.Port.TryModify(socket, EpollEvents.In), Is.EqualTo(IvError.ENOENT));
        bench.Port.Add(socket, EpollEvents.In, 1);
        faults.FailOnce(SysCall.EpollCtl, IvError.ENOMEM);
        Assert.That(bench.Port.TryModify(socket, EpollEvents.Out, 2), Is.EqualTo(IvError.ENOMEM));
        faults.FailOnce(SysCall.EpollCtl, IvError.ENOMEM);
        Assert.That(bench.Port.TryRemove(socket), Is.EqualTo(IvError.ENOMEM));
        Assert.That(bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 1)));
        bench.Port.Remove(socket);
    }

    [Test]
    public void A_wait_that_the_kernel_refuses_says_what_may_have_happened()
    {
        using var bench = new PortBench(PortKind.System);
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.EpollWait, IvError.EBADF);
        Assert.That(() => bench.Port.Wait(_room), Throws.InstanceOf<IvException>().With.Property("Error").EqualTo(IvError.EBADF).And.Message.Contains("does not own"));
        Assert.That(bench.Port.TryWait(_room, TimeSpan.Zero, out int count), Is.EqualTo(IvError.EBADF));
        Assert.That(count, Is.Zero);
    }

    [Test]
    public void Standard_input_is_a_descriptor_like_any_other()
    {
        // Number 0 means nothing on Windows; here it may be anything, a socket from inetd among them.
        using var bench = new PortBench(PortKind.System);
        IvError expected = IvNetwork.System.Identify(0, out DescriptorIdentity identity) != IvError.None ? IvError.EBADF
            : identity.Kind == DescriptorKind.Socket ? IvError.None
            : IvError.ENOTSOCK;
        Assert.That(bench.Port.TryAdd(0, EpollEvents.None), Is.EqualTo(expected));
    }

    [Test]
    public void A_duplicate_keeps_a_closed_socket_in_the_port_and_never_passes_for_its_successor()
    {
        using var bench = new PortBench(PortKind.System);
        Socket socket = bench.Ready();
        int duplicate = Native.Duplicate((int)socket.Handle, 1000);
        bench.Port.Add(socket, EpollEvents.In, 1);
        Socket young = bench.Successor(socket);
        Assert.That(bench.One().Data, Is.EqualTo(1), "the open socket is still there, under its other number");
        bench.Port.Add(young, EpollEvents.In, 2);
        Assert.That(bench.Now(), Is.Empty, "what is ready is not the new one");
        PortBench.Poke(young);
        Assert.That(bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 2)));
        Native.Close(duplicate);
    }

    [Test]
    public void A_port_that_is_forgotten_is_closed_by_the_collector()
    {
        Collect();
        int before = Descriptors.CountAnonymous();
        Forget(20);
        Wait.For(() =>
        {
            Collect();
            return Descriptors.CountAnonymous() <= before;
        });

        static void Collect()
        {
            // What other tests have forgotten, too.
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        static void Forget(int times)
        {
            for (int i = 0; i < times; i++)
            {
                _ = new EpollPort();
            }
        }
    }
}
