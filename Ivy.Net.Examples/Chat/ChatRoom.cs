// The room of the example `chat`: its members, and who hears what.

using System.Net.Sockets;
using System.Text;

namespace Ivy.Net.Examples;

internal sealed class ChatRoom
{
    private readonly List<ChatMember> _members = [];

    public int Guests { get; private set; }

    public int Lines { get; private set; }

    public void Enter(IvSocket guest)
    {
        var member = new ChatMember($"guest{++Guests}", guest);
        new IvFd(guest) { Name = member.Name, State = member, HandlerIn = Hear }.Register();
        _members.Add(member);
        Announce($"{member.Name} joined");
    }

    private void Hear(IvFd fd)
    {
        var speaker = (ChatMember)fd.State!;
        IvIoResult received = speaker.Socket.Receive(speaker.Free);
        if (received.IsOk)
        {
            speaker.Add(received.Bytes);
            while (speaker.TakeLine() is { } line)
            {
                Lines++;
                Tell($"{speaker.Name}: {line}\n", speaker);
            }
        }
        else if (!received.WouldBlock)
        {
            _members.Remove(speaker);
            speaker.Socket.Dispose(); // unregisters the fd, too
            Announce($"{speaker.Name} left");
        }
    }

    private void Announce(string news)
    {
        Console.WriteLine(news);
        Tell($"* {news}\n", speaker: null);
    }

    private void Tell(string text, ChatMember? speaker)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        foreach (ChatMember member in _members)
        {
            if (member != speaker && member.Socket.Send(bytes).Bytes < bytes.Length)
            {
                // Too slow to follow, or gone: it is sent away, reads the end in a later turn, and leaves as all others do.
                member.Socket.TryShutdown(SocketShutdown.Both);
            }
        }
    }
}
