// A client of `simulated`: sends a message, waits until it has come back, and so on. Whatever goes wrong, it connects again.

using System.Net;
using System.Text;

namespace Ivy.Net.Examples;

internal sealed class SimulatedClient(EndPoint server, Action<string> log)
{
    private const int RoundTrips = 4;
    private const int MessageSize = 6000; // more than the buffers of the network hold

    private readonly byte[] _message = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("0123456789", MessageSize / 10)));
    private readonly byte[] _answer = new byte[MessageSize];
    private int _sent;
    private int _received;
    private int _done;

    public void Connect()
    {
        IvError error = IvSocket.TryConnect(server, out IvSocket? socket);
        if (socket is null)
        {
            Retry(socket, error);
            return;
        }

        _sent = _received = 0;
        new IvFd(socket) { HandlerIn = Receive, HandlerOut = Send }.Register();
    }

    // The error of a connect that failed is told by the first call.
    private void Send(IvFd fd)
    {
        IvIoResult result = fd.Socket!.Send(_message.AsSpan(_sent));
        _sent += result.Bytes;
        if (result.IsError)
        {
            Retry(fd.Socket, result.Error);
        }
        else if (_sent == MessageSize)
        {
            fd.HandlerOut = null;
        }
    }

    private void Receive(IvFd fd)
    {
        IvIoResult result = fd.Socket!.Receive(_answer.AsSpan(_received));
        _received += result.Bytes;
        if (result.IsEnd || result.IsError)
        {
            Retry(fd.Socket, result.Error);
        }
        else if (_received == MessageSize)
        {
            NextRound(fd);
        }
    }

    private void NextRound(IvFd fd)
    {
        log($"round trip {++_done} of {RoundTrips}: {(_answer.AsSpan().SequenceEqual(_message) ? "ok" : "WRONG BYTES")}");
        if (_done == RoundTrips)
        {
            fd.Socket!.Dispose();
            return;
        }

        _sent = _received = 0;
        fd.HandlerOut = Send;
    }

    private void Retry(IvSocket? socket, IvError error)
    {
        socket?.Dispose();
        log($"{error.Describe()}; tries again");
        new IvTimer(_ => Connect()).Start(TimeSpan.FromMilliseconds(5));
    }
}
