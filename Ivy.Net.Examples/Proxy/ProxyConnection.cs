// One client of the proxy: first the attempt to reach the server, within a time; then a relay between the two.

using System.Net;

namespace Ivy.Net.Examples;

internal sealed class ProxyConnection(IvSocket client, Action<ProxyConnection, IvRelay?, string?> onEnd)
{
    public EndPoint? Client { get; } = client.RemoteEndPoint;

    /// <summary>Ends what is going on at the moment.</summary>
    public Action Abort { get; private set; } = static () => { };

    public void Connect(IPEndPoint target, TimeSpan connectTimeout, TimeSpan idleTimeout)
    {
        IvError error = IvSocket.TryConnect(target, out IvSocket? server);
        if (error != IvError.None)
        {
            // No descriptor is left (EMFILE), no way there (ENETUNREACH) …
            GiveUp($"{target}: {error.Describe()}");
            return;
        }

        var deadline = new IvTimeout(connectTimeout, _ => Fail($"no answer within {connectTimeout.TotalSeconds} s"));
        var attempt = new IvFd(server!)
        {
            HandlerOut = fd =>
            {
                deadline.Stop();
                IvError outcome = server!.TakeError();
                if (outcome != IvError.None)
                {
                    Fail(outcome.Describe());
                    return;
                }

                fd.Unregister();
                Relay(server, idleTimeout);
            },
        };
        Abort = () =>
        {
            deadline.Stop();
            Fail("aborted");
        };
        attempt.Register();
        deadline.Start();

        void Fail(string why)
        {
            server!.Dispose(); // unregisters the attempt
            GiveUp($"{target}: {why}");
        }
    }

    // From here on the two sockets are the relay's.
    private void Relay(IvSocket server, TimeSpan idleTimeout)
    {
        var relay = new IvRelay(client, server, relay => onEnd(this, relay, relay.Error switch
        {
            IvError.None => null,
            IvError.ECANCELED => "aborted",
            IvError.ETIMEDOUT when relay.FailedSocket is null => $"idle for {relay.IdleTimeout.TotalSeconds} s",
            IvError error => $"{(relay.FailedSocket == relay.A ? "client" : "server")}: {error.Describe()}",
        }))
        { IdleTimeout = idleTimeout };
        Abort = relay.Abort;
        relay.Register();
    }

    private void GiveUp(string why)
    {
        client.Dispose();
        onEnd(this, null, why);
    }
}
