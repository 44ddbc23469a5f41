using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Ivy.Net.Tests.Examples;

/// <summary>The examples that end by themselves.</summary>
[Platform("Linux", Reason = "starts the examples by a shell")]
internal sealed class ShortExampleTests
{
    [Test]
    [Example("hello-timer")]
    public void Hello_timer_says_hello_three_times() =>
        AssertPrints(["^hello 1 after [0-9]+ ms$", "^hello 2 after [0-9]+ ms$", "^hello 3 after [0-9]+ ms$", "^bye$"], "hello-timer");

    [Test]
    [Example("many-timers")]
    public void Many_timers_runs_each_and_none_early() =>
        AssertPrints(["^1000000 timers started in [0-9]+ ms$", "^1000000 have run after [0-9]+ ms, 0 of them too early$"], "many-timers");

    [Test]
    [Example("post")]
    public void Post_loses_nothing_and_keeps_the_order() =>
        AssertPrints(["^800000 posts from 8 threads, 0 out of order, [0-9]+ wakeups$"], "post");

    [Test]
    [Example("thread")]
    public void Thread_tells_of_each_end()
    {
        using ExampleProcess process = ExampleProcess.Run("thread");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.Zero);
            Assert.That(process.Lines[0], Is.EqualTo("running: primes-1, primes-2, careless"));
            Assert.That(process.Lines.Skip(1).SkipLast(1), Is.EquivalentTo(["primes-1: 148933", "primes-2: 148933", "careless: failed, not a number"]));
            Assert.That(process.Lines[^1], Is.EqualTo("0 threads left"));
            Assert.That(process.Errors, Is.Empty);
        }
    }

    [Test]
    [Example("work-offload")]
    public void Work_offload_ticks_while_it_hashes()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string pipe = Path.Combine(folder, "slow");
        string file = Path.Combine(folder, "fast");
        string missing = Path.Combine(folder, "missing");
        try
        {
            File.WriteAllText(file, "abc");
            using (var made = System.Diagnostics.Process.Start("mkfifo", pipe))
            {
                made.WaitForExit();
            }

            // The pipe has no end before the test has seen the others and a tick.
            using ExampleProcess process = ExampleProcess.Start("work-offload", pipe, missing, file);
            using var end = new FileStream(pipe, FileMode.Open, FileAccess.Write);
            process.WaitForLine("^tick: 1 to go$");
            process.WaitForLine("^tick: 1 to go$");
            end.Write("abc"u8);
            end.Dispose();
            Assert.That(process.WaitForExit(), Is.Zero);
            string[] outcomes = [.. process.Lines.Where(static line => !line.StartsWith("tick", StringComparison.Ordinal))];
            const string hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
            using (Assert.EnterMultipleScope())
            {
                Assert.That(outcomes[..2], Has.Some.EqualTo($"{file} {hash}"));
                Assert.That(outcomes[..2], Has.Some.StartsWith($"{missing} Could not find file"));
                Assert.That(outcomes[2..], Is.EqualTo([$"{pipe} {hash}", "3 files, 1 failed"]));
                Assert.That(process.Errors, Is.Empty);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    [Example("work-offload")]
    public void Work_offload_cancels_what_is_not_done_at_control_c()
    {
        // It has no end.
        using ExampleProcess process = ExampleProcess.Start("work-offload", "/dev/zero");
        process.WaitForLine("^tick: 1 to go$");
        process.Signal(ExampleProcess.SigInt);
        Assert.That(process.WaitForExit(), Is.Zero);
        Assert.That(process.Lines.TakeLast(2), Is.EqualTo(["/dev/zero cancelled", "1 files, 1 failed"]));
    }

    [Test]
    [Example("fatal")]
    public void Fatal_gets_the_rule_and_goes_on() => AssertPrints(
        [
            "^handler: IVF0020, Misuse, about IvTimer \"twice\"$",
            "^handler: IVF0020 IvTimer \"twice\": Register called, but it is registered on IvLoop 0 already",
            "^caught: IvFatalException; the loop goes on$",
            "^the timer runs$",
        ],
        "fatal");

    [Test]
    [Example("adopt-socket")]
    public void Adopt_socket_serves_the_connection_and_gives_it_back() => AssertPrints(
        [@"^adopted: tcp 127\.0\.0\.1:[0-9]+ -> 127\.0\.0\.1:[0-9]+$", "^the loop read: hello$", "^given back; the peer read: bye$"],
        "adopt-socket");

    [Test]
    [Example("custom-poller")]
    public void Custom_poller_traces_what_the_loop_asks()
    {
        using ExampleProcess process = ExampleProcess.Run("custom-poller");
        Assert.That(process.WaitForExit(), Is.Zero);
        process.WaitForLine("^backend: tracing-epoll$");
        string handle = process.WaitForLine("^add ([0-9]+) for In: ok$").Groups[1].Value;
        process.WaitForLine("^wait: 1 ready$");
        process.WaitForLine("^  token [0-9a-f]+: In$");
        process.WaitForLine("^read: hello$");
        process.WaitForLine($"^remove {handle}$");
    }

    [Test]
    [Example("embed")]
    public void Embed_serves_both_loops()
    {
        using ExampleProcess process = ExampleProcess.Run("embed");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.Zero);
            Assert.That(process.Lines.Where(static line => line.StartsWith("outer: ", StringComparison.Ordinal)), Has.Exactly(5).Items);
            Assert.That(process.Lines, Has.Some.EqualTo("inner: tick"));
            Assert.That(process.Lines, Has.One.EqualTo("inner: posted by another thread"));
            Assert.That(process.Lines[^1], Is.EqualTo("done"));
        }
    }

    [Test]
    [Example("simulated")]
    public void Simulated_prints_the_same_timeline_for_the_same_seed()
    {
        using ExampleProcess first = ExampleProcess.Run("simulated", "--seed", "7");
        using ExampleProcess second = ExampleProcess.Run("simulated");
        using ExampleProcess other = ExampleProcess.Run("simulated", "--seed", "99");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.WaitForExit(), Is.Zero);
            Assert.That(first.Lines, Is.EqualTo(second.Lines));
            Assert.That(first.Lines, Is.Not.EqualTo(other.Lines));
            Assert.That(first.Lines, Has.Some.Matches(@"^ *[0-9]+\.[0-9]{3} ms  client 1: round trip 4 of 4: ok$"));
            Assert.That(first.Lines, Has.Some.Contains("ECONNRESET"));
            Assert.That(first.Lines, Has.None.Contains("WRONG"));
            Assert.That(other.Lines, Has.None.Contains("WRONG"));
            Assert.That(first.Lines[^2], Does.Match("^seed 7: [0-9]+ connections, [0-9]+ messages, [0-9]+ bytes$"));
            Assert.That(first.Lines[^1], Does.Match("^faults: .*ShortWrite [0-9]+.*ConnectionReset [0-9]+"));
        }
    }

    [Test]
    [Example("connect")]
    public void Connect_connects()
    {
        using Socket listener = Listen(backlog: 1);
        AssertPrints([$"^connected: tcp 127.0.0.1:[0-9]+ -> {listener.LocalEndPoint}$"], "connect", "--port", Port(listener));
    }

    [Test]
    public void Connect_tells_that_nobody_listens()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        AssertFails("^127.0.0.1:[0-9]+: ECONNREFUSED", "connect", "--port", Port(bound));
    }

    [Test]
    public void Connect_gives_up_after_its_timeout()
    {
        // With its backlog full a listener answers no more, as a host that is down.
        using Socket listener = Listen(backlog: 0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        first.Connect(listener.LocalEndPoint!);
        AssertFails("^127.0.0.1:[0-9]+: no answer within 0.3 s$", "connect", "--port", Port(listener), "--timeout", "0.3");
    }

    [Test]
    [Example("stdin")]
    public void Stdin_counts_a_pipe_that_is_slow()
    {
        using ExampleProcess process = ExampleProcess.Start("stdin");
        process.Input.Write("one\ntwo\n");
        process.Input.Flush();
        process.Input.Write("three");
        process.Input.Close();
        Assert.That(process.WaitForExit(), Is.Zero);
        process.WaitForLine("^13 bytes, 2 lines$");
    }

    [Test]
    public void Stdin_counts_a_file()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, string.Concat(Enumerable.Repeat("0123456789\n", 10_000)));
        using ExampleProcess process = ExampleProcess.StartWithInput(file, "stdin");
        Assert.That(process.WaitForExit(), Is.Zero);
        process.WaitForLine("^110000 bytes, 10000 lines$");
        File.Delete(file);
    }

    [Test]
    public void Stdin_counts_nothing_in_dev_null()
    {
        using ExampleProcess process = ExampleProcess.StartWithInput("/dev/null", "stdin");
        Assert.That(process.WaitForExit(), Is.Zero);
        process.WaitForLine("^0 bytes, 0 lines$");
    }

    [Test]
    [Example("popen")]
    public void Popen_reads_four_children_and_ends_them()
    {
        using ExampleProcess process = ExampleProcess.Run("popen", "--seconds", "1", "sh", "-c", "echo first; echo second; while :; do sleep 0.1; done");
        Assert.That(process.WaitForExit(), Is.Zero);
        using (Assert.EnterMultipleScope())
        {
            for (int child = 1; child <= 4; child++)
            {
                Assert.That(process.Lines, Has.One.EqualTo($"{child}: first"));
                Assert.That(process.Lines, Has.One.EqualTo($"{child}: second"));
                Assert.That(process.Lines, Has.One.EqualTo($"{child}: 2 lines, killed by SIGTERM"));
            }

            Assert.That(process.Lines, Has.Count.EqualTo(12));
            Assert.That(process.Errors, Is.Empty);
        }
    }

    [TestCase("exit 0", 0)]
    [TestCase("exit 3", 3)]
    [TestCase("kill -INT $$", 130)]
    [Example("run-with-timeout")]
    public void Run_with_timeout_ends_as_its_command_does(string line, int exitCode)
    {
        using ExampleProcess process = ExampleProcess.Run("run-with-timeout", "20", "sh", "-c", $"echo out; echo err >&2; {line}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.EqualTo(exitCode));
            Assert.That(process.Lines, Is.EqualTo(["out"]));
            Assert.That(process.Errors, Is.EqualTo(["err"]));
        }
    }

    [Test]
    public void Run_with_timeout_ends_what_takes_too_long_and_what_it_has_started()
    {
        using ExampleProcess process = ExampleProcess.Run("run-with-timeout", "0.3", "sh", "-c", "sleep 1000 & wait");
        using (Assert.EnterMultipleScope())
        {
            // The last line comes when the last process that has the pipe is gone.
            Assert.That(process.WaitForExit(), Is.EqualTo(124));
            Assert.That(process.Errors, Is.EqualTo(["sh: killed by SIGTERM, because 0.3 s were over"]));
        }
    }

    [Test]
    public void Run_with_timeout_kills_what_does_not_listen()
    {
        using ExampleProcess process = ExampleProcess.Run("run-with-timeout", "--kill-after", "0.2", "0.3", "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.EqualTo(124));
            Assert.That(process.Errors, Is.EqualTo(["sh: killed by SIGKILL, because 0.3 s were over"]));
        }
    }

    [Test]
    public void Run_with_timeout_tells_what_can_not_be_started()
    {
        using ExampleProcess process = ExampleProcess.Run("run-with-timeout", "1", "ivy-no-such-program");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.EqualTo(2));
            Assert.That(process.Errors.Single(), Does.Match("^IvProcess ivy-no-such-program: start: ENOENT .*No folder of PATH has a program"));
        }
    }

    [Test]
    public void A_program_that_was_started_with_SIGCHLD_ignored_is_told_so()
    {
        using ExampleProcess process = ExampleProcess.StartByShell("exec env --ignore-signal=CHLD \"$@\"", "run-with-timeout", "1", "true");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.EqualTo(2));
            Assert.That(process.Errors.Single(), Does.Match("start: SignalIgnored .*SIGCHLD was ignored when this program was started"));
        }
    }

    [Test]
    public void A_program_without_standard_input_gives_its_children_the_right_streams()
    {
        // 0 is free: the first pipe could get it, or /dev/null.
        using ExampleProcess process = ExampleProcess.StartByShell("exec \"$@\" <&-", "popen", "--seconds", "20", "sh", "-c", "readlink /proc/self/fd/0; echo err >&2; echo out");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.Zero);
            Assert.That(process.Lines, Has.Exactly(4).Matches("^[1-4]: /dev/null$"));
            Assert.That(process.Lines, Has.Exactly(4).Matches("^[1-4]: out$"));
            Assert.That(process.Errors, Has.Exactly(4).EqualTo("err"));
        }
    }

    private static Socket Listen(int backlog)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog);
        return listener;
    }

    private static string Port(Socket socket) => $"{((IPEndPoint)socket.LocalEndPoint!).Port}";

    private static void AssertPrints(string[] patterns, params string[] arguments)
    {
        using ExampleProcess process = ExampleProcess.Run(arguments);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.Zero, string.Join('\n', process.Errors));
            Assert.That(process.Lines, Has.Count.EqualTo(patterns.Length));
            Assert.That(process.Lines.Zip(patterns, static (line, pattern) => Regex.IsMatch(line, pattern)), Has.All.True, string.Join('\n', process.Lines));
            Assert.That(process.Errors, Is.Empty);
        }
    }

    private static void AssertFails(string pattern, params string[] arguments)
    {
        using ExampleProcess process = ExampleProcess.Run(arguments);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.EqualTo(1));
            Assert.That(process.Lines, Has.Count.EqualTo(1));
            Assert.That(process.Lines, Has.All.Match(pattern));
        }
    }
}
