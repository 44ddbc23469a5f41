using Ivy.Net.Tests.Conformance;

namespace Ivy.Net.Tests.Support;

/// <summary>A client, a relay and a server, of TCP connections of the bench's network.</summary>
internal sealed class RelayRig : IDisposable
{
    private readonly List<StreamPeer> _peers = [];

    public RelayRig(Bench bench)
    {
        (Client, IvSocket a) = bench.Connection();
        (IvSocket b, Server) = bench.Connection();
        Relay = new IvRelay(a, b, relay =>
        {
            Ends++;
            OnEnd?.Invoke(relay);
        });
    }

    public IvSocket Client { get; }

    public IvRelay Relay { get; }

    public IvSocket Server { get; }

    public int Ends { get; private set; }

    public bool HasEnded => Ends > 0;

    public Action<IvRelay>? OnEnd { get; set; }

    public StreamPeer Peer(IvSocket socket, int toSend, bool ends = true, bool reads = true)
    {
        var peer = new StreamPeer(socket, toSend, ends, reads);
        _peers.Add(peer);
        return peer;
    }

    public void Dispose()
    {
        Relay.Dispose();
        foreach (StreamPeer peer in _peers)
        {
            peer.Dispose();
        }
    }
}
