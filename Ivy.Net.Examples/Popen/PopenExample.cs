// Reads the output of four children at once, a line at a time, and ends them after a while: they are asked to, and killed if
// they do not listen. The loop ends when the last one has been reaped.
//
//   dotnet run --project Ivy.Net.Examples -- popen [--seconds N] [COMMAND [ARGUMENT...]]
//   dotnet run --project Ivy.Net.Examples -- popen vmstat 1
//
// It prints `2: 12:30:01` for a line of the second child, and at its end `2: 5 lines, killed by SIGTERM`.

using System.CommandLine;
using System.Text;

namespace Ivy.Net.Examples;

internal sealed class PopenExample : IExample
{
    private const int Children = 4;

    private static readonly string[] Clock = ["sh", "-c", "while :; do date +%T; sleep 1; done"];

    public string Name => "popen";

    public string Summary => "Reads the output of four children at once, and ends them after 5 s.";

    public string Details => "Give it a command of your own, as in `popen vmstat 1`; options go before it.";

    public void AddTo(Command command)
    {
        var seconds = new SecondsOption("--seconds", "When the children are ended.", 5);
        var words = new Argument<string[]>("COMMAND") { Description = "What each child runs.", DefaultValueFactory = _ => Clock };
        command.Options.Add(seconds);
        command.Arguments.Add(words);
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(result => Run([.. result.GetValue(words)!, .. result.UnmatchedTokens], result.GetValue(seconds)));
    }

    private static void Run(string[] words, TimeSpan time)
    {
        using var loop = new IvLoop();
        for (int number = 1; number <= Children; number++)
        {
            var child = new IvProcess(words[0], words[1..])
            {
                Name = $"{number}",
                StandardInput = IvStdio.Null,
                StandardOutput = IvStdio.Pipe,
                State = new LineReader($"{number}"),
                HandlerExit = static (child, status) => Console.WriteLine($"{child.Name}: {((LineReader)child.State!).Lines} lines, {status}"),
            };
            child.Start();
            new IvFd(child.Output) { State = child, HandlerIn = Read }.Register();
            new IvTimer(static timer => ((IvProcess)timer.State!).Close()) { State = child, KeepsLoopAlive = false }.Start(time);
        }

        loop.Run();
    }

    private static void Read(IvFd output)
    {
        var child = (IvProcess)output.State!;
        Span<byte> buffer = stackalloc byte[4096];
        IvIoResult got = output.Read(buffer);
        if (got.IsOk)
        {
            ((LineReader)child.State!).Add(Encoding.UTF8.GetString(buffer[..got.Bytes]));
        }
        else if (!got.WouldBlock)
        {
            output.Dispose();
            child.Output.Dispose();
        }
    }
}
