using System.Globalization;
using System.Net.Sockets;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <summary>A connection that completes: what has come is handed over, and what is sent has been, without asking whether it would block.</summary>
/// <remarks>
/// <para>Needs a loop whose poll method has an engine (<see cref="IvPoller.Completions"/>): io_uring from Linux 6.1 on. While it is
/// registered the <see cref="IvSocket"/> refuses to receive and to send (IVF0027), and no IvFd can watch it.</para>
/// <para>Handlers run in the loop's turn, after those of descriptors that are ready, in the order in which things completed.
/// All members are for the loop's thread while the object is registered; none allocates for an operation.
/// See IvCompletionSocket(3).</para>
/// </remarks>
public sealed class IvCompletionSocket : IvObject, ISocketWatcher, ICompletionOwner
{
    // Speaks for the object in dumps and at the loop's end.
    private readonly IvEvent _presence;
    private Action<IvCompletionSocket> _receive;
    private Action<IvCompletionSocket>? _sent;
    private CompletionChannel? _channel;
    private bool _isReceiving = true;
    private bool _hasEnded;
    private Ending _ending;

    /// <summary>Makes a connection; nothing is received before <see cref="Register"/>.</summary>
    /// <param name="socket">A connected stream socket; it stays the caller's.</param>
    /// <param name="handler">Called with what has come, the end, or an error: <see cref="HandlerReceive"/>.</param>
    public IvCompletionSocket(IvSocket socket, Action<IvCompletionSocket> handler)
        : base(ObjectKind.CompletionSocket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(handler);
        Socket = socket;
        _receive = handler;
        _presence = new IvEvent(static _ => { }) { State = this, IsInternal = true };
    }

    private enum Ending : byte
    {
        No,
        Send,
        Close,
    }

    /// <summary>The socket. Disposing it unregisters this object; what has not been sent is lost then.</summary>
    public IvSocket Socket { get; }

