using System.Net;
using System.Net.Sockets;
using Ivy.Net.Examples;

namespace Ivy.Net.Tests.Examples;

/// <summary>The program around the examples: the list, the help, and one line for each mistake.</summary>
[Platform("Linux", Reason = "starts the examples by a shell")]
internal sealed class CommandLineTests
{
    private const int UsageError = 2;

    [Test]
    public void Alone_it_lists_the_examples_a_line_each()
    {
        using ExampleProcess process = ExampleProcess.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.Zero);
            Assert.That(process.Lines.Select(static line => line.Split(' ')[0]), Is.EqualTo(ExampleCatalog.All.Select(static example => example.Name)));
            Assert.That(process.Errors, Is.Empty);
        }
    }

    [Test]
    public void Help_explains_one_example()
    {
        using ExampleProcess process = ExampleProcess.Run("echo", "--help");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.Zero);
            Assert.That(string.Join('\n', process.Lines), Does.Contain("--host").And.Contain("--port").And.Contain("socat - TCP:127.0.0.1:7000"));
        }
    }

    [TestCase("Try --help", "no-such-example")]
    [TestCase("Try --help", "echo", "--no-such-option")]
    [TestCase("Try --help", "echo", "--port")]
    [TestCase("from 1 to 65535", "echo", "--port", "70000")]
    [TestCase("from 1 to 65535", "echo", "--port", "seven")]
    [TestCase("such as 127.0.0.1", "echo", "--host", "nonsense")]
    [TestCase("such as 127.0.0.1", "echo", "--host", "127.0.0.1:80")]
    [TestCase("such as 127.0.0.1", "echo", "--host", "010.0.0.1")]
    [TestCase("see ip addr", "echo", "--host", "192.0.2.1", "--port", "0")]
    [TestCase("such as 2.5", "connect", "--timeout", "never")]
    [TestCase("an absolute one", "unix-echo", "--path", "relative.sock")]
    [TestCase("make it first", "unix-echo", "--path", "/no/such/directory/x.sock")]
    [TestCase("from 1 to", "many-timers", "--count", "0")]
    public void A_mistake_gets_one_line_that_says_what_to_do(string advice, params string[] arguments)
    {
        using ExampleProcess process = ExampleProcess.Run(arguments);
        AssertOneLine(process, advice);
    }

    [Test]
    public void A_port_in_use_gets_one_line_that_says_what_to_do()
    {
        using var occupant = new Socket(SocketType.Stream, ProtocolType.Tcp);
        occupant.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        occupant.Listen();
        using ExampleProcess process = ExampleProcess.Run("echo", "--port", $"{((IPEndPoint)occupant.LocalEndPoint!).Port}");
        AssertOneLine(process, "choose another port");
    }

    [Test]
    public void A_backend_that_does_not_exist_gets_one_line_that_names_those_that_do()
    {
        using ExampleProcess process = ExampleProcess.StartOn("nonsense", "echo");
        AssertOneLine(process, "epoll, poll");
    }

    private static void AssertOneLine(ExampleProcess process, string advice)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.EqualTo(UsageError));
            Assert.That(process.Lines, Is.Empty);
            Assert.That(process.Errors, Has.Count.EqualTo(1));
            Assert.That(process.Errors, Has.All.Contain(advice));
        }
    }
}
