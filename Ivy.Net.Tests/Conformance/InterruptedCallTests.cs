using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Row B13: a signal at any system call, and calls that move less than they were asked to, change nothing that is seen.</summary>
[TestFixtureSource(nameof(Backends))]
[NonParallelizable]
internal sealed class InterruptedCallTests(ConformanceBackend backend)
{
    private const int Messages = 100;

    // Further uses of a call are like these: each place that makes it has had its turn, the loop's own many times.
    private const int MostUses = 40;

    public static IEnumerable<ConformanceBackend> Backends => [ConformanceBackend.Epoll, ConformanceBackend.Poll];

    public static IEnumerable<SysCall> Calls => Enum.GetValues<SysCall>();

    [TestCaseSource(nameof(Calls))]
    [Category("B13")]
    public void An_interrupted_call_is_not_noticed(SysCall call)
    {
        using var faults = new CountingFaults();
        backend.Run(bench => Converse(bench, Messages));
        int uses = faults[call];
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

    // With a pipe's end besides, blocking as a shell makes it: that takes fcntl and statx, and read and write.
    private static void Converse(Bench bench, int messages)
    {
        (int read, int write) = Native.Pipe();
        using var fd = new IvFd(read);
        try
        {
            bool seen = false;
            fd.HandlerIn = fd => seen |= fd.Read(new byte[10]).Bytes == 1;
            fd.Register();
            Native.Write(write, 1);
            new EchoSession(bench, messages).Run();
            Assert.That(seen, Is.True);
        }
        finally
        {
            fd.Dispose();
            Native.Close(read);
            Native.Close(write);
        }
    }
}
