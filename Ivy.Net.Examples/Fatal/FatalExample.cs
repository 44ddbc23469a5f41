// What a broken rule looks like, and how a program has its own say: here a timer is registered twice. Without a handler the
// message and the loop's dump go to standard error, and the call throws.
//
//   dotnet run --project Ivy.Net.Examples -- fatal
//
// It prints
//   handler: IVF0020, Misuse, about IvTimer "twice"
//   handler: IVF0020 IvTimer "twice": Register called, but it is registered on IvLoop 0 already. …
//   caught: IvFatalException; the loop goes on

using System.CommandLine;

namespace Ivy.Net.Examples;

internal sealed class FatalExample : IExample
{
    public string Name => "fatal";

    public string Summary => "A handler of one's own for broken rules.";

    public string Details => "Breaks a rule on purpose: registers a timer twice.";

    public void AddTo(Command command) => command.SetAction(static _ => Run());

    private static void Run()
    {
        Action<IvFatalInfo>? before = IvFatal.SetHandler(static info =>
        {
            Console.WriteLine($"handler: {info.Id}, {info.Reason}, about {info.Subject}");
            Console.WriteLine($"handler: {info.Message}");

            // A service would log it, and end itself. If the handler returns, the call that broke the rule throws.
        });

        using var loop = new IvLoop();
        var timer = new IvTimer(static _ => Console.WriteLine("the timer runs")) { Name = "twice" };
        timer.Register();
        try
        {
            timer.Register();
        }
        catch (IvFatalException)
        {
            // Nothing was changed: rules are checked first. Catching it is for examples and tests: it is a bug in the program.
            Console.WriteLine("caught: IvFatalException; the loop goes on");
        }

        loop.Run();
        IvFatal.SetHandler(before);
    }
}
