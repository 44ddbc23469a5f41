using Ivy.Net.Interop.Windows;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>A socket of Linux, as AFD would see it.</summary>
internal sealed class AfdLinuxSocket
{
    private readonly bool _isStream;
    private bool _wasConnected;
    private bool _hasFailed;

    public AfdLinuxSocket(int fd)
    {
        Fd = fd;
        _isStream = ModelCalls.Option(fd, ModelCalls.SolSocket, ModelCalls.SoType) == ModelCalls.SockStream;
        _wasConnected = ModelCalls.HasPeer(fd);
    }

    public int Fd { get; }

    /// <summary>The block of the poll that is pending, or 0.</summary>
    public nint Poll { get; set; }

    public AfdEvents State()
    {
        int seen = ModelCalls.Poll(Fd);
        AfdEvents urgent = (seen & ModelCalls.PollPri) != 0 ? AfdEvents.ReceiveExpedited : 0;
        AfdEvents room = (seen & ModelCalls.PollOut) != 0 ? AfdEvents.Send : 0;
        if (!_isStream)
        {
            return urgent | room | ((seen & ModelCalls.PollIn) != 0 ? AfdEvents.Receive : 0);
        }

        if (ModelCalls.Option(Fd, ModelCalls.SolSocket, ModelCalls.SoAcceptConn) == 1)
        {
            return (seen & ModelCalls.PollIn) != 0 ? AfdEvents.Accept : 0;
        }

        bool isHung = (seen & ModelCalls.PollHup) != 0;
        bool hasEnded = (seen & ModelCalls.PollRdHup) != 0;
        if (isHung && !hasEnded)
        {
            // It never began to connect: a hang-up to Linux, and nothing to AFD.
            return AfdEvents.None;
        }

        _wasConnected = _wasConnected || ModelCalls.HasPeer(Fd);
        _hasFailed = _hasFailed || (seen & ModelCalls.PollErr) != 0;
        if (_hasFailed)
        {
            // Linux forgets the error when it is asked for.
            return _wasConnected ? AfdEvents.Abort | room : AfdEvents.ConnectFail;
        }

        return urgent | room
            | (_wasConnected ? AfdEvents.Connect : 0)
            | (ModelCalls.Available(Fd) > 0 ? AfdEvents.Receive : 0)
            | (hasEnded ? AfdEvents.Disconnect : 0);
    }
}
