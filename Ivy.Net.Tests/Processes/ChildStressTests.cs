using System.Diagnostics;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>Many children under load, beside those of System.Diagnostics.Process: each status arrives where it belongs, and nothing is left.</summary>
[NonParallelizable] // children and descriptors are the process's
[Platform("Linux", Reason = "pidfd_open(2)")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class ChildStressTests
{
    // How many children one loop has at a time.
    private const int Width = 16;

    [Test]
    public void Children_of_both_kinds_get_along() => Run(loops: 2, children: 60, strangers: 10);

    [Test]
    [Explicit]
    [Category("Stress")]
    public void A_thousand_children_are_started_and_reaped_while_System_Diagnostics_Process_runs_others() => Run(loops: 4, children: 250, strangers: 100);

    private static void Run(int loops, int children, int strangers)
    {
        // What the runtime opens once, for its first child.
        RunStranger(0);
        LoopThread.Run(static loop => Reader.OutputOf(loop, IvProcessTests.Shell("exit 0", IvStdio.Null)));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        SortedDictionary<string, int> before = Native.OpenDescriptors();

        using var busy = new CancellationTokenSource();
        Action load = LoopThread.Begin(1, _ => SpinWait.SpinUntil(() => busy.IsCancellationRequested));
        Action others = LoopThread.Begin(2, thread =>
        {
            for (int i = 0; i < strangers; i++)
            {
                RunStranger((i + thread) % 100);
            }
        });
        Action ours = LoopThread.Begin(loops, _ => RunLoop(children));
        ours();
        others();
        busy.Cancel();
        load();

        Wait.For(() => ShellChild.Zombies().Count == 0);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
    }

    private static void RunLoop(int children)
    {
        using var loop = new IvLoop();
        int started = 0;
        int ended = 0;
        List<Reader> readers = [];
        void StartNext()
        {
            if (started == children)
            {
                return;
            }

            int number = started++;
            int code = number % 100;
            IvProcess child = IvProcessTests.Shell($"echo {number}; exit {code}", IvStdio.SameAsOutput);
            child.Start();
            var reader = new Reader(child.Output);
            readers.Add(reader);
            child.HandlerExit = (_, status) =>
            {
                ended++;
                Assert.That(status.ToString(), Is.EqualTo($"exited with {code}"));
                StartNext();
            };
        }

        for (int i = 0; i < Width; i++)
        {
            StartNext();
        }

        loop.Run();
        Assert.That(ended, Is.EqualTo(children));
        Assert.That(readers.Select(static reader => reader.Text), Is.EqualTo(Enumerable.Range(0, children).Select(static number => $"{number}\n")));
    }

    private static void RunStranger(int code)
    {
        using Process stranger = Process.Start("/bin/sh", ["-c", $"exit {code}"]);
        Assert.That(stranger.WaitForExit(LoopThread.Patience), Is.True);
        Assert.That(stranger.ExitCode, Is.EqualTo(code));
    }
}
