// One client of the proxy: first the attempt to reach the server, within a time; then a relay between the two.

using System.Net;

namespace Ivy.Net.Examples;

internal sealed class ProxyConnection(IvSocket client, Action<ProxyConnection, IvRelay?, string?> onEnd)
{
    private IvFd? _attempt;
    private IvTimeout? _deadline;
    private IvRelay? _relay;

    public EndPoint? Client { get; } = client.RemoteEndPoint;

    public void Start(IPEndPoint target, TimeSpan connectTimeout, TimeSpan idleTimeout)
    {
        IvError error = IvSocket.TryConnect(target, out IvSocket? server);
        if (error != IvError.None)
        {
            // No descriptor is left (EMFILE), no way there (ENETUNREACH) …
            GiveUp($"{target}: {error.Describe()}");
            return;
        }

        _deadline = new IvTimeout(connectTimeout, _ => GiveUp($"{target}: no answer within {connectTimeout.TotalSeconds} s"));
        _attempt = new IvFd(server!)
        {
            HandlerOut = fd =>
            {
                IvError outcome = fd.Socket!.TakeError();
                if (outcome != IvError.None)
                {
                    GiveUp($"{target}: {outcome.Describe()}");
                    return;
                }

                _deadline.Stop();
                fd.Unregister();
                Relay(server!, idleTimeout);
            },
        };
        _attempt.Register();
        _deadline.Start();
    }

    public void Abort()
    {
        if (_relay is null)
        {
            GiveUp("aborted");
        }

        _relay?.Abort();
    }

    // From here on the two sockets are the relay's.
    private void Relay(IvSocket server, TimeSpan idleTimeout)
    {
        _relay = new IvRelay(client, server, relay => onEnd(this, relay, relay.Error switch
        {
            IvError.None => null,
            IvError.ECANCELED => "aborted",
            IvError.ETIMEDOUT when relay.FailedSocket is null => $"idle for {relay.IdleTimeout.TotalSeconds} s",
            IvError error => $"{(relay.FailedSocket == relay.A ? "client" : "server")}: {error.Describe()}",
        }))
        { IdleTimeout = idleTimeout };
        _relay.Register();
    }

    private void GiveUp(string why)
    {
        _deadline?.Stop();
        _attempt?.Socket!.Dispose();
        client.Dispose();
        onEnd(this, null, why);
    }
}
