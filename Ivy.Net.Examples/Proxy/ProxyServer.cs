// Accepts the clients of the proxy, keeps a list of its connections, and sums up.

namespace Ivy.Net.Examples;

internal sealed class ProxyServer
{
    private readonly HashSet<ProxyConnection> _connections = [];
    private readonly Action<ProxyConnection> _connect;
    private int _failed;
    private long _there;
    private long _back;
    private long _spliced;

    public ProxyServer(IvSocket socket, Action<ProxyConnection> connect)
    {
        _connect = connect;
        Listener = new IvListener(socket, (_, client) => Welcome(client))
        {
            HandlerError = static (listener, error) => Console.WriteLine($"no client accepted: {error.Describe()}; trying again in {listener.RetryDelay.TotalMilliseconds} ms"),
        };
    }

    public IvListener Listener { get; }

    /// <summary>First: no more clients. Again: no more connections.</summary>
    public void Stop()
    {
        if (Listener.IsRegistered)
        {
            Listener.Socket.Dispose(); // unregisters the listener
            Console.WriteLine($"stopping: {_connections.Count} connections left");
            return;
        }

        foreach (ProxyConnection connection in _connections.ToArray())
        {
            connection.Abort();
        }
    }

    public override string ToString() =>
        $"{Listener.Accepted} connections, {_failed} failed, {_there} bytes there, {_back} back, {_spliced} spliced";

    private void Welcome(IvSocket client)
    {
        var connection = new ProxyConnection(client, OnEnd);
        _connections.Add(connection);
        _connect(connection);
    }

    private void OnEnd(ProxyConnection connection, IvRelay? relay, string? failure)
    {
        _connections.Remove(connection);
        _failed += failure is null ? 0 : 1;
        _there += relay?.BytesAToB ?? 0;
        _back += relay?.BytesBToA ?? 0;
        _spliced += relay?.BytesSpliced ?? 0;
        string bytes = relay is null ? string.Empty : $"{relay.BytesAToB} bytes there, {relay.BytesBToA} back";
        Console.WriteLine($"{connection.Client}: {bytes}{(relay is null || failure is null ? string.Empty : ", then ")}{failure}");
    }
}
