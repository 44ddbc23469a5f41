using System.Globalization;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <summary>Accepts connections by an engine that completes: one request to the system for all of them.</summary>
/// <remarks>
/// <para>As <see cref="IvListener"/>, for a loop whose poll method has an engine (<see cref="IvPoller.Completions"/>). When the system
/// refuses (EMFILE, ENFILE, ENOBUFS, ENOMEM), it tells <see cref="HandlerError"/>, rests for <see cref="RetryDelay"/>, and tries
/// again by itself, until it works.</para>
/// <para>All members are for the loop's thread while the object is registered. The socket stays the caller's; disposing it
/// unregisters the listener. See IvCompletionSocket(3).</para>
/// </remarks>
public sealed class IvCompletionListener : IvObject, ISocketWatcher, ICompletionOwner
{
    // As IvListener.
    private static readonly TimeSpan DefaultRetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly Action<IvCompletionListener> OnTold = static listener => listener.TellHandler();
    private static readonly Action<IvCompletionListener> OnRefusedTold = static listener => listener.HandlerError?.Invoke(listener, listener._refusal);

    private readonly IvEvent _presence;
    private readonly IvTimer _retry;
    private CompletionChannel? _channel;
    private IvSocket? _peer;
    private IvError _refusal;

    /// <summary>Makes a listener; nothing is accepted before <see cref="Register"/>.</summary>
    /// <param name="socket">A stream socket that listens.</param>
    /// <param name="handler">Gets each connection, which is the handler's to register and to dispose.</param>
    public IvCompletionListener(IvSocket socket, Action<IvCompletionListener, IvSocket> handler)
        : base(ObjectKind.CompletionListener)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(handler);
        Socket = socket;
        HandlerAccept = handler;
        _presence = new IvEvent(static _ => { }) { State = this, IsInternal = true };
        _retry = new IvTimer(static timer => ((IvCompletionListener)timer.State!)._channel?.StartAccepting()) { State = this, IsInternal = true };
    }

    /// <summary>The listening socket.</summary>
    public IvSocket Socket { get; }

    /// <summary>Gets each connection; may be replaced at any time.</summary>
    public Action<IvCompletionListener, IvSocket> HandlerAccept
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(HandlerAccept));
            field = value;
        }
    }

    /// <summary>Told why accepting failed; the listener goes on by itself after <see cref="RetryDelay"/>. Null: nobody is told.</summary>
    public Action<IvCompletionListener, IvError>? HandlerError
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerError));
            field = value;
        }
    }

    /// <summary>How long the listener rests after accepting failed. Defaults to 100 ms.</summary>
    public TimeSpan RetryDelay
    {
        get => field;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            CheckedLoop(nameof(RetryDelay));
            field = value;
        }
    } = DefaultRetryDelay;

    /// <summary>How many connections have been accepted.</summary>
    public long Accepted { get; private set; }

    /// <summary>Whether the listener rests after a failure.</summary>
    public bool IsResting => _retry.IsRegistered;

    /// <summary>Begins to accept, on this thread's loop. One that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">As for <see cref="IvCompletionSocket.Register"/>.</exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            CompletionRefusal.Throw(error, this);
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the listener is registered.</returns>
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
        _presence.Name = Name;
        _presence.Register();
        Bind(loop);
        _channel.StartAccepting();
        return IvError.None;
    }

    /// <summary>
    /// Ends accepting; the socket goes on to listen until it is disposed. Connections that had been accepted and not handed over are
    /// closed. One that is not registered is a misuse (IVF0021).
    /// </summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>The socket and the name, as in <c>IvCompletionListener (tcp 127.0.0.1:7000 listening, "http")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvCompletionListener ({Socket})" : $"IvCompletionListener ({Socket}, \"{Name}\")";

    void ISocketWatcher.OnSocketClosing()
    {
        if (CheckedLoop("disposing its socket") is not null)
        {
            EndRegistration();
        }
    }

    void ICompletionOwner.OnAccepted(nint handle)
    {
        Accepted++;
        _peer = IvSocket.OfAccepted(Socket, handle);
        Loop!.Invoke(OnTold, this);
    }

    void ICompletionOwner.OnAcceptRefused(IvError error)
    {
        if (IvSocket.IsOfThePeer(error))
        {
            // One connection that did not live to be accepted.
            _channel!.StartAccepting();
            return;
        }

        _retry.Start(RetryDelay);
        _refusal = error;
        Loop!.Invoke(OnRefusedTold, this);
    }

    void ICompletionOwner.OnReceived(IvIoResult result) => throw new NotSupportedException();

    void ICompletionOwner.OnSent() => throw new NotSupportedException();

    void ICompletionOwner.OnSendFailed(IvError error) => throw new NotSupportedException();

    internal override string DumpKind => "accepts";

    internal override string DumpDetails => string.Create(CultureInfo.InvariantCulture, $"{Socket} accepts={Accepted}{(IsResting ? " resting" : string.Empty)}");

    internal override void EndRegistration()
    {
        CompletionChannel channel = _channel!;
        _channel = null;
        _retry.Stop();
        channel.Detach();
        Socket.IsHandedOver = false;
        Socket.Watcher = null;
        _presence.EndRegistration();
        Unbind();
    }

    private void TellHandler()
    {
        IvSocket peer = _peer!;
        _peer = null;
        HandlerAccept(this, peer);
    }
}
