using Ivy.Net.Edge;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>A message that goes to and fro between two sockets of an EdgeLoop, and a timer that goes on.</summary>
internal static class EdgeAllocations
{
    private const int MessageSize = 64;

    private static readonly byte[] Buffer = new byte[4096];

    public static void EdgesOnEpoll(int count) => Echo(IvPollMethod.Epoll, EdgeTrigger.Edge, count);

    public static void EdgesOnPoll(int count) => Echo(IvPollMethod.Poll, EdgeTrigger.Edge, count);

    public static void OneShotOnEpoll(int count) => Echo(IvPollMethod.Epoll, EdgeTrigger.OneShot, count);

    public static void Timer(int count)
    {
        using var edge = new EdgeLoop<State, Callbacks>();
        using EdgeTimer<State> timer = edge.CreateTimer(new State { Counter = new Counter { Left = count } });
        timer.Start(TimeSpan.Zero);
        while (timer.State.Counter.Left > 0)
        {
            edge.Review(Timeout.InfiniteTimeSpan);
        }
    }

    private static void Echo(IvPollMethod method, EdgeTrigger trigger, int count)
    {
        using var edge = new EdgeLoop<State, Callbacks>(new EdgeLoopOptions { Trigger = trigger, Loop = new IvLoopOptions { PollMethods = [method] } });
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        using (first)
        using (second)
        {
            var state = new State { Counter = new Counter { Left = count } };
            edge.Arm(first, IvBands.In | IvBands.Out, state);
            edge.Arm(second, IvBands.In | IvBands.Out, state);
            first.Send(Buffer.AsSpan(0, MessageSize));
            while (state.Counter.Left > 0)
            {
                edge.Review(Timeout.InfiniteTimeSpan);
            }
        }
    }

    private struct State
    {
        public Counter Counter;
    }

    private readonly struct Callbacks : IEdgeCallbacks<State>
    {
        public static void OnData(EdgeFd<State> fd)
        {
            IvIoResult received = fd.Read(Buffer);
            fd.Write(Buffer.AsSpan(0, received.Bytes));
            fd.State.Counter.Left--;
            if (fd.Loop.Trigger == EdgeTrigger.OneShot)
            {
                fd.ArmRead();
            }
        }

        public static void OnReady(EdgeFd<State> fd)
        {
        }

        public static void OnError(EdgeFd<State> fd, IvError error) => fd.Close();

        public static void OnClose(EdgeFd<State> fd, EdgeCloseReason reason)
        {
        }

        public static void OnTimer(EdgeTimer<State> timer)
        {
            if (--timer.State.Counter.Left > 0)
            {
                timer.Start(TimeSpan.Zero);
            }
        }
    }
}
