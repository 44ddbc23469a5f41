using System.Net;
using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>The echo server on the completion engine of io_uring, as the example <c>echo --engine uring</c> is: what has come goes back out of the same buffer.</summary>
internal static class CompletionEchoServer
{
    // A client that does not read its echo is not read either, from here on.
    private const int MostUnsent = 64 * 1024;

    /// <summary>Whether the kernel, and whoever confines this process, lets it have the engine.</summary>
    public static bool IsAvailable
    {
        get
        {
            try
            {
                using var poller = new UringPoller();
                return poller.Completions is not null;
            }
            catch (IvException)
            {
                return false;
            }
        }
    }

    public static void Run(SubjectArguments arguments)
    {
        using var loop = new IvLoop(new IvLoopOptions { PollMethods = [IvPollMethod.Uring] });
        using var socket = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        socket.NoDelay = true; // connections inherit it
        Action<IvCompletionSocket> echo = Echo;
        var listener = new IvCompletionListener(socket, (_, client) => new IvCompletionSocket(client, echo).Register());
        listener.Register();
        Announcement.Print(socket.LocalEndPoint);
        Announcement.PrintWhenWarm(arguments);
        loop.Run();
    }

    private static void Echo(IvCompletionSocket client)
    {
        if (!client.Result.IsOk)
        {
            client.CloseWhenSent();
            return;
        }

        client.SendReceived();
        if (client.Unsent > MostUnsent)
        {
            client.IsReceiving = false;
            client.HandlerSent = Resume;
        }
    }

    private static void Resume(IvCompletionSocket client)
    {
        client.HandlerSent = null;
        client.IsReceiving = true;
    }
}
