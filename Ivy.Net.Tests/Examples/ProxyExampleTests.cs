using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Examples;

/// <summary>
/// The example proxy, which is the acceptance of IvRelay: what goes through it both ways at once arrives whole, and is spliced.
/// </summary>
[Platform("Linux", Reason = "starts the examples by a shell")]
[NonParallelizable] // whole gigabytes
internal sealed class ProxyExampleTests
{
    private const int Megabyte = 1 << 20;

    [Test]
    [Example("proxy")]
    [Category("M1")]
    public void Sixty_four_megabytes_both_ways_at_once_arrive_whole_and_spliced([Values("epoll", "poll", "io_uring")] string backend) =>
        Transfer(backend, 64, TimeSpan.FromSeconds(60));

    [Test]
    [Explicit("a gigabyte each way")]
    [Category("Stress")]
    public void A_gigabyte_both_ways_at_once_arrives_whole_and_spliced([Values("epoll", "poll", "io_uring")] string backend) =>
        Transfer(backend, 1024, TimeSpan.FromMinutes(5));

    [Test]
    public void An_end_is_passed_on_and_the_answer_still_comes()
    {
        using var server = Listener.Start();
        using ExampleProcess process = Start(server.Address);
        using Socket client = Connect(process.WaitForAddress());
        client.Send("question"u8);
        client.Shutdown(SocketShutdown.Send);
        using Socket accepted = server.Accept();
        Assert.That(ReadAll(accepted), Is.EqualTo("question"));
        accepted.Send("answer"u8);
        accepted.Shutdown(SocketShutdown.Send);
        Assert.That(ReadAll(client), Is.EqualTo("answer"));
        process.WaitForLine($"^{client.LocalEndPoint}: 8 bytes there, 6 back$");
        process.EndsWith("^1 connections, 0 failed, 8 bytes there, 6 back, 14 spliced$");
    }

    [Test]
    public void A_server_that_is_not_there_ends_the_client_with_a_line_that_says_so()
    {
        using var unused = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        unused.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using ExampleProcess process = Start((IPEndPoint)unused.LocalEndPoint!);
        using Socket client = Connect(process.WaitForAddress());
        Assert.That(ReadAll(client), Is.Empty, "the end");
        process.WaitForLine($"^{client.LocalEndPoint}: {unused.LocalEndPoint}: ECONNREFUSED");
        process.EndsWith("^1 connections, 1 failed, 0 bytes there");
    }

    [Test]
    public void A_server_that_does_not_answer_is_given_up_after_the_timeout()
    {
        // With its backlog full a listener answers no more, as a host that is down.
        using var deaf = Listener.Start(backlog: 0);
        using Socket first = Connect(deaf.Address);
        using ExampleProcess process = Start(deaf.Address, "--connect-timeout", "0.3");
        using Socket client = Connect(process.WaitForAddress());
        Assert.That(ReadAll(client), Is.Empty, "the end");
        process.WaitForLine($"^{client.LocalEndPoint}: {deaf.Address}: no answer within 0.3 s$");
        process.EndsWith("^1 connections, 1 failed");
    }

    [Test]
    public void A_silent_connection_is_ended_after_the_timeout()
    {
        using var server = Listener.Start();
        using ExampleProcess process = Start(server.Address, "--idle-timeout", "0.3");
        using Socket client = Connect(process.WaitForAddress());
        using Socket accepted = server.Accept();
        client.Send("x"u8);
        Assert.That(ReadAll(client), Is.Empty, "the end");
        Assert.That(ReadAll(accepted), Is.EqualTo("x"), "and the end");
        process.WaitForLine($"^{client.LocalEndPoint}: 1 bytes there, 0 back, then idle for 0.3 s$");
        process.EndsWith("^1 connections, 1 failed, 1 bytes there");
    }

    [Test]
    public void A_reset_is_passed_on_and_told_of()
    {
        using var server = Listener.Start();
        using ExampleProcess process = Start(server.Address);
        Socket client = Connect(process.WaitForAddress());
        client.Send("x"u8);
        using Socket accepted = server.Accept();
        Assert.That(accepted.Receive(new byte[1]), Is.EqualTo(1));
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
        Assert.That(() => accepted.Receive(new byte[1]), Throws.TypeOf<SocketException>().With.Property("SocketErrorCode").EqualTo(SocketError.ConnectionReset));
        process.WaitForLine("1 bytes there, 0 back, then client: ECONNRESET");
        process.EndsWith("^1 connections, 1 failed");
    }

