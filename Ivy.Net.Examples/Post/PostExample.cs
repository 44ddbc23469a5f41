// Eight threads hand work to one loop. The work runs on the loop's thread, one piece after the other: what it touches needs no
// lock. The posts of one thread run in their order, and a busy loop is woken once for many of them.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- post
//
// It prints `800000 posts from 8 threads, 0 out of order, 1234 wakeups`.

using System.CommandLine;

namespace Ivy.Net.Examples;

internal sealed class PostExample : IExample
{
    private const int Threads = 8;
    private const int PostsPerThread = 100_000;

    // For the loop's thread alone.
    private static readonly int[] Last = new int[Threads];
    private static int _posts;
    private static int _outOfOrder;

    public string Name => "post";

    public string Summary => "Eight threads post work into one loop.";

    public string Details => $"Each thread posts {PostsPerThread} times; the loop counts, and checks the order.";

    public void AddTo(Command command) => command.SetAction(static _ => Run());

    private static void Run()
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        for (int i = 0; i < Threads; i++)
        {
            int thread = i;
            new Thread(() => PostAll(loop, thread)) { IsBackground = true }.Start();
        }

        loop.Run(IvRunMode.KeepAlive); // posts may come although nothing is registered
        Console.WriteLine($"{_posts} posts from {Threads} threads, {_outOfOrder} out of order, {loop.Counters.Wakeups} wakeups");
    }

    private static void PostAll(IvLoop loop, int thread)
    {
        for (int number = 1; number <= PostsPerThread; number++)
        {
            // A static lambda and a value as its state: no closure, no box, no garbage.
            loop.Post(static work => Receive(work.Thread, work.Number), (Thread: thread, Number: number));
        }
    }

    private static void Receive(int thread, int number)
    {
        _outOfOrder += number == Last[thread] + 1 ? 0 : 1;
        Last[thread] = number;
        if (++_posts == Threads * PostsPerThread)
        {
            IvLoop.Current!.Quit();
        }
    }
}
