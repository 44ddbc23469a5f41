// The same echo server as in `echo`, on a Unix socket: it takes any listener.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- unix-echo [--path /tmp/ivy-echo.sock]
//   socat - UNIX-CONNECT:/tmp/ivy-echo.sock
//
// It prints `listening on unix:/tmp/ivy-echo.sock (epoll)`, and when it is ended by Ctrl-C or TERM,
// `2 connections, 5 messages, 34 bytes`.

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;

namespace Ivy.Net.Examples;

internal sealed class UnixEchoExample : IExample
{
    public string Name => "unix-echo";

    public string Summary => "The echo server on a Unix socket that only its user may connect to.";

    public string Details => "Talk to it with `socat - UNIX-CONNECT:/tmp/ivy-echo.sock`.";

    public void AddTo(Command command)
    {
        var path = new Option<EndPoint>("--path")
        {
            Description = "The path of the socket, or @ and an abstract name [default: /tmp/ivy-echo.sock].",
            HelpName = "PATH",
            CustomParser = ParsePath,
        };
        command.Options.Add(path);
        command.SetAction(result =>
        {
            if (OperatingSystem.IsWindows())
            {
                throw new PlatformNotSupportedException("unix-echo: its socket is for its user alone by the file's mode, which Windows does not have. Use echo, on 127.0.0.1.");
            }

            Run(result.GetValue(path) ?? IvEndPoint.Parse("unix:/tmp/ivy-echo.sock"));
        });
    }

    private static EndPoint? ParsePath(ArgumentResult result)
    {
        string path = result.Tokens[0].Value;
        if (!IvEndPoint.TryParse($"unix:{path}", out EndPoint? endPoint))
        {
            result.AddError($"--path {path}: not a path for a socket. Give an absolute one of at most 107 bytes, or @ and a name.");
        }

        return endPoint;
    }

    private static void Run(EndPoint path)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();

        // A server that was killed leaves its file behind: it is taken over if nobody answers there.
        var options = new IvListenOptions { UnlinkExisting = true, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using var listener = IvSocket.Listen(path, options);
        var server = new EchoServer(listener);
        server.Listener.Register();

        Console.WriteLine($"listening on {IvEndPoint.Format(path)} ({loop.PollMethod})");
        loop.Run();
        Console.WriteLine(server);
        if (path.ToString() is ['/', ..] file)
        {
            File.Delete(file);
        }
    }
}
