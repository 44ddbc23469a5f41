using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>A message that goes to and fro between two sockets: a wait, a receive and a send for each.</summary>
internal static class EchoAllocations
{
    private const int MessageSize = 64;

    private static readonly byte[] Buffer = new byte[4096];

    public static void OnEpoll(int count) => Echo(IvPollMethod.Epoll, count);

    public static void OnPoll(int count) => Echo(IvPollMethod.Poll, count);

    public static void OnUring(int count) => Echo(IvPollMethod.Uring, count);

    public static void ByCompletions(int count)
    {
        using var loop = new IvLoop(new IvLoopOptions { PollMethods = [IvPollMethod.Uring] });
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        using (first)
        using (second)
        {
            var counter = new Counter { Left = count };
            var one = new IvCompletionSocket(first, SendReceived) { State = counter };
            one.Register();
            new IvCompletionSocket(second, SendReceived) { State = counter }.Register();
            one.Send(Buffer.AsSpan(0, MessageSize));
            loop.Run();
        }
    }

    private static void Echo(IvPollMethod method, int count)
    {
        using var loop = new IvLoop(new IvLoopOptions { PollMethods = [method] });
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        using (first)
        using (second)
        {
            var counter = new Counter { Left = count };
            new IvFd(first) { State = counter, HandlerIn = SendBack }.Register();
            new IvFd(second) { State = counter, HandlerIn = SendBack }.Register();
            first.Send(Buffer.AsSpan(0, MessageSize));
            loop.Run();
        }
    }

    private static void SendReceived(IvCompletionSocket connection)
    {
        connection.SendReceived();
        if (--((Counter)connection.State!).Left <= 0)
        {
            connection.Loop!.Quit();
        }
    }

    private static void SendBack(IvFd fd)
    {
        IvIoResult received = fd.Socket!.Receive(Buffer);
        fd.Socket.Send(Buffer.AsSpan(0, received.Bytes));
        if (--((Counter)fd.State!).Left <= 0)
        {
            fd.Loop!.Quit();
        }
    }
}
