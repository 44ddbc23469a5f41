// The end of the echo service: it sends back what has come, and then says that nothing more will.

using System.Net.Sockets;

namespace Ivy.Net.Examples;

public partial class EchoService
{
    // Those that have an Unsent.
    private readonly HashSet<IvSocket> _behind = [];
    private bool _isEnding;

    // Clients are told that nothing more will come; those that have something to get yet, when they have got it.
    public void End(IEnumerable<IvSocket> clients)
    {
        _isEnding = true;
        foreach (IvSocket client in clients)
        {
            EndIfIdle(client);
        }
    }

    private void OnUpToDate(IvSocket client)
    {
        _behind.Remove(client);
        EndIfIdle(client);
    }

    private void EndIfIdle(IvSocket client)
    {
        Span<byte> request = stackalloc byte[1];
        if (_isEnding && !_behind.Contains(client) && client.Peek(request).WouldBlock)
        {
            client.TryShutdown(SocketShutdown.Send);
        }
    }
}
