// A million timers, all due within a second, in any order. Starting and running one costs no allocation; the objects
// themselves are made before the clock runs.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- many-timers [--count N]
//
// It prints `1000000 timers started in 210 ms`, `1000000 have run after 1301 ms, 0 of them too early`.

using System.CommandLine;
using System.Diagnostics;

namespace Ivy.Net.Examples;

internal sealed class ManyTimersExample : IExample
{
    private const int Seed = 1;

    private static int _early;
    private static int _run;

    public string Name => "many-timers";

    public string Summary => "A million timers, all due within a second.";

    public string Details => "Best with `dotnet run -c Release`.";

    public void AddTo(Command command)
    {
        var count = new Option<int>("--count") { Description = "How many.", HelpName = "N", DefaultValueFactory = static _ => 1_000_000 };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--count is less than 1. Give a number from 1 to 10000000 or so.");
            }
        });
        command.Options.Add(count);
        command.SetAction(result => Run(result.GetValue(count)));
    }

    private static void Run(int count)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        var timers = new IvTimer[count];
        for (int i = 0; i < count; i++)
        {
            timers[i] = new IvTimer(Ring);
        }

        var random = new Random(Seed);
        var watch = Stopwatch.StartNew();
        loop.InvalidateNow(); // making them took a while
        foreach (IvTimer timer in timers)
        {
            timer.Start(TimeSpan.FromTicks(random.NextInt64(TimeSpan.TicksPerSecond)));
        }

        Console.WriteLine($"{count} timers started in {watch.ElapsedMilliseconds} ms");
        loop.Run();
        Console.WriteLine($"{_run} have run after {watch.ElapsedMilliseconds} ms, {_early} of them too early");
    }

    private static void Ring(IvTimer timer)
    {
        _run++;
        _early += IvLoop.Current!.Now < timer.Expires ? 1 : 0;
    }
}
