using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Row B13: a signal at any system call, and calls that move less than they were asked to, change nothing that is seen.</summary>
[Platform("Linux", Reason = "EINTR, which Windows does not have")]
[TestFixtureSource(nameof(Backends))]
[NonParallelizable]
internal sealed class InterruptedCallTests(ConformanceBackend backend)
{
    private const int Messages = 100;

    // Further uses of a call are like these: each place that makes it has had its turn, the loop's own many times.
    private const int MostUses = 40;

    // What the session never does: unconnected sockets, messages with control data, whole batches, paths, pumps, standing in for another, threads,
    // signals, files.
    private static readonly HashSet<SysCall> NotInTheSession =
    [
        SysCall.SocketPair, SysCall.RecvFrom, SysCall.SendTo, SysCall.RecvMsg, SysCall.SendMsg, SysCall.RecvMmsg, SysCall.SendMmsg,
        SysCall.Shutdown, SysCall.GetPeerName, SysCall.Unlink, SysCall.Chmod, SysCall.Dup3,
        SysCall.Pipe2, SysCall.Splice,
        SysCall.PthreadCreate,
        SysCall.SignalFd,
        SysCall.SchedGetAffinity, SysCall.SchedSetAffinity,
        SysCall.InotifyInit,
        SysCall.InotifyAddWatch,
        SysCall.InotifyRmWatch,
        SysCall.PidfdOpen, SysCall.PidfdSendSignal, SysCall.PidfdGetInfo, SysCall.WaitId, SysCall.Kill, SysCall.Spawn, SysCall.Open,
    ];

    public static IEnumerable<ConformanceBackend> Backends => ConformanceBackend.OfTheKernel;

    public static IEnumerable<SysCall> Calls => Enum.GetValues<SysCall>();

    [TestCaseSource(nameof(Calls))]
    [Category("B13")]
    public void An_interrupted_call_is_not_noticed(SysCall call)
    {
        using var faults = new CountingFaults();
        backend.Run(bench => Converse(bench, Messages));
        int uses = faults[call];
        Assert.That(uses, IsUsed(call) ? Is.GreaterThan(0) : Is.Zero, $"uses of {call} without a fault: {faults}");
        for (int use = 1; use <= Math.Min(uses, MostUses); use++)
        {
            int chosen = use;
            faults.Clear();
            faults.Script = (seen, _, number) => seen == call && number == chosen ? IvError.EINTR : IvError.None;
            backend.Run(bench => Converse(bench, Messages));
            if (faults[call] >= use)
            {
                // How often a session waits, and whether with a deadline, is not the same each time.
                Assert.That(faults.Injected, Is.EqualTo(1), $"{call}, use {use}: the fault has to happen, or the test shows nothing");
            }
        }
    }

    [Test]
    [Category("B13")]
    public void Every_second_call_of_every_kind_interrupted_is_not_noticed()
    {
        using var faults = new CountingFaults { Script = static (_, _, number) => number % 2 == 1 ? IvError.EINTR : IvError.None };
        backend.Run(bench => Converse(bench, Messages));
        Assert.That(faults.Injected, Is.GreaterThan(Messages * 3));
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(95)]
    public void Short_reads_and_writes_lose_nothing(int most)
    {
        int shortened = 0;
        using var faults = new CountingFaults
        {
            Shortens = (call, length) =>
            {
                if (call is SysCall.Read or SysCall.Write || length <= (nuint)most)
                {
                    return length; // an eventfd takes eight bytes or none
                }

                shortened++;
                return (nuint)most;
            },
        };
        backend.Run(bench => new EchoSession(bench, Messages).Run());
        Assert.That(shortened, Is.GreaterThan(Messages), "the fault has to happen, or the test shows nothing");
    }

    private bool IsUsed(SysCall call) => call switch
    {
        SysCall.EpollCreate or SysCall.EpollCtl or SysCall.EpollWait or SysCall.EpollPwait2 => backend == ConformanceBackend.Epoll,
        SysCall.IoUringSetup or SysCall.IoUringEnter or SysCall.IoUringRegister or SysCall.Mmap => backend == ConformanceBackend.Uring,
        SysCall.Ppoll => backend == ConformanceBackend.Poll,
        _ => !NotInTheSession.Contains(call),
    };

    // With a pipe besides, blocking as a shell makes it: that takes fcntl and statx, and read and write, of one buffer and of several.
    private static void Converse(Bench bench, int messages)
    {
        (int read, int write) = Native.Pipe();
        using var fd = new IvFd(read);
        using var end = new IvFd(write);
        try
        {
            bool seen = false;
            fd.HandlerIn = fd => seen |= fd.Read(new byte[1]).Bytes == 1 && fd.ReadV([new byte[1], new byte[2]]).Bytes == 2;
            fd.Register();
            end.Register();
            Assert.That(end.WriteV([new byte[2], new byte[1]]).Bytes, Is.EqualTo(3));

            // Without a timeout: the session's own waits all have one, and that is another call of epoll's.
            bench.Loop.RunUntil(() => seen);
            new EchoSession(bench, messages).Run();
            Assert.That(seen, Is.True);
        }
        finally
        {
            fd.Dispose();
            end.Dispose();
            Native.Close(read);
            Native.Close(write);
        }
    }
}
