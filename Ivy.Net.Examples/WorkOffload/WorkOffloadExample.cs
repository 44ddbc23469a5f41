// Hashes files on the threads of a work pool. The loop is not held up: its timer ticks all the while, and the hashes are
// printed in the order in which they are ready.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- work-offload FILE...
//
// It prints for each file `README.md 3a6e…` (the path and its SHA-256, or why it can't be read), every 100 ms a line such as
// `tick: 2 to go`, and at the end `3 files, 1 failed`. Ctrl-C cancels what is not done yet, a second one ends it at once.

using System.CommandLine;
using System.Runtime.InteropServices;

namespace Ivy.Net.Examples;

internal sealed class WorkOffloadExample : IExample
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    public string Name => "work-offload";

    public string Summary => "Hashes files on a pool of threads while the loop goes on.";

    public string Details => "Give it some large files, and see the timer tick meanwhile.";

    public void AddTo(Command command)
    {
        var files = new Argument<string[]>("FILE") { Description = "The files to hash.", Arity = ArgumentArity.OneOrMore };
        command.Arguments.Add(files);
        command.SetAction(result => Run(result.GetValue(files)!));
    }

    private static void Run(string[] paths)
    {
        using var loop = new IvLoop();
        using var stop = new CancellationTokenSource();
        new IvSignal(PosixSignal.SIGINT, _ => Stop(stop, loop)) { KeepsLoopAlive = false }.TryRegister();
        new IvSignal(PosixSignal.SIGTERM, _ => Stop(stop, loop)) { KeepsLoopAlive = false }.TryRegister();
        using var pool = new IvWorkPool(new IvWorkPoolOptions { Name = "hash" });
        var tick = new IvTimer(_ => Console.WriteLine($"tick: {pool.UnfinishedWork} to go"));
        tick.Start(Tick, Tick);
        int failed = 0;
        foreach (string path in paths)
        {
            pool.Submit(static (file, token) => file.Hash(token), (file, result) => failed += file.Print(result) ? 0 : 1, new HashedFile(path), stop.Token);
        }

        pool.HandlerClosed = _ => tick.Dispose();
        pool.Close();
        loop.Run();
        Console.WriteLine($"{paths.Length} files, {failed} failed");
    }

    private static void Stop(CancellationTokenSource stop, IvLoop loop)
    {
        if (stop.IsCancellationRequested)
        {
            loop.Quit();
        }

        stop.Cancel();
    }
}
