// The server: which socket a number means, and what is done with it when it is ready. Level-triggered: one accept, one receive or
// one send for each report, and what is left is reported again.

using Ivy.Net.Polling;

namespace Ivy.Net.Examples;

internal sealed class PortEchoServer : IDisposable
{
    private const ulong ListenerNumber = 0;

    // Numbers are never used twice: a report for a client that has gone finds nobody.
    private readonly Dictionary<ulong, PortClient> _clients = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly EpollPort _port;
    private readonly IvSocket _listener;
    private (ulong Clients, long Messages, long Bytes) _total;
    private bool _isFull;

    public PortEchoServer(EpollPort port, IvSocket listener)
    {
        (_port, _listener) = (port, listener);
        port.Add(listener, EpollEvents.In, ListenerNumber);
    }

    public void Serve(ulong number)
    {
        if (number == ListenerNumber)
        {
            Accept();
        }
        else if (_clients.TryGetValue(number, out PortClient? client))
        {
            int received = client.Serve(_port, _buffer);
            if (received < 0)
            {
                Drop(client);
                return;
            }

            _total.Messages += received > 0 ? 1 : 0;
            _total.Bytes += received;
        }
    }

    public void Dispose() => _clients.Values.ToList().ForEach(Drop);

    public override string ToString() => $"{_total.Clients} connections, {_total.Messages} messages, {_total.Bytes} bytes";

    private void Accept()
    {
        IvError error = _listener.TryAccept(out IvSocket? socket);
        if (socket is not null && _port.TryAdd(socket, EpollEvents.In, _total.Clients + 1) == IvError.None)
        {
            _total.Clients++;
            _clients.Add(_total.Clients, new PortClient(socket, _total.Clients));
            return;
        }

        socket?.Dispose();
        if (error is IvError.EMFILE or IvError.ENFILE)
        {
            // The next one waits until a client leaves: reported all the time, it would keep the processor busy.
            _isFull = true;
            _port.Modify(_listener, EpollEvents.None, ListenerNumber);
        }
    }

    private void Drop(PortClient client)
    {
        _port.Remove(client.Socket);
        _clients.Remove(client.Number);
        client.Dispose();
        if (_isFull)
        {
            _isFull = false;
            _port.Modify(_listener, EpollEvents.In, ListenerNumber);
        }
    }
}