    [Test]
    public void On_term_it_takes_no_more_clients_and_lets_the_others_finish()
    {
        using var server = Listener.Start();
        using ExampleProcess process = Start(server.Address);
        IPEndPoint address = process.WaitForAddress();
        using Socket client = Connect(address);
        using Socket accepted = server.Accept();
        process.Signal(ExampleProcess.SigTerm);
        process.WaitForLine("^stopping: 1 connections left$");
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.That(() => late.Connect(address), Throws.TypeOf<SocketException>());
        client.Send("still there?"u8);
        client.Shutdown(SocketShutdown.Send);
        Assert.That(ReadAll(accepted), Is.EqualTo("still there?"));
        accepted.Shutdown(SocketShutdown.Send);
        process.WaitForLine("^1 connections, 0 failed, 12 bytes there, 0 back, 12 spliced$");
        Assert.That(process.WaitForExit(), Is.Zero);
    }

    [Test]
    public void A_second_signal_aborts_what_still_runs()
    {
        using var server = Listener.Start();
        using ExampleProcess process = Start(server.Address);
        using Socket client = Connect(process.WaitForAddress());
        client.Send("x"u8);
        using Socket accepted = server.Accept();
        Assert.That(accepted.Receive(new byte[1]), Is.EqualTo(1));
        process.Signal(ExampleProcess.SigTerm);
        process.WaitForLine("^stopping: 1 connections left$");
        process.Signal(ExampleProcess.SigTerm);
        process.WaitForLine("then aborted$");
        process.WaitForLine("^1 connections, 1 failed, 1 bytes there, 0 back, 1 spliced$");
        Assert.That(process.WaitForExit(), Is.Zero);
    }

    private static ExampleProcess Start(IPEndPoint target, params string[] options) =>
        ExampleProcess.Start(["proxy", "--listen", "127.0.0.1:0", "--to", $"{target}", .. options]);

    private static void Transfer(string backend, int megabytes, TimeSpan patience)
    {
        using var server = Listener.Start();
        using ExampleProcess process = ExampleProcess.StartOn(backend, "proxy", "--listen", "127.0.0.1:0", "--to", $"{server.Address}");
        using Socket client = Connect(process.WaitForAddress(backend));
        using Socket accepted = server.Accept();
        long start = Stopwatch.GetTimestamp();
        string[] hashes = new string[4];
        Action wait = LoopThread.Begin(4, number => hashes[number] = number switch
        {
            0 => RandomStream.Send(client, seed: 1, megabytes),
            1 => RandomStream.Receive(accepted),
            2 => RandomStream.Send(accepted, seed: 2, megabytes),
            _ => RandomStream.Receive(client),
        }, patience);
        wait();
        TestContext.Out.WriteLine($"{megabytes} MiB each way in {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s");
        Assert.That(hashes[1], Is.EqualTo(hashes[0]), "from the client to the server");
        Assert.That(hashes[3], Is.EqualTo(hashes[2]), "from the server to the client");

        long bytes = (long)megabytes * Megabyte;
        Match ended = process.WaitForLine($"^{client.LocalEndPoint}: {bytes} bytes there, {bytes} back$");
        Assert.That(ended.Success);
        process.EndsWith($"^1 connections, 0 failed, {bytes} bytes there, {bytes} back, {2 * bytes} spliced$");
    }

    private static Socket Connect(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
        socket.Connect(address);
        return socket;
    }

    private static string ReadAll(Socket socket)
    {
        byte[] buffer = new byte[100];
        int received = 0;
        for (int count = 1; count > 0; received += count)
        {
            count = socket.Receive(buffer.AsSpan(received));
        }

        return System.Text.Encoding.ASCII.GetString(buffer, 0, received);
    }

    private sealed class Listener(Socket socket) : IDisposable
    {
        public IPEndPoint Address => (IPEndPoint)socket.LocalEndPoint!;

        public static Listener Start(int backlog = 10)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            socket.Listen(backlog);
            return new Listener(socket);
        }

        public Socket Accept()
        {
            Assert.That(socket.Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead), "nobody connects");
            Socket peer = socket.Accept();
            peer.ReceiveTimeout = 30_000;
            return peer;
        }

        public void Dispose() => socket.Dispose();
    }
}
