using System.Globalization;

namespace Ivy.Net;

/// <summary>Accepts connections: a listening socket, watched, with what accept(2) can go wrong with taken care of.</summary>
/// <remarks>
/// <para>Accepts several connections a turn, up to <see cref="MaxAcceptsPerTurn"/>. When the process or the system is out of
/// descriptors or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM), a level-triggered listener would spin: this one tells
/// <see cref="HandlerError"/>, rests for <see cref="RetryDelay"/>, and tries again by itself, until it works.</para>
/// <para>All members are for the loop's thread while the object is registered. The socket stays the caller's; disposing it
/// unregisters the listener. See IvListener(3).</para>
/// </remarks>
public sealed class IvListener : IvObject
{
    // Enough to drain a burst in few turns, few enough that connections that are served already don't wait long.
    private const int DefaultMaxAcceptsPerTurn = 64;

    // The longest backlog that Linux allows by default (somaxconn): clients that go on coming must not keep a closing listener open.
    private const int MostWaiting = 4096;

    // Ten attempts a second: soon enough after a descriptor is freed, and no load to speak of meanwhile.
    private static readonly TimeSpan DefaultRetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly Action<IvFd> OnReadable = static fd => ((IvListener)fd.State!).AcceptSome(((IvListener)fd.State).MaxAcceptsPerTurn);

    private readonly IvFd _fd;
    private readonly IvTimer _retry;

    /// <summary>Makes a listener; nothing is accepted before <see cref="Register"/>.</summary>
    /// <param name="socket">A socket that listens.</param>
    /// <param name="handler">Gets each connection, which is the handler's to watch and to dispose.</param>
    public IvListener(IvSocket socket, Action<IvListener, IvSocket> handler)
        : base(ObjectKind.Listener)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(handler);
        Socket = socket;
        HandlerAccept = handler;
        _fd = new IvFd(socket) { State = this, IsInternal = true, HandlerIn = OnReadable };
        _retry = new IvTimer(static timer => ((IvListener)timer.State!).UpdateInterest()) { State = this, IsInternal = true };
    }

    /// <summary>The listening socket.</summary>
    public IvSocket Socket { get; }

    /// <summary>Gets each connection; may be replaced at any time.</summary>
    public Action<IvListener, IvSocket> HandlerAccept
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
    public Action<IvListener, IvError>? HandlerError
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerError));
            field = value;
        }
    }

    /// <summary>How many connections one turn accepts at most. Defaults to 64; 1 spreads a burst over loops that share a port.</summary>
    public int MaxAcceptsPerTurn
    {
        get => field;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            CheckedLoop(nameof(MaxAcceptsPerTurn));
            field = value;
        }
    } = DefaultMaxAcceptsPerTurn;

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

    /// <summary>Whether accepting is suspended: connections wait in the socket's backlog, and the listener stays registered.</summary>
    public bool IsPaused
    {
        get => field;
        set
        {
            CheckedLoop(nameof(IsPaused));
            field = value;
            UpdateInterest();
        }
    }

    /// <summary>Begins to accept, on this thread's loop. One that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">As for <see cref="IvFd.Register"/>.</exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            IvFd.ThrowRefused(error, this);
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the listener is registered.</returns>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        _fd.Name = Name;
        IvError error = _fd.TryRegister();
        if (error == IvError.None)
        {
            Bind(loop);
        }

        return error;
    }

    /// <summary>Ends accepting; the socket goes on to listen until it is disposed. One that is not registered is a misuse (IVF0021).</summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>The socket and the name, as in <c>IvListener (tcp 127.0.0.1:7000 listening, "http")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvListener ({Socket})" : $"IvListener ({Socket}, \"{Name}\")";

    internal override string DumpKind => "listener";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"accepts={Accepted}{(IsResting ? " resting" : IsPaused ? " paused" : string.Empty)}");

    internal override void EndRegistration()
    {
        if (_fd.IsRegistered)
        {
            _fd.EndRegistration();
        }

        _retry.Stop();
        Unbind();
        UpdateInterest();
    }

    internal override bool OnRefused(IvError error)
    {
        if (HandlerError is not { } handler)
        {
            return false;
        }

        handler(this, error);
        return true;
    }

    /// <summary>Accepts who waits already, before the socket is closed, which would reset them. Not if the listener is paused or rests.</summary>
    internal void AcceptWaiting()
    {
        if (_fd.HandlerIn is not null)
        {
            AcceptSome(MostWaiting);
        }
    }

    private void AcceptSome(int most)
    {
        IvLoop loop = _fd.Loop!;
        for (int i = 0; i < most; i++)
        {
            IvError error = Socket.TryAccept(out IvSocket? peer);
            if (error == IvError.EAGAIN)
            {
                return;
            }

            if (error != IvError.None)
            {
                Rest(error);
                return;
            }

            Accepted++;
            HandlerAccept(this, peer!);

            // One connection's AsyncLocals are not the next one's.
            loop.RestoreContext();
            if (_fd.Loop != loop || IsPaused || loop.IsBroken)
            {
                return;
            }
        }
    }

    private void Rest(IvError error)
    {
        _retry.Start(RetryDelay);
        UpdateInterest();
        HandlerError?.Invoke(this, error);
    }

    private void UpdateInterest() =>
        _fd.HandlerIn = IsPaused || _retry.IsRegistered ? null : OnReadable;
}
