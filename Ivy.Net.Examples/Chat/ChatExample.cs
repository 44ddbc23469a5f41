// A chat room: what one types, all others read. One thread, so the list of members needs no lock.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- chat [--host A] [--port N]
//   socat - TCP:127.0.0.1:7000      (twice, in two terminals)
//
// It prints `listening on 127.0.0.1:7000 (epoll)`, `guest1 joined`, `guest1 left` …, and when it is ended by Ctrl-C or TERM,
// `2 guests, 7 lines`. The members read `guest1: hello`.

using System.CommandLine;
using System.Net;

namespace Ivy.Net.Examples;

internal sealed class ChatExample : IExample
{
    public string Name => "chat";

    public string Summary => "A chat room: what one client types, all others read.";

    public string Details => "Talk to it with `socat - TCP:127.0.0.1:7000` in two terminals.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        command.SetAction(result => Run(address.Of(result)));
    }

    private static void Run(IPEndPoint address)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        using var socket = IvSocket.Listen(address);
        var room = new ChatRoom();
        new IvListener(socket, (_, guest) => room.Enter(guest)).Register();

        Console.WriteLine($"listening on {socket.LocalEndPoint} ({loop.PollMethod})");
        loop.Run();
        Console.WriteLine($"{room.Guests} guests, {room.Lines} lines");
    }
}
