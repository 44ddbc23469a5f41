using System.Net;
using System.Text;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Support;

/// <summary>Sockets of a simulation without a loop: time passes in <see cref="Pass"/>.</summary>
internal sealed class SimulatedSockets : IDisposable
{
    private readonly SimulatedPoller _poller;

    public SimulatedSockets(SimulatedNetworkOptions? options = null, ulong seed = 1)
    {
        Network = new SimulatedNetwork(seed, options);
        _poller = new SimulatedPoller(Network);
    }

    public SimulatedNetwork Network { get; }

    public (IvSocket Client, IvSocket Server) Connect(int port = 7000)
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, port), network: Network);
        var client = IvSocket.Connect(new IPEndPoint(IPAddress.Loopback, port), network: Network);
        IvSocket? server = null;
        Until(() => (server = listener.Accept()) is not null);
        return (client, server!);
    }

    /// <summary>Lets virtual time pass; nothing else can end it.</summary>
    public void Pass(TimeSpan time)
    {
        IvTimestamp end = _poller.Now + time;
        while (_poller.Now < end)
        {
            Assert.That(_poller.Wait([], end, new IvReady[1]), Is.Zero);
        }
    }

    /// <summary>Lets time pass, a little at a time, until something holds.</summary>
    public void Until(Func<bool> condition)
    {
        for (int i = 0; i < 10_000 && !condition(); i++)
        {
            Pass(TimeSpan.FromMilliseconds(1));
        }
    }

    public SimulatedReadiness Readiness(IvSocket socket) =>
        Network.Find(socket.Handle, out SimulatedDescription description) == IvError.None ? description.Readiness : SimulatedReadiness.None;

    public static string Text(IvSocket socket, int room = 64)
    {
        byte[] buffer = new byte[room];
        IvIoResult result = socket.Receive(buffer);
        return result.IsOk ? Encoding.ASCII.GetString(buffer, 0, result.Bytes) : result.ToString();
    }

    public void Dispose() => _poller.Dispose();
}
