// Runs a command, and ends it when its time is over, as timeout(1) does. What the command has started itself is ended too: it
// runs in a process group of its own. The exit code is the command's, 128 and the signal if one has killed it, and 124 if
// its time was over. A Ctrl-C, or a SIGTERM, ends the command in the same way.
//
//   dotnet run --project Ivy.Net.Examples -- run-with-timeout [--kill-after SECONDS] SECONDS COMMAND [ARGUMENT...]
//   dotnet run --project Ivy.Net.Examples -- run-with-timeout 2 sh -c "echo begun; sleep 10"
//
// It prints nothing itself but `sh: killed by SIGTERM, because 2 s were over`, to standard error.

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Ivy.Net.Examples;

internal sealed class RunWithTimeoutExample : IExample
{
    private const int TimeIsOver = 124; // as timeout(1)
    private const int Failed = 125;

    public string Name => "run-with-timeout";

    public string Summary => "Runs a command, and ends it when its time is over, as timeout(1) does.";

    public string Details => "Try `run-with-timeout 2 sleep 10`, and look at the exit code.";

    public void AddTo(Command command)
    {
        var killAfter = new SecondsOption("--kill-after", "When it is killed if it does not end when it is asked to.", 5);
        var seconds = new Argument<double>("SECONDS") { Description = "How long the command may take.", CustomParser = Parse };
        var words = new Argument<string[]>("COMMAND") { Description = "What to run.", Arity = ArgumentArity.OneOrMore };
        command.Options.Add(killAfter);
        command.Arguments.Add(seconds);
        command.Arguments.Add(words);
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(result => Run(
            [.. result.GetValue(words)!, .. result.UnmatchedTokens],
            TimeSpan.FromSeconds(result.GetValue(seconds)),
            result.GetValue(killAfter)));
    }

    private static double Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0.001 and <= 86_400)
        {
            return seconds;
        }

        result.AddError($"{text}: not a time. Give seconds from 0.001 to 86400, such as 2.5.");
        return 0;
    }

    private static int Run(string[] words, TimeSpan time, TimeSpan killAfter)
    {
        using var loop = new IvLoop();
        using var child = new IvProcess(words[0], words[1..])
        {
            NewProcessGroup = true,
            KillLadder = new IvKillLadder { Attempts = 1, Interval = killAfter },
        };
        Action<IvSignal> close = _ => child.Close(); // a Ctrl-C does not reach its group
        using var interrupted = new IvSignal(PosixSignal.SIGINT, close) { KeepsLoopAlive = false };
        using var terminated = new IvSignal(PosixSignal.SIGTERM, close) { KeepsLoopAlive = false };
        _ = (interrupted.TryRegister(), terminated.TryRegister()); // not where whoever has started us ignores them
        child.Start(); // with our standard input, output and error
        var timer = new IvTimer(static timer => ((IvProcess)timer.State!).Close()) { State = child, KeepsLoopAlive = false };
        timer.Start(time);
        loop.Run(); // until the child has ended
        if (timer.IsRegistered)
        {
            return child.Status?.ShellExitCode ?? Failed;
        }

        Console.Error.WriteLine($"{words[0]}: {child.Status?.ToString() ?? "goes on"}, because {time.TotalSeconds} s were over");
        return TimeIsOver;
    }
}
