// Counts what comes in on standard input, be it a terminal, a pipe or a file. A file has no readiness (epoll says EPERM):
// with AlwaysReady it is called in every turn instead. At a terminal, Ctrl-D ends the input.
//
//   dotnet run --project Ivy.Net.Examples -- stdin
//   ls | dotnet run --project Ivy.Net.Examples -- stdin
//   dotnet run --project Ivy.Net.Examples -- stdin < README.md
//
// It prints `12 bytes, 3 lines`.

using System.CommandLine;

namespace Ivy.Net.Examples;

internal sealed class StdinExample : IExample
{
    private const nint StandardInput = 0;

    private static readonly byte[] Buffer = new byte[16 * 1024];
    private static long _bytes;
    private static long _lines;

    public string Name => "stdin";

    public string Summary => "Counts what is typed; the input may also be a pipe or a file.";

    public string Details => "Ctrl-D ends the input, Ctrl-C the example.";

    public void AddTo(Command command) => command.SetAction(static _ => Run());

    private static void Run()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("stdin: Windows watches sockets alone. Read Console.In on a thread of your own there, and loop.Post what comes.");
        }

        using var loop = new IvLoop();
        QuitSignals.Register();

        // Made non-blocking by Register, and blocking again at the end: the shell shares the terminal with us.
        using var input = new IvFd(StandardInput) { Name = "stdin", AlwaysReady = true, HandlerIn = Count };
        input.Register();
        loop.Run();
        Console.WriteLine($"{_bytes} bytes, {_lines} lines");
    }

    private static void Count(IvFd input)
    {
        IvIoResult read = input.Read(Buffer);
        if (read.IsOk)
        {
            _bytes += read.Bytes;
            _lines += Buffer.AsSpan(0, read.Bytes).Count((byte)'\n');
        }
        else if (!read.WouldBlock)
        {
            input.Unregister(); // the end: nothing is registered any more, and Run returns
        }
    }
}
