using System.Diagnostics;
using System.Reflection;
using Ivy.Net.Edge;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Edge;

/// <summary>What the face costs: system calls, and calls. What it allocates is measured with all else that must not.</summary>
[Platform("Linux", Reason = "counts system calls of Linux")]
[NonParallelizable]
internal sealed class EdgeCostTests
{
    private const int Messages = 50;

    private static IEnumerable<EdgeBackend> Kernels => EdgeBackend.Kernels;

    [TestCaseSource(nameof(Kernels))]
    public void An_edge_triggered_echo_is_a_wait_a_receive_and_a_send(object of) => Echo((EdgeBackend)of, EdgeTrigger.Edge);

    [TestCaseSource(nameof(Kernels))]
    public void A_one_shot_echo_that_arms_again_in_its_callback_costs_no_more(object of) => Echo((EdgeBackend)of, EdgeTrigger.OneShot);

    [TestCaseSource(nameof(Kernels))]
    public void Where_the_kernel_tells_edges_a_full_buffer_costs_no_change_of_interest(object of) => ((EdgeBackend)of).Run(test =>
    {
        const int times = 5;
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        byte[] chunk = new byte[65536];
        byte[] sink = new byte[1 << 20];
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        test.Settle();
        using var faults = new CountingFaults();
        for (int i = 1; i <= times; i++)
        {
            while (fd.Write(chunk).Bytes == chunk.Length)
            {
            }

            test.Until(() => far.Receive(sink).IsError || test.Log.Count > i, "room");
            test.Settle();
        }

        // Made of levels, it is one to be told of room, and one to be told no more.
        bool isFree = test.Loop.Poller.HasEdges || test.Loop.PollMethod != "epoll-levels";
        Assert.That(faults[SysCall.EpollCtl], Is.EqualTo(isFree ? 0 : 2 * times));
    });

    // In the category of the tests that run in Release, where it counts.
    [Test]
    [Category("Api")]
    public void With_a_state_that_is_a_struct_the_callbacks_are_inlined()
    {
        if (typeof(IvLoop).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
        {
            Assert.Ignore("this is a Debug build, in which nothing is inlined; `dotnet cake --target=Api` runs the test in Release");
        }

        string program = Path.Combine(TestContext.CurrentContext.TestDirectory, "Ivy.Net.Benchmarks.dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", program, "edge-frames"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_TieredCompilation"] = "0";
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string frames = output.Split('\n').Single(static line => line.StartsWith("struct:", StringComparison.Ordinal));
        Assert.That(frames, Does.StartWith("struct: OnReady,").And.Not.Contain("OnData"));
    }

    private static void Echo(EdgeBackend backend, EdgeTrigger trigger) => backend.Run(
        test =>
        {
            (IvSocket near, IvSocket far) = test.Bench.Pair();
            byte[] buffer = new byte[100];
            test.Data = fd =>
            {
                IvIoResult received = fd.Read(buffer);
                fd.Write(buffer.AsSpan(0, received.Bytes));
                if (trigger == EdgeTrigger.OneShot)
                {
                    fd.ArmRead();
                }
            };
            test.Arm(near, EdgeBench.Both);
            test.Settle();
            using var faults = new CountingFaults();
            for (int i = 0; i < Messages; i++)
            {
                test.Bench.Send(far);
                Assert.That(test.Edge.Review(Timeout.InfiniteTimeSpan), Is.EqualTo(1));
                test.Bench.Receive(far);
            }

            Assert.That(faults[SysCall.EpollCtl], Is.Zero);
            Assert.That(faults[SysCall.Recv], Is.EqualTo(2 * Messages), "one of ours, one of the peer's");
            Assert.That(faults[SysCall.Send], Is.EqualTo(2 * Messages));
            Assert.That(faults.Total, Is.LessThanOrEqualTo(5 * Messages), faults.ToString());
        },
        new EdgeLoopOptions { Trigger = trigger });
}
