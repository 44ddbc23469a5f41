using System.Net;
using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Examples;

/// <summary>The example that is told by signals what to do, and what a parent that ignores them leaves of it.</summary>
[Platform("Linux", Reason = "starts the examples by a shell")]
internal sealed class SignalExampleTests
{
    private const int SigHup = 1;

    [Test]
    [Example("signals")]
    public void Signals_drains_on_the_first_TERM_and_aborts_on_the_second()
    {
        using ExampleProcess process = ExampleProcess.Start("signals", "--port", "0");
        IPEndPoint address = process.WaitForAddress();
        using Socket one = Greeted(address, "hello");
        using Socket two = Greeted(address, "hello");
        process.Signal(ExampleProcess.SigTerm);
        process.WaitForLine("^draining: 2 connections$");
        Assert.That(() => Greeted(address, "refused"), Throws.TypeOf<SocketException>());
        process.EndsWith("^aborted: 2 connections$");
    }

    [Test]
    public void Run_with_timeout_ends_its_command_when_it_is_ended_itself([Values(ExampleProcess.SigInt, ExampleProcess.SigTerm)] int signal)
    {
        using ExampleProcess process = ExampleProcess.Start("run-with-timeout", "20", "sh", "-c", "echo $$; sleep 1000 & wait");
        int command = int.Parse(process.WaitForLine("^[0-9]+$").Value);
        process.Signal(signal);

        // Its standard output ends when the last process that has the pipe is gone.
        Assert.That(process.WaitForExit(), Is.EqualTo(128 + ExampleProcess.SigTerm));
        Assert.That(ShellChild.StateOf(command), Is.Null, "reaped");
    }

    [Test]
    public void Signals_ends_by_itself_when_its_last_client_has_gone()
    {
        using ExampleProcess process = ExampleProcess.Start("signals", "--port", "0");
        Socket client = Greeted(process.WaitForAddress(), "hello");
        process.Signal(ExampleProcess.SigInt);
        process.WaitForLine("^draining: 1 connections$");
        client.Dispose();
        process.WaitForLine("^all done$");
        Assert.That(process.WaitForExit(), Is.Zero);
    }

    [Test]
    public void Signals_reloads_on_HUP_and_shows_its_loop_on_USR1()
    {
        string greeting = Path.GetTempFileName();
        try
        {
            File.WriteAllText(greeting, "before");
            using ExampleProcess process = ExampleProcess.Start("signals", "--port", "0", "--greeting", greeting);
            IPEndPoint address = process.WaitForAddress();
            using Socket one = Greeted(address, "before");
            File.WriteAllText(greeting, "after");
            process.Signal(SigHup);
            process.WaitForLine("^reloaded$");
            using Socket two = Greeted(address, "after");
            process.Signal(Native.SigUsr1);
            process.WaitForLine("^ivy loop 0 ");
            process.WaitForLine("^  signal    SIGUSR1 count=1$");
            process.Signal(ExampleProcess.SigTerm);
            process.WaitForLine("^draining");
            process.EndsWith("^aborted: 2 connections$", ExampleProcess.SigInt);
        }
        finally
        {
            File.Delete(greeting);
        }
    }

    [Test]
    public void A_signal_that_the_parent_had_ignored_is_told_and_stays_ignored()
    {
        using ExampleProcess process = ExampleProcess.StartIgnoring("HUP", "signals", "--port", "0");
        process.WaitForLine("^SIGHUP: The process ignores the signal$");
        process.WaitForAddress();
        process.Signal(SigHup);
        process.EndsWith("^all done$");
    }

    [Test]
    public void An_example_that_a_script_started_in_the_background_ends_by_TERM()
    {
        using ExampleProcess process = ExampleProcess.StartIgnoring("INT", "echo", "--port", "0");
        process.WaitForAddress();
        process.Signal(ExampleProcess.SigInt);
        process.EndsWith("^0 connections, 0 messages, 0 bytes$");
    }

    private static Socket Greeted(IPEndPoint address, string greeting)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
        socket.Connect(address);
        byte[] buffer = new byte[100];
        int count = socket.Receive(buffer);
        Assert.That(System.Text.Encoding.ASCII.GetString(buffer, 0, count).TrimEnd(), Is.EqualTo(greeting));
        return socket;
    }
}
