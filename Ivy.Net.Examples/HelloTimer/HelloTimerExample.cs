// The smallest loop: a periodic timer that stops itself. Nothing is registered then, and Run returns.
//
//   dotnet run --project Ivy.Net.Examples -- hello-timer
//
// It prints `hello 1 after 100 ms`, `hello 2 after 200 ms`, `hello 3 after 300 ms`, and `bye`.

using System.CommandLine;

namespace Ivy.Net.Examples;

internal sealed class HelloTimerExample : IExample
{
    private const int Times = 3;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    public string Name => "hello-timer";

    public string Summary => "The smallest loop: a periodic timer that stops itself.";

    public string Details => $"Says hello {Times} times, and ends by itself.";

    public void AddTo(Command command) => command.SetAction(static _ => Run());

    private static void Run()
    {
        using var loop = new IvLoop();
        IvTimestamp start = loop.Now;
        int calls = 0;
        var hello = new IvTimer(timer =>
        {
            Console.WriteLine($"hello {++calls} after {(loop.Now - start).TotalMilliseconds:F0} ms");
            if (calls == Times)
            {
                timer.Stop();
            }
        });
        hello.Start(Period, Period);
        loop.Run();
        Console.WriteLine("bye");
    }
}
