// A loop inside another loop: a game, a GUI, or a C library has the main loop, and ours is a guest in it. The outer loop waits
// for one descriptor until one deadline, and then gives the inner loop a turn that does not wait. Here the outer loop is
// written by hand, on a poller; it draws a frame every 100 ms.
//
//   dotnet run --project Ivy.Net.Examples -- embed
//
// It prints `outer: frame 1`, `inner: tick`, `inner: posted by another thread` …, and `done` after half a second.

using System.CommandLine;
using Ivy.Net.Polling;

namespace Ivy.Net.Examples;

internal sealed class EmbedExample : IExample
{
    private const int Frames = 5;
    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TickTime = TimeSpan.FromMilliseconds(40);

    public string Name => "embed";

    public string Summary => "The loop inside another loop.";

    public string Details => "The outer loop draws frames; the inner one has a timer, and gets a post from another thread.";

    public void AddTo(Command command) => command.SetAction(static _ => Run());

    private static void Run()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("embed: only epoll has a descriptor that another loop can wait for. Run the loop on a thread of its own here, and Post to it.");
        }

        // epoll has a descriptor that is readable when the loop has something to do; poll has none.
        using var inner = new IvLoop(new IvLoopOptions { PollMethods = [IvPollMethod.Epoll] });
        new IvTimer(static _ => Console.WriteLine("inner: tick")).Start(TickTime, TickTime);

        using var outer = new EpollPoller();
        outer.Add(inner.BackendHandle, IvBands.In, token: 0);
        new Thread(() => inner.Post(static _ => Console.WriteLine("inner: posted by another thread"), state: null)).Start();

        Span<IvReady> ready = stackalloc IvReady[1];
        IvTimestamp nextFrame = outer.Now + FrameTime;
        for (int frame = 0; frame < Frames;)
        {
            // Until the inner loop has something to do by its descriptors or by its clock, or the outer one by its own.
            IvTimestamp deadline = inner.NextDeadline;
            outer.Wait([], deadline < nextFrame ? deadline : nextFrame, ready);
            inner.Run(IvRunMode.NonBlocking);
            if (outer.Now >= nextFrame)
            {
                Console.WriteLine($"outer: frame {++frame}");
                nextFrame += FrameTime;
            }
        }

        Console.WriteLine("done");
    }
}
