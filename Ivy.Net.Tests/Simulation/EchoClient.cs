namespace Ivy.Net.Tests.Simulation;

/// <summary>
/// Sends a message in pieces, half-closes, and reads it back in pieces: every byte must come, in order, and then the end. A
/// connection that is reset is made anew; nothing else may go wrong.
/// </summary>
internal sealed class EchoClient : IInhabitant
{
    // A fault in hundreds of calls: fifty resets in a row would be a bug of their own.
    private const int MaximumAttempts = 50;

    private readonly World _world;
    private readonly int _number;
    private readonly byte[] _message;
    private readonly byte[] _buffer = new byte[512];
    private readonly IvTimer _retry;
    private IvSocket? _socket;
    private IvFd? _fd;
    private bool _isConnected;
    private int _attempts;
    private int _sent;
    private int _received;

    public EchoClient(World world, int number)
    {
        _world = world;
        _number = number;
        _message = new byte[1 + world.Random.Below(12_000)];
        for (int i = 0; i < _message.Length; i++)
        {
            _message[i] = (byte)((i * 7) + number);
        }

        _retry = new IvTimer(_ => Connect());
    }

    public bool IsDone { get; private set; }

    public void Start() => _retry.Start(TimeSpan.FromMicroseconds(_world.Random.Below(5_000)));

    public override string ToString() => $"client {_number}: attempt {_attempts}, sent {_sent} and received {_received} of {_message.Length}";

    private void Connect()
    {
        if (++_attempts > MaximumAttempts)
        {
            throw new SimulationFailure($"{this}: too many attempts");
        }

        _sent = _received = 0;
        _isConnected = false;
        if (IvSocket.TryConnect(World.ServerAddress, out _socket) != IvError.None)
        {
            Again();
            return;
        }

        _fd = new IvFd(_socket!) { HandlerOut = _ => OnWritable(), HandlerErr = _ => OnError() };
        if (_fd.TryRegister() != IvError.None)
        {
            Again();
        }
    }

    private void Again()
    {
        _socket?.Dispose();
        _socket = null;
        _retry.Start(TimeSpan.FromMilliseconds(10));
    }

    private void OnError()
    {
        if (!_isConnected || _socket!.TakeError() != IvError.None)
        {
            Again();
        }
    }

    private void OnWritable()
    {
        if (!_isConnected)
        {
            if (_socket!.TakeError() != IvError.None)
            {
                Again();
                return;
            }

            _isConnected = true;
            _fd!.HandlerIn = _ => OnReadable();
        }

        if (_sent < _message.Length)
        {
            int piece = Math.Min(1 + _world.Random.Below(3_000), _message.Length - _sent);
            IvIoResult result = _socket!.Send(_message.AsSpan(_sent, piece));
            if (result.IsError)
            {
                Again();
                return;
            }

            _sent += result.Bytes;
        }

        if (_sent == _message.Length)
        {
            _fd!.HandlerOut = null;
            if (_socket!.TryShutdown(System.Net.Sockets.SocketShutdown.Send) != IvError.None)
            {
                Again();
            }
        }
        else if (_world.Random.Below(3) == 0)
        {
            // Toggled back and forth within the turn: nothing may get lost on the way.
            Action<IvFd>? handler = _fd!.HandlerOut;
            _fd.HandlerOut = null;
            _fd.HandlerOut = handler;
        }
    }

    private void OnReadable()
    {
        IvIoResult result = _socket!.Receive(_buffer.AsSpan(0, 1 + _world.Random.Below(_buffer.Length)));
        if (result.IsError)
        {
            Again();
            return;
        }

        if (result.IsEnd)
        {
            if (_received != _message.Length)
            {
                throw new SimulationFailure($"{this}: the stream ended early");
            }

            _socket.Dispose();
            IsDone = true;
            _world.CheckIfDone();
            return;
        }

        for (int i = 0; i < result.Bytes; i++)
        {
            if (_received == _message.Length || _buffer[i] != _message[_received++])
            {
                throw new SimulationFailure($"{this}: byte {_received} is not the one that was sent");
            }
        }
    }
}
