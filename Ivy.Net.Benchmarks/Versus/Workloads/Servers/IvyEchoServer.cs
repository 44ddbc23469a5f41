using System.Net;
using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>The echo server on Ivy.Net, as the example <c>echo</c> is: one thread, one buffer for all connections; per readiness one receive and one send.</summary>
internal sealed class IvyEchoServer
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Action<IvFd> _echo;
    private readonly Action<IvFd> _drain = Drain;

    private IvyEchoServer() => _echo = Echo;

    public static void Run(SubjectArguments arguments)
    {
        string method = arguments.Text("on");
        using var loop = new IvLoop(new IvLoopOptions { PollMethods = [IvPollMethod.All.First(m => m.Name == method)] });
        using var socket = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        socket.NoDelay = true; // connections inherit it
        var server = new IvyEchoServer();
        var listener = new IvListener(socket, (_, client) => new IvFd(client) { State = server, HandlerIn = server._echo }.Register());
        listener.Register();
        Announcement.Print(socket.LocalEndPoint);
        Announcement.PrintWhenWarm(arguments);
        loop.Run();
    }

    private void Echo(IvFd connection)
    {
        IvSocket client = connection.Socket!;
        IvIoResult received = client.Receive(_buffer);
        if (received.WouldBlock)
        {
            return;
        }

        Span<byte> message = _buffer.AsSpan(0, received.Bytes);
        IvIoResult sent = received.IsOk ? client.Send(message) : received;
        if (sent.IsError || sent.IsEnd)
        {
            client.Dispose();
        }
        else if (sent.Bytes < message.Length)
        {
            // The client does not read: neither do we, until it does.
            connection.State = (this, message[sent.Bytes..].ToArray());
            connection.HandlerIn = null;
            connection.HandlerOut = _drain;
        }
    }

    private static void Drain(IvFd connection)
    {
        var (server, rest) = ((IvyEchoServer, byte[]))connection.State!;
        IvIoResult sent = connection.Socket!.Send(rest);
        if (sent.IsError)
        {
            connection.Socket.Dispose();
        }
        else if (sent.Bytes < rest.Length)
        {
            connection.State = (server, rest[sent.Bytes..]);
        }
        else
        {
            connection.State = server;
            connection.HandlerOut = null;
            connection.HandlerIn = server._echo;
        }
    }
}
