using System.Net.Sockets;

namespace Ivy.Net.Tests.Support;

/// <summary>One end of a conversation on a loop: sends numbered bytes and then its end, and checks that what it gets is numbered too.</summary>
internal sealed class StreamPeer : IDisposable
{
    private const int Period = 251;

    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly IvFd _fd;
    private readonly int _toSend;
    private readonly bool _ends;

    public StreamPeer(IvSocket socket, int toSend, bool ends = true, bool reads = true)
    {
        Socket = socket;
        _toSend = toSend;
        _ends = ends;
        _fd = new IvFd(socket) { State = this, HandlerOut = static fd => ((StreamPeer)fd.State!).Send() };
        Reads = reads;
        _fd.Register();
    }

    public IvSocket Socket { get; }

    public int Sent { get; private set; }

    public int Received { get; private set; }

    /// <summary>Whether the end has come; false after an error.</summary>
    public bool SawEnd { get; private set; }

    public IvError Error { get; private set; }

    /// <summary>Whether nothing more can come.</summary>
    public bool IsOver => SawEnd || Error != IvError.None;

    public bool Reads
    {
        get => _fd.HandlerIn is not null;
        set => _fd.HandlerIn = value ? static fd => ((StreamPeer)fd.State!).Receive() : null;
    }

    public void Dispose()
    {
        _fd.Dispose();
        Socket.Dispose();
    }

    private void Send()
    {
        Span<byte> chunk = _buffer.AsSpan(0, Math.Min(_buffer.Length, _toSend - Sent));
        for (int i = 0; i < chunk.Length; i++)
        {
            chunk[i] = (byte)((Sent + i) % Period);
        }

        if (!chunk.IsEmpty)
        {
            IvIoResult result = Socket.Send(chunk);
            Sent += result.Bytes;
            if (result.IsError)
            {
                Fail(result.Error);
                return;
            }
        }

        if (Sent == _toSend)
        {
            _fd.HandlerOut = null;
            if (_ends)
            {
                IvError error = Socket.TryShutdown(SocketShutdown.Send);
                if (error != IvError.None)
                {
                    Fail(error);
                }
            }
        }
    }

    private void Receive()
    {
        IvIoResult result = Socket.Receive(_buffer);
        for (int i = 0; i < result.Bytes; i++)
        {
            if (_buffer[i] != (byte)((Received + i) % Period))
            {
                Assert.Fail($"byte {Received + i} is not what was sent");
            }
        }

        Received += result.Bytes;
        if (result.IsEnd)
        {
            SawEnd = true;
            _fd.HandlerIn = null;
        }
        else if (result.IsError)
        {
            Fail(result.Error);
        }
    }

    private void Fail(IvError error)
    {
        Error = error;
        _fd.HandlerIn = _fd.HandlerOut = null;
    }
}
