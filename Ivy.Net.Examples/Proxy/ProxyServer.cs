// Accepts the clients of the proxy, keeps a list of its connections, and sums up.

using System.Net;

namespace Ivy.Net.Examples;

internal sealed class ProxyServer(IPEndPoint target, TimeSpan connectTimeout, TimeSpan idleTimeout)
{
    private readonly HashSet<ProxyConnection> _connections = [];
    private IvListener? _listener;
    private int _failed;
    private long _there;
    private long _back;
    private long _spliced;

    public void Listen(IvSocket socket)
    {
        _listener = new IvListener(socket, (_, client) => Welcome(client))
        {
            HandlerError = static (listener, error) => Console.WriteLine($"no client accepted: {error.Describe()}; trying again in {listener.RetryDelay.TotalMilliseconds} ms"),
        };
        _listener.Register();
    }

    /// <summary>First: no more clients. Again: no more connections.</summary>
    public void Stop()
    {
        if (_listener!.IsRegistered)
        {
            _listener.Unregister();
            _listener.Socket.Dispose();
            Console.WriteLine($"stopping: {_connections.Count} connections left");
            return;
        }

        foreach (ProxyConnection connection in _connections.ToArray())
        {
            connection.Abort();
        }
    }

    public override string ToString() =>
        $"{_listener!.Accepted} connections, {_failed} failed, {_there} bytes there, {_back} back, {_spliced} spliced";

    private void Welcome(IvSocket client)
    {
        var connection = new ProxyConnection(client, OnEnd);
        _connections.Add(connection);
        connection.Start(target, connectTimeout, idleTimeout);
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
