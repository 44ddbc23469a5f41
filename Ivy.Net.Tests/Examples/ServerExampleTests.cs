using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using System.Text.RegularExpressions;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Examples;

/// <summary>The examples that serve until a signal ends them.</summary>
[Platform("Linux", Reason = "starts the examples by a shell")]
[SupportedOSPlatform("linux")]
internal sealed class ServerExampleTests
{
    private const int ReceiveTimeout = 30_000; // ms: only a broken example reaches it

    [Test]
    [Example("echo")]
    public void Echo_sends_back_to_all_clients_and_tells_its_totals([Values("epoll", "uring")] string engine)
    {
        using ExampleProcess process = StartEcho(engine, out IPEndPoint address);
        using Socket one = Connect(address);
        using Socket two = Connect(address);
        one.Send("one"u8);
        two.Send("two"u8);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Receive(two, 3), Is.EqualTo("two"));
            Assert.That(Receive(one, 3), Is.EqualTo("one"));
        }

        process.EndsWith("^2 connections, 2 messages, 6 bytes$");
    }

    [Test]
    public void Echo_waits_for_a_client_that_does_not_read_and_relays_its_end([Values("epoll", "uring")] string engine)
    {
        const int Megabytes = 16; // more than the buffers of both sides hold
        using ExampleProcess process = StartEcho(engine, out IPEndPoint address);
        using Socket client = Connect(address);
        byte[] data = new byte[Megabytes << 20];
        new Random(1).NextBytes(data);
        client.Blocking = false;

        // Until the server has stopped reading, and its kernel, and ours.
        int sent = 0;
        while (client.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectWrite) && sent < data.Length)
        {
            sent += client.Send(data.AsSpan(sent), SocketFlags.None, out _);
        }

        client.Blocking = true;
        client.Shutdown(SocketShutdown.Send);
        byte[] back = new byte[sent + 1];
        int received = 0;
        for (int count = 1; count > 0; received += count)
        {
            count = client.Receive(back.AsSpan(received));
        }

        Assert.That(back.AsSpan(0, received).SequenceEqual(data.AsSpan(0, sent)));
        process.EndsWith($"^1 connections, [0-9]+ messages, {sent} bytes$");
    }

    [Test]
    public void Echo_survives_a_client_that_resets([Values("epoll", "uring")] string engine)
    {
        using ExampleProcess process = StartEcho(engine, out IPEndPoint address);
        using (Socket rude = Connect(address))
        {
            rude.Send("x"u8);
            rude.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        using Socket polite = Connect(address);
        polite.Send("still there?"u8);
        Assert.That(Receive(polite, 12), Is.EqualTo("still there?"));
        process.EndsWith("^2 connections");
    }

    [Test]
    [Example("edge-echo")]
    public void Edge_echo_does_the_same_with_edges_and_with_one_shots_on_each_poll_method([Values("epoll", "poll")] string method, [Values] bool oneShot)
    {
        using ExampleProcess process = ExampleProcess.StartOn(method, ["edge-echo", "--port", "0", .. (string[])(oneShot ? ["--one-shot"] : [])]);
        IPEndPoint address = process.WaitForAddress(method);
        using Socket polite = Connect(address);
        using (Socket rude = Connect(address))
        {
            rude.Send("xx"u8);
            Receive(rude, 2);
            rude.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        // More than the buffers of both sides hold, and then the end.
        byte[] data = new byte[8 << 20];
        new Random(1).NextBytes(data);
        polite.Blocking = false;
        int sent = 0;
        while (polite.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectWrite) && sent < data.Length)
        {
            sent += polite.Send(data.AsSpan(sent), SocketFlags.None, out _);
        }

        polite.Blocking = true;
        polite.Shutdown(SocketShutdown.Send);
        byte[] back = new byte[sent + 1];
        int received = 0;
        for (int count = 1; count > 0; received += count)
        {
            count = polite.Receive(back.AsSpan(received));
        }

        Assert.That(back.AsSpan(0, received).SequenceEqual(data.AsSpan(0, sent)));
        process.EndsWith($"^2 connections, [0-9]+ messages, {sent + 2} bytes$");
    }

    [Test]
    public void Echo_ends_by_control_c()
    {
        using ExampleProcess process = ExampleProcess.Start("echo", "--port", "0", "--host", "::1");
        process.WaitForAddress();
        process.EndsWith("^0 connections, 0 messages, 0 bytes$", ExampleProcess.SigInt);
    }

    [Test]
    public void Echo_says_which_backend_it_runs_on()
    {
        using ExampleProcess process = ExampleProcess.StartOn("poll", "echo", "--port", "0");
        using Socket client = Connect(process.WaitForAddress("poll"));
        client.Send("hello"u8);
        Assert.That(Receive(client, 5), Is.EqualTo("hello"));
        process.EndsWith("^1 connections, 1 messages, 5 bytes$");
    }

    [Test]
    [Example("epoll-port")]
    public void Epoll_port_sends_back_to_all_clients_and_waits_for_those_that_do_not_read()
    {
        using ExampleProcess process = ExampleProcess.Start("epoll-port", "--port", "0");
        IPEndPoint address = process.WaitForAddress("epoll port");
        using Socket one = Connect(address);
        using Socket slow = Connect(address);
        one.Send("hello"u8);
        Assert.That(Receive(one, 5), Is.EqualTo("hello"));
        byte[] data = new byte[16 << 20]; // more than the buffers of both sides hold
        new Random(1).NextBytes(data);
        var sending = Task.Run(() =>
        {
            slow.Send(data);
            slow.Shutdown(SocketShutdown.Send);
        });
        one.Send("still there?"u8);
        Assert.That(Receive(one, 12), Is.EqualTo("still there?"));
        byte[] back = new byte[data.Length + 1];
        int received = 0;
        for (int count = 1; count > 0; received += count)
        {
            count = slow.Receive(back.AsSpan(received));
        }

        Assert.That(sending.Wait(ReceiveTimeout));
        Assert.That(back.AsSpan(0, received).SequenceEqual(data));
        process.EndsWith($"^2 connections, [0-9]+ messages, {data.Length + 17} bytes$");
    }

    [Test]
    public void Epoll_port_survives_a_client_that_resets_and_ends_by_control_c()
    {
        using ExampleProcess process = ExampleProcess.Start("epoll-port", "--port", "0");
        IPEndPoint address = process.WaitForAddress("epoll port");
        using (Socket rude = Connect(address))
        {
            rude.Send("x"u8);
            rude.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        using Socket polite = Connect(address);
        polite.Send("still there?"u8);
        Assert.That(Receive(polite, 12), Is.EqualTo("still there?"));
        process.EndsWith("^2 connections", ExampleProcess.SigInt);
    }

    [Test]
    [Example("echo-idle")]
    public void Echo_idle_ends_a_silent_connection_and_keeps_the_others()
    {
        using ExampleProcess process = ExampleProcess.Start("echo-idle", "--port", "0", "--timeout", "0.3");
        IPEndPoint address = process.WaitForAddress();
        using Socket client = Connect(address);
        client.Send("hello"u8);
        Assert.That(Receive(client, 5), Is.EqualTo("hello"));
        process.WaitForLine($"^{client.LocalEndPoint}: idle for 0.3 s$");
        Assert.That(Receive(client, 1), Is.Empty, "the end");
        process.EndsWith("^1 connections, 1 was idle$");
    }

    [Test]
    [Example("cores")]
    public void Cores_echoes_on_all_loops_and_lets_its_clients_end_at_control_c()
    {
        using ExampleProcess process = ExampleProcess.Start("cores", "--port", "0", "--loops", "3", "--accept", "RoundRobin", "--pin", "--drain", "3600");
        IPEndPoint address = process.WaitForAddress();
        Socket[] clients = [.. Enumerable.Range(0, 6).Select(_ => Connect(address))];
        foreach (Socket client in clients)
        {
            client.Send("hello"u8);
            Assert.That(Receive(client, 5), Is.EqualTo("hello"));
        }

        process.Signal(ExampleProcess.SigInt);
        foreach (Socket client in clients)
        {
            Assert.That(Receive(client, 1), Is.Empty, "the end");
            client.Dispose();
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.WaitForExit(), Is.Zero);
            Assert.That(process.Lines.Skip(1), Is.EqualTo([.. Enumerable.Range(0, 3).Select(static i => $"loop {i}: 2 connections, 2 messages, 10 bytes"), "6 accepted, 6 drained, 0 aborted"]));
            Assert.That(process.Errors, Is.Empty);
        }
    }

    [Test]
    public void Cores_sends_back_all_that_came_before_it_ends()
    {
        using ExampleProcess process = ExampleProcess.Start("cores", "--port", "0", "--loops", "1", "--drain", "3600");
        using Socket client = Connect(process.WaitForAddress());
        byte[] bytes = new byte[16 * 1024];
        long sent = 0;

        // The client does not read: until the server does not either, and nothing is on the way to it, which it could not know of.
        do
        {
            sent += client.Send(bytes);
            Wait.For(() => Queues(client.LocalEndPoint!, client.RemoteEndPoint!).Unsent == 0);
        }
        while (SpinWait.SpinUntil(() => Queues(client.RemoteEndPoint!, client.LocalEndPoint!).Unread == 0, 100));

        process.Signal(ExampleProcess.SigInt);
        long received = 0;
        for (int count = -1; count != 0; received += count)
        {
            count = client.Receive(bytes);
        }

        Assert.That(received, Is.EqualTo(sent));
        client.Dispose();
        process.WaitForLine("^1 accepted, 1 drained, 0 aborted$");
        Assert.That(process.WaitForExit(), Is.Zero);
    }

    [Test]
    public void Cores_warns_of_a_signal_that_was_ignored_at_its_start()
    {
        using ExampleProcess process = ExampleProcess.StartIgnoring("INT", "cores", "--port", "0");
        process.WaitForAddress();
        process.Signal(ExampleProcess.SigInt);
        process.Signal(ExampleProcess.SigTerm);
        process.WaitForLine("^0 accepted, 0 drained, 0 aborted$");
        Assert.That(process.WaitForExit(), Is.Zero);
        Assert.That(process.Errors, Has.Count.EqualTo(1));
        Assert.That(process.Errors[0], Does.Contain("with SIGINT ignored"));
    }

    [Test]
    public void Cores_resets_its_clients_at_the_second_control_c()
    {
        using ExampleProcess process = ExampleProcess.Start("cores", "--port", "0", "--loops", "2", "--drain", "3600");
        IPEndPoint address = process.WaitForAddress();
        using Socket one = Connect(address);
        using Socket two = Connect(address);
        foreach (Socket client in (Socket[])[one, two])
        {
            client.Send("hello"u8);
            Assert.That(Receive(client, 5), Is.EqualTo("hello"));
        }

        process.Signal(ExampleProcess.SigInt);
        Assert.That(Receive(one, 1), Is.Empty, "the end");
        one.Dispose();
        process.EndsWith("^2 accepted, [01] drained, [12] aborted$", ExampleProcess.SigInt);
        Assert.That(() => two.Send(new byte[1]), Throws.InstanceOf<SocketException>().With.Property("SocketErrorCode").EqualTo(SocketError.ConnectionReset).Or.Property("SocketErrorCode").EqualTo(SocketError.Shutdown));
    }

    [Test]
    public void Cores_resets_at_the_deadline_and_says_which_loops_it_can_not_have()
    {
        using ExampleProcess process = ExampleProcess.Start("cores", "--port", "0", "--drain", "0.1");
        using Socket silent = Connect(process.WaitForAddress());
        silent.Send("hello"u8);
        Assert.That(Receive(silent, 5), Is.EqualTo("hello"));
        process.EndsWith("^1 accepted, 0 drained, 1 aborted$");

        using ExampleProcess refused = ExampleProcess.Run("cores", "--loops", "0");
        Assert.That(refused.Errors[0], Does.StartWith("--loops 0: not a number of loops."));
    }

    [Test]
    [Example("chat")]
    public void Chat_tells_all_others_what_one_says()
    {
        using ExampleProcess process = ExampleProcess.Start("chat", "--port", "0");
        IPEndPoint address = process.WaitForAddress();
        using Socket one = Connect(address);
        process.WaitForLine("^guest1 joined$");
        Assert.That(ReceiveLine(one), Is.EqualTo("* guest1 joined"));
        using (Socket two = Connect(address))
        {
            process.WaitForLine("^guest2 joined$");
            Assert.That(ReceiveLine(two), Is.EqualTo("* guest2 joined"));
            two.Send("hel"u8);
            two.Send("lo\r\nyou\n"u8);
            Assert.That((string[])[ReceiveLine(one), ReceiveLine(one), ReceiveLine(one)], Is.EqualTo(["* guest2 joined", "guest2: hello", "guest2: you"]));
        }

        process.WaitForLine("^guest2 left$");
        Assert.That(ReceiveLine(one), Is.EqualTo("* guest2 left"));
        process.EndsWith("^2 guests, 2 lines$");
    }

    [Test]
    [Example("udp-echo")]
    public void Udp_echo_sends_datagrams_back_the_empty_one_too()
    {
        using ExampleProcess process = ExampleProcess.Start("udp-echo", "--port", "0");
        IPEndPoint address = process.WaitForAddress();
        using var client = new Socket(SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = ReceiveTimeout };
        client.Connect(address);
        foreach (string text in (string[])["hello", string.Empty, new string('x', 60_000)])
        {
            client.Send(Encoding.ASCII.GetBytes(text));
            byte[] buffer = new byte[65_536];
            Assert.That(Encoding.ASCII.GetString(buffer, 0, client.Receive(buffer)), Is.EqualTo(text));
        }

        process.EndsWith("^3 datagrams, 60005 bytes$");
    }

    [Test]
    [Example("unix-echo")]
    public void Unix_echo_is_for_its_user_takes_over_a_stale_path_and_cleans_up()
    {
        string path = Path.Combine(Path.GetTempPath(), $"ivy-{Guid.NewGuid():N}.sock");
        var endPoint = new UnixDomainSocketEndPoint(path);
        IvSocket.Listen(endPoint).Dispose(); // leaves its file behind, as a server that was killed

        using ExampleProcess process = ExampleProcess.Start("unix-echo", "--path", path);
        process.WaitForLine($@"^listening on unix:{path} \(epoll\)$");
        Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = ReceiveTimeout };
        client.Connect(endPoint);
        client.Send("hello"u8);
        Assert.That(Receive(client, 5), Is.EqualTo("hello"));
        process.EndsWith("^1 connections, 1 messages, 5 bytes$");
        Assert.That(path, Does.Not.Exist);
    }

    private static ExampleProcess StartEcho(string engine, out IPEndPoint address)
    {
        if (engine == "uring")
        {
            ConformanceBackend.Uring.RequireKernel();
        }

        ExampleProcess process = ExampleProcess.Start("echo", "--port", "0", "--engine", engine);
        address = process.WaitForAddress(engine == "uring" ? "io_uring" : engine);
        return process;
    }

    private static Socket Connect(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = ReceiveTimeout };
        socket.Connect(address);
        return socket;
    }

    // Up to so many bytes, fewer at the end.
    // proc(5), net/tcp: addresses and queues in hexadecimal.
    private static (int Unsent, int Unread) Queues(EndPoint local, EndPoint remote)
    {
        string ends = $":{((IPEndPoint)local).Port:X4} [0-9A-F]+:{((IPEndPoint)remote).Port:X4} ";
        Match line = Regex.Match(File.ReadAllText("/proc/net/tcp"), ends + "01 ([0-9A-F]+):([0-9A-F]+) ");
        Assert.That(line.Success, ends);
        return (Convert.ToInt32(line.Groups[1].Value, 16), Convert.ToInt32(line.Groups[2].Value, 16));
    }

    private static string Receive(Socket socket, int bytes)
    {
        byte[] buffer = new byte[bytes];
        int received = 0;
        for (int count = 1; count > 0 && received < bytes; received += count)
        {
            count = socket.Receive(buffer.AsSpan(received));
        }

        return Encoding.ASCII.GetString(buffer, 0, received);
    }

    private static string ReceiveLine(Socket socket)
    {
        string line = string.Empty;
        while (Receive(socket, 1) is { Length: > 0 } letter && letter != "\n")
        {
            line += letter;
        }

        return line;
    }
}
