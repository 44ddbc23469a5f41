using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>Ending a child by Close (row P1): real children, virtual time.</summary>
/// <remarks>Not on each backend: what is told of a child on epoll and poll is IvProcessTests' affair, and here the poller is scripted for its clock.</remarks>
[NonParallelizable] // children and faults are the process's
[Platform("Linux", Reason = "kill(2)")]
internal sealed class KillLadderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Says when it is ready, and each time that it is asked to end; does not.
    private const string Stubborn = "trap 'echo asked' TERM; echo ready; while :; do read line; done";

    [Test]
    public void A_stubborn_child_is_asked_five_times_every_five_seconds_and_then_killed()
    {
        var ladder = new Ladder(Stubborn, _ => { });
        Assert.That(ladder.Run(), Is.EqualTo(["0 asked", "5 asked", "10 asked", "15 asked", "20 asked", "25 killed by SIGKILL"]));
    }

    [Test]
    public void The_ladder_may_be_another_one()
    {
        var ladder = new Ladder(Stubborn, child => child.KillLadder = new IvKillLadder { Attempts = 2, Interval = 1 * Second });
        Assert.That(ladder.Run(), Is.EqualTo(["0 asked", "1 asked", "2 killed by SIGKILL"]));
    }

    [Test]
    public void The_ladder_of_Close_is_kept_when_another_one_is_set_meanwhile()
    {
        var ladder = new Ladder(
            Stubborn,
            child => child.KillLadder = new IvKillLadder { Attempts = 2, Interval = 1 * Second },
            child => child.KillLadder = new IvKillLadder { Attempts = 0, Signal = 2, Interval = 1 * Second });
        Assert.That(ladder.Run(), Is.EqualTo(["0 asked", "1 asked", "2 killed by SIGKILL"]));
    }

    [Test]
    public void A_child_that_has_left_its_group_is_ended_all_the_same() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("sleep", ["1000"]) { NewProcessGroup = true };
        child.Start();
        using var faults = new CountingFaults();
        faults.FailAlways(SysCall.Kill, IvError.ESRCH);
        child.Close();
        loop.Run();
        Assert.That(child.Status.ToString(), Is.EqualTo("killed by SIGTERM"));
        Assert.That(faults[SysCall.Kill], Is.EqualTo(1), "the group was asked first");
    });

    [Test]
    public void Without_attempts_it_is_killed_at_once()
    {
        var ladder = new Ladder(Stubborn, child => child.KillLadder = new IvKillLadder { Attempts = 0 });
        Assert.That(ladder.Run(), Is.EqualTo(["0 killed by SIGKILL"]));
    }

    [Test]
    public void Another_signal_may_be_the_one_that_asks()
    {
        var ladder = new Ladder("echo ready; exec sleep 1000", child => child.KillLadder = new IvKillLadder { Signal = 2 });
        Assert.That(ladder.Run(), Is.EqualTo(["0 killed by SIGINT"]));
    }

    [Test]
    public void Killing_goes_on_until_the_child_is_reaped()
    {
        using var test = new TestLoop();
        using var child = new IvProcess("sleep", ["1000"]) { KillLadder = new IvKillLadder { Attempts = 1 } };
        child.Start();
        using var faults = new CountingFaults { Script = static (call, _, _) => call == SysCall.PidfdSendSignal ? IvError.ESRCH : IvError.None };
        child.Close();
        test.Timer(32 * Second, _ => test.Loop.Quit());
        test.Loop.Run();
        Assert.That(faults[SysCall.PidfdSendSignal], Is.EqualTo(7), "at 0, 5 … 30 s");
        Assert.That(child.IsRegistered, Is.True);
    }

    [Test]
    public void The_loop_lives_until_the_child_is_reaped_even_if_the_object_did_not_keep_it() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("sleep", ["1000"]) { KeepsLoopAlive = false };
        child.Start();
        loop.Run();
        Assert.That(child.Status, Is.Null, "nothing kept the loop alive");
        child.Close();
        Assert.That(child.IsClosing, Is.True);
        child.Close();
        loop.Run();
        Assert.That(child.Status.ToString(), Is.EqualTo("killed by SIGTERM"));
        Assert.That(child.IsClosing, Is.False);
        child.Close();
        Assert.That(child.IsRegistered, Is.False, "after the end Close does nothing");
    });

    [Test]
    public void Close_before_Start_does_nothing() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("true");
        child.Close();
        child.Start();
        loop.Run();
        Assert.That(child.Status!.Value.IsSuccess, Is.True);
    });

    [Test]
    public void A_group_of_its_own_is_ended_as_a_whole() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("sh", ["-c", "sleep 1000 & echo ready; wait"]) { StandardOutput = IvStdio.Pipe, NewProcessGroup = true };
        child.Start();
        var reader = new Reader(child.Output);
        Assert.That(loop.RunUntil(() => reader.Text.Length > 0, LoopThread.Patience), Is.True);
        child.Close();
        loop.Run();
        Assert.That(reader.HasEnded, Is.True);
    });

    [Test]
    public void A_child_that_may_not_be_signalled_is_let_go_of_with_a_warning()
    {
        List<string> warnings = [];
        LoopThread.Run(new IvLoopOptions { Warning = warnings.Add }, loop =>
        {
            using var child = new IvProcess("cat") { StandardInput = IvStdio.Pipe };
            child.Start();
            using (new ScriptedFaults(SysCall.PidfdSendSignal, IvError.EPERM))
            {
                child.Close();
            }

            Assert.That(child.IsRegistered, Is.False);
            loop.Run();
            child.Input.Dispose();
            Wait.For(() => ShellChild.StateOf(child.ProcessId) is null);
        });
        Assert.That(warnings, Has.One.Contains("Close can't end the child: EPERM"));
    }

    // test/iv_signal_child_test: the child of a program that catches SIGTERM has it at its default, before its exec too.
    [Test]
    public void A_child_that_is_closed_right_after_its_start_gets_the_signal_and_the_parent_does_not() => LoopThread.Run(loop =>
    {
        int caught = 0;
        using var signal = new IvSignal(PosixSignal.SIGTERM, _ => caught++) { KeepsLoopAlive = false };
        signal.Register();
        for (int i = 0; i < 20; i++)
        {
            using var child = new IvProcess("sleep", ["3600"]);
            child.Start();
            child.Close();
            loop.Run();
            Assert.That(child.Status.ToString(), Is.EqualTo("killed by SIGTERM"));
        }

        Assert.That(caught, Is.Zero);
    });

    // test/iv_popen_test: four readers at once, each with a timer that closes its child.
    [Test]
    public void Four_children_that_write_without_end_are_read_and_closed_and_the_loop_returns() => LoopThread.Run(loop =>
    {
        List<IvProcess> children = [];
        List<Reader> readers = [];
        for (int i = 0; i < 4; i++)
        {
            var child = new IvProcess("sh", ["-c", "while :; do echo tick; sleep 0.01; done"]) { StandardOutput = IvStdio.Pipe, StandardInput = IvStdio.Null };
            child.Start();
            children.Add(child);
            readers.Add(new Reader(child.Output));
            var timer = new IvTimer(static timer => ((IvProcess)timer.State!).Close()) { State = child };
            timer.Start(TimeSpan.FromMilliseconds(100));
        }

        loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(children.Select(static child => child.Status.ToString()), Is.All.EqualTo("killed by SIGTERM"));
            Assert.That(readers, Has.All.Matches<Reader>(static reader => reader!.HasEnded && reader.Text.StartsWith("tick\n", StringComparison.Ordinal)));
            Assert.That(ShellChild.Zombies(), Is.Empty);
        }
    });

    /// <summary>A child in virtual time: each time the clock jumps, what it does is waited for in real time.</summary>
    private sealed class Ladder(string line, Action<IvProcess> adjust, Action<IvProcess>? afterClose = null)
    {
        private readonly List<string> _log = [];

        public List<string> Run()
        {
            var poller = new ScriptedPoller();
            IvTimestamp begin = poller.Clock;
            using var test = new TestLoop(poller);
            using var child = new IvProcess("sh", ["-c", line]) { StandardInput = IvStdio.Pipe, StandardOutput = IvStdio.Pipe };
            adjust(child);
            child.HandlerExit = (_, status) => _log.Add($"{At()} {status}");
            child.Start();
            Assert.That(ReadLine(child), Is.EqualTo("ready"));
            nint pidfd = nint.Parse(poller.Calls.Single(static call => call.StartsWith("add ", StringComparison.Ordinal)).Split(' ')[1]);
            child.Close();
            afterClose?.Invoke(child);
            for (int second = 0; second < 60 && child.IsRegistered; second++)
            {
                // Whether it has been asked, or has ended: its pipe tells.
                poller.At(begin + (second * Second) + TimeSpan.FromMilliseconds(500), () => Look(child, poller, pidfd));
            }

            test.Loop.Run();
            child.Input.Dispose();
            child.Output.Dispose();
            return _log;

            string At() => $"{(int)(poller.Clock - begin).TotalSeconds}";

            void Look(IvProcess process, ScriptedPoller clock, nint descriptor)
            {
                // A signal was sent at this second if the ladder's clock says so: then the answer is worth waiting for.
                int second = (int)(clock.Clock - begin).TotalSeconds;
                if (!process.IsRegistered || second % (int)process.KillLadder.Interval.TotalSeconds != 0)
                {
                    return;
                }

                if (ReadLine(process) is { } asked)
                {
                    _log.Add($"{At()} {asked}");
                }
                else
                {
                    Wait.For(() => ShellChild.StateOf(process.ProcessId) == 'Z');
                    clock.Ready((descriptor, IvBands.In));
                }
            }
        }

        private static string? ReadLine(IvProcess child)
        {
            var text = new System.Text.StringBuilder();
            using var fd = new IvFd(child.Output);
            IvIoResult got = default;
            while (true)
            {
                Wait.For(() =>
                {
                    Span<byte> next = stackalloc byte[1];
                    got = fd.Read(next);
                    if (got.IsOk)
                    {
                        text.Append((char)next[0]);
                    }

                    return !got.WouldBlock;
                });
                if (!got.IsOk)
                {
                    return null;
                }

                if (text[^1] == '\n')
                {
                    return text.ToString().TrimEnd();
                }
            }
        }
    }
}
