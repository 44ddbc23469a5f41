// Three threads of one loop: two count primes, one fails. The loop is told how each ended, and Run returns when all have.
// While they run, `top -H` shows them by their names.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- thread
//
// It prints `running: primes-1, primes-2, careless`, then in any order `primes-1: 148933`, `primes-2: 148933` and
// `careless: failed, not a number`, and at the end `0 threads left`.

using System.CommandLine;

namespace Ivy.Net.Examples;

internal sealed class ThreadExample : IExample
{
    private const int Limit = 2_000_000;

    public string Name => "thread";

    public string Summary => "Threads whose end the loop is told of, an exception included.";

    public string Details => $"Two threads count the primes below {Limit}, a third one fails.";

    public void AddTo(Command command) => command.SetAction(static _ => Run());

    private static void Run()
    {
        using var loop = new IvLoop();
        new IvThread("primes-1", CountPrimes) { HandlerExit = Report }.Start();
        new IvThread("primes-2", CountPrimes) { HandlerExit = Report }.Start();
        new IvThread("careless", static _ => throw new FormatException("not a number")) { HandlerExit = Report }.Start();

        Console.WriteLine($"running: {string.Join(", ", IvThread.Children.Select(static child => child.Name))}");
        loop.Run(); // until all have ended and were joined
        Console.WriteLine($"{IvThread.Children.Count} threads left");
    }

    // On the thread of its own.
    private static void CountPrimes(IvThread thread)
    {
        var composite = new bool[Limit];
        int count = 0;
        for (int number = 2; number < Limit; number++)
        {
            if (composite[number])
            {
                continue;
            }

            count++;
            for (int multiple = 2 * number; multiple < Limit; multiple += number)
            {
                composite[multiple] = true;
            }
        }

        thread.State = count;
    }

    // On the loop's thread.
    private static void Report(IvThread thread) => Console.WriteLine(
        thread.Exception is { } failure ? $"{thread.Name}: failed, {failure.Message}" : $"{thread.Name}: {thread.State}");
}
