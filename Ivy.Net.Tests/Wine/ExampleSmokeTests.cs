using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Wine;

/// <summary>Every example on Windows: it runs, or says in one line why not.</summary>
[Platform("Win", Reason = "on Linux the examples have tests of their own")]
[SupportedOSPlatform("windows")]
internal sealed partial class ExampleSmokeTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Ivy.Net.Examples.exe");

    [TestCase("hello-timer", "bye")]
    [TestCase("many-timers", " 0 of them too early")]
    [TestCase("post", " 0 out of order")]
    [TestCase("thread", "0 threads left")]
    [TestCase("work-offload Ivy.Net.dll", "1 files, 0 failed")]
    [TestCase("fatal", "caught: IvFatalException")]
    [TestCase("adopt-socket", "given back")]
    [TestCase("custom-poller", "read: hello")]
    [TestCase("simulated", "faults:")]
    public void It_runs_to_its_end(string example, string expected)
    {
        using Process process = Start(example.Split(' '));
        (string output, string errors) = End(process);
        Assert.That(process.ExitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain(expected));
    }

    [TestCase("echo")]
    [TestCase("echo-idle")]
    [TestCase("edge-echo")]
    [TestCase("cores")]
    [TestCase("chat")]
    [TestCase("epoll-port")]
    [TestCase("signals")]
    public void It_serves(string example)
    {
        using Process process = Start(example, "--port", "0");
        try
        {
            IPEndPoint address = Address(process);
            using Socket one = Connect(address);
            using Socket other = Connect(address);
            byte[] buffer = new byte[256];
            if (example != "signals")
            {
                // A member of the chat hears the others, the rest of them itself.
                one.Send("hello\n"u8);
            }

            Socket hears = example == "chat" ? other : one;
            string heard = string.Empty;
            while (!heard.Contains("hello", StringComparison.Ordinal))
            {
                int count = hears.Receive(buffer);
                Assert.That(count, Is.Positive, heard);
                heard += System.Text.Encoding.UTF8.GetString(buffer, 0, count);
            }
        }
        finally
        {
            process.Kill();
        }
    }

    [Test]
    public void Udp_echo_answers()
    {
        using Process process = Start("udp-echo", "--port", "0");
        try
        {
            IPEndPoint address = Address(process);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
            socket.Connect(address);
            socket.Send("hello"u8);
            Assert.That(socket.Receive(new byte[16]), Is.EqualTo(5));
        }
        finally
        {
            process.Kill();
        }
    }

    [Test]
    public void A_proxy_forwards_without_splice()
    {
        using Process server = Start("echo", "--port", "0");
        try
        {
            using Process proxy = Start("proxy", "--listen", "127.0.0.1:0", "--to", Address(server).ToString());
            try
            {
                using Socket client = Connect(Address(proxy));
                client.Send("hello"u8);
                Assert.That(client.Receive(new byte[16]), Is.EqualTo(5));
            }
            finally
            {
                proxy.Kill();
            }
        }
        finally
        {
            server.Kill();
        }
    }

    [TestCase("stdin", "Console.In")]
    [TestCase("popen", "System.Diagnostics.Process")]
    [TestCase("run-with-timeout 1 cmd", "System.Diagnostics.Process")]
    [TestCase("unix-echo", "127.0.0.1")]
    [TestCase("embed", "thread of its own")]
    [TestCase("watch .", "FileSystemWatcher")]
    public void It_says_in_one_line_why_not_and_what_to_use(string example, string instead)
    {
        using Process process = Start(example.Split(' '));
        (_, string errors) = End(process);
        Assert.That(process.ExitCode, Is.EqualTo(2));
        Assert.That(errors.TrimEnd(), Does.Contain(instead).And.Not.Contain("\n"));
    }

    [Test]
    public void A_client_that_is_refused_says_so()
    {
        int port;
        using (var gone = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            port = ((IPEndPoint)gone.LocalEndPoint!).Port;
        }

        using Process process = Start("connect", "--port", port.ToString());
        (string output, string errors) = End(process);
        Assert.That(output + errors, Does.Contain("refused").IgnoreCase);
    }

    [Test]
    public void Every_example_is_tried_here()
    {
        using Process process = Start();
        (string output, _) = End(process);
        IEnumerable<string> listed = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ')[0]);
        IEnumerable<string> cases = typeof(ExampleSmokeTests).GetMethods()
            .SelectMany(static method => method.GetCustomAttributes(typeof(TestCaseAttribute), inherit: false).Cast<TestCaseAttribute>())
            .Select(static tried => ((string)tried.Arguments[0]!).Split(' ')[0]);
        Assert.That(cases.Concat(["udp-echo", "proxy", "connect"]), Is.EquivalentTo(listed));
    }

    private static Process Start(params string[] arguments)
    {
        var info = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = AppContext.BaseDirectory };
        return Process.Start(info)!;
    }

    private static (string Output, string Errors) End(Process process)
    {
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(LoopThread.Patience))
        {
            process.Kill();
            Assert.Fail("It did not end.");
        }

        return (output.Result, errors.Result);
    }

    private static IPEndPoint Address(Process process)
    {
        string? line = process.StandardOutput.ReadLine();
        Match match = AddressInLine().Match(line ?? string.Empty);
        Assert.That(match.Success, Is.True, line ?? process.StandardError.ReadToEnd());
        Assert.That(line, Does.Contain("(afd").Or.Contain("(epoll port)"));
        return IPEndPoint.Parse(match.Value);
    }

    private static Socket Connect(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
        socket.Connect(address);
        return socket;
    }

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex AddressInLine();
}