    /// <summary>
    /// Called with <see cref="Result"/>: bytes, which are <see cref="Received"/>; the end of the stream, after which nothing comes; or an
    /// error of receiving or of sending, after which the connection is done.
    /// </summary>
    public Action<IvCompletionSocket> HandlerReceive
    {
        get => _receive;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(HandlerReceive));
            _receive = value;
        }
    }

    /// <summary>Called when all that was to be sent has been taken by the system. Defaults to null.</summary>
    public Action<IvCompletionSocket>? HandlerSent
    {
        get => _sent;
        set
        {
            CheckedLoop(nameof(HandlerSent));
            _sent = value;
        }
    }

    /// <summary>What the handler is called for: bytes, the end, or the error.</summary>
    public IvIoResult Result { get; private set; }

    /// <summary>
    /// The bytes that have come, at most <see cref="IvCompletions.BufferSize"/>. Valid until the handler returns, or sends or ends
    /// anything of this object; empty elsewhere.
    /// </summary>
    public ReadOnlySpan<byte> Received => _channel is { } channel ? channel.Received : default;

    /// <summary>
    /// Whether it receives. Set to false while the peer does not read what it is sent, say; what the system had received by then is still
    /// handed over, some buffers at most. Defaults to true.
    /// </summary>
    public bool IsReceiving
    {
        get => _isReceiving;
        set
        {
            CheckedLoop(nameof(IsReceiving));
            if (_isReceiving == value)
            {
                return;
            }

            _isReceiving = value;
            if (value && !_hasEnded)
            {
                _channel?.StartReceiving();
            }
            else
            {
                _channel?.StopReceiving();
            }
        }
    }

    /// <summary>How many bytes are to be sent still. There is no limit but the memory: stop receiving, or sending, when it grows.</summary>
    public long Unsent => _channel?.Unsent ?? 0;

    /// <summary>Begins, on this thread's loop. One that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">
    /// EOPNOTSUPP: the loop's poll method has no engine, or it is no stream socket of the system. EBADF: the socket is disposed. EEXIST: an
    /// IvFd, or another object of this kind, has the socket.
    /// </exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            CompletionRefusal.Throw(error, this);
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if it is registered.</returns>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        IvError error = CompletionRefusal.Of(loop, Socket);
        if (error != IvError.None)
        {
            return error;
        }

        _channel = loop.Completions!.Attach(this, Socket.Handle);
        Socket.Watcher = this;
        Socket.IsHandedOver = true;
        _hasEnded = false;
        _ending = Ending.No;
        Result = default;
        _presence.Name = Name;
        _presence.Register();
        Bind(loop);
        if (_isReceiving)
        {
            _channel.StartReceiving();
        }

        return IvError.None;
    }

    /// <summary>
    /// Gives the socket back: it may be read and written again, and nothing of this object is called any more, not even what has
    /// completed already. Bytes that had been received and not handed over, and what has not been sent, are lost. One that is not
    /// registered is a misuse (IVF0021).
    /// </summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>Sends a copy of the bytes, behind what is to be sent already, all of them. They go with the loop's next wait.</summary>
    /// <param name="bytes">What; may be reused on return.</param>
    /// <remarks>After an error of the connection nothing is sent, and nothing is said.</remarks>
    public void Send(ReadOnlySpan<byte> bytes) => Sending(nameof(Send))?.Send(bytes);

    /// <summary>Sends what has come, without a copy where buffers are not scarce; <see cref="Received"/> is empty afterwards. In <see cref="HandlerReceive"/>.</summary>
    public void SendReceived() => Sending(nameof(SendReceived))?.SendReceived();

    /// <summary>Ends our side of the stream when all has been sent: the peer reads the end. Receiving goes on.</summary>
    public void ShutdownWhenSent() => End(Ending.Send, nameof(ShutdownWhenSent));

    /// <summary>Disposes the socket, and so unregisters this object, when all has been sent: now if nothing is to be. Nothing more is received.</summary>
    public void CloseWhenSent()
    {
        IsReceiving = false;
        End(Ending.Close, nameof(CloseWhenSent));
    }

    /// <summary>The socket and the name, as in <c>IvCompletionSocket (tcp 127.0.0.1:7000 -> 127.0.0.1:51514, "client")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvCompletionSocket ({Socket})" : $"IvCompletionSocket ({Socket}, \"{Name}\")";

    void ISocketWatcher.OnSocketClosing()
    {
        if (CheckedLoop("disposing its socket") is not null)
        {
            EndRegistration();
        }
    }

    void ICompletionOwner.OnReceived(IvIoResult result)
    {
        if (_hasEnded)
        {
            // What had come when sending failed.
            return;
        }

        _hasEnded = !result.IsOk;
        if (result.IsError && _ending == Ending.Close)
        {
            // What was to be sent first has nobody to go to, and nobody waits for anything any more.
            Socket.Dispose();
            return;
        }

        if (result.IsError)
        {
            _ending = Ending.No;
        }

        Tell(result);
    }

    void ICompletionOwner.OnSent()
    {
        if (_ending != Ending.No)
        {
            Finish();
        }
        else if (_sent is { } handler)
        {
            Loop!.Invoke(handler, this);
        }
    }

    void ICompletionOwner.OnSendFailed(IvError error)
    {
        bool wasTold = _hasEnded && Result.IsError;
        _hasEnded = true;
        _channel!.StopReceiving();
        if (_ending == Ending.Close)
        {
            // Nobody waits for anything any more.
            Socket.Dispose();
        }
        else if (!wasTold)
        {
            Tell(IvIoResult.Failed(error));
        }
    }

    void ICompletionOwner.OnAccepted(nint handle) => throw new NotSupportedException();

    void ICompletionOwner.OnAcceptRefused(IvError error) => throw new NotSupportedException();

    internal override string DumpKind => "complete";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"{Socket} unsent={Unsent}{(_hasEnded ? " ended" : _isReceiving ? string.Empty : " paused")}");

    internal override void EndRegistration()
    {
        CompletionChannel channel = _channel!;
        _channel = null;
        channel.Detach();
        Socket.IsHandedOver = false;
        Socket.Watcher = null;
        _presence.EndRegistration();
        Unbind();
    }

    private void Tell(IvIoResult result)
    {
        Result = result;
        Loop!.Invoke(_receive, this);
    }

    // Null: there is nobody to send to any more.
    private CompletionChannel? Sending(string member)
    {
        if (CheckedLoop(member) is null)
        {
            CompletionRefusal.RaiseNotRegistered(this, member);
        }

        return _hasEnded && Result.IsError ? null : _channel;
    }

    private void End(Ending ending, string member)
    {
        if (CheckedLoop(member) is null)
        {
            CompletionRefusal.RaiseNotRegistered(this, member);
        }

        _ending = ending > _ending ? ending : _ending;
        if (Unsent == 0)
        {
            Finish();
        }
    }

    private void Finish()
    {
        if (_ending == Ending.Close)
        {
            Socket.Dispose();
        }
        else
        {
            _ending = Ending.No;
            Socket.TryShutdown(SocketShutdown.Send);
        }
    }
}
