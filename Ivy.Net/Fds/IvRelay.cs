using System.Globalization;
using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>Joins two stream sockets: what comes in on the one goes out on the other, in both directions, until both have ended.</summary>
/// <remarks>
/// <para>Two pumps (<see cref="IvFdPump"/>): inside the kernel where that can be, with back-pressure, and with each end passed on after
/// the data before it. The relay ends when both directions have ended, one fails, nothing has moved for <see cref="IdleTimeout"/>, or
/// by <see cref="Abort"/>; then <see cref="HandlerEnd"/> is called, once, and the sockets are closed unless <see cref="LeaveOpen"/>.</para>
/// <para>All members are for the loop's thread while the object is registered. No transfer allocates. See IvRelay(3).</para>
/// </remarks>
public sealed class IvRelay : IvObject
{
    private static readonly Action<IvFd> OnAToB = static fd => ((IvRelay)fd.State!).Run(((IvRelay)fd.State).AToB);
    private static readonly Action<IvFd> OnBToA = static fd => ((IvRelay)fd.State!).Run(((IvRelay)fd.State).BToA);
    private static readonly Action<IvFd> OnError = static fd => ((IvRelay)fd.State!).OnSocketError(fd);

    private readonly IvFd _a;
    private readonly IvFd _b;
    private IvTimeout? _idle;
    private bool _hasEnded;

    /// <summary>Makes a relay of two connected stream sockets, which it owns; nothing moves before <see cref="Register"/>.</summary>
    /// <param name="a">One side: the client, say.</param>
    /// <param name="b">The other side: the server that the client is forwarded to.</param>
    /// <param name="handler">Told of the end; null if nobody needs to know.</param>
    public IvRelay(IvSocket a, IvSocket b, Action<IvRelay>? handler = null)
        : base(ObjectKind.Relay)
    {
        A = Checked(a, nameof(a));
        B = Checked(b, nameof(b));
        if (a == b)
        {
            throw new ArgumentException("A relay joins two sockets. For an echo use an IvFdPump from a socket to itself.", nameof(b));
        }

        HandlerEnd = handler;
        _a = new IvFd(a) { State = this, IsInternal = true };
        _b = new IvFd(b) { State = this, IsInternal = true };
        AToB = new IvFdPump(_a, _b, static (pump, wantIn, wantOut) => SetBands(pump, wantIn, wantOut, OnAToB)) { RelaysEnd = true };
        BToA = new IvFdPump(_b, _a, static (pump, wantIn, wantOut) => SetBands(pump, wantIn, wantOut, OnBToA)) { RelaysEnd = true };
    }

    /// <summary>One side.</summary>
    public IvSocket A { get; }

    /// <summary>The other side.</summary>
    public IvSocket B { get; }

    /// <summary>
    /// Called once, when the relay has ended by itself or by <see cref="Abort"/>, and not when it is unregistered or disposed. The
    /// relay is unregistered by then, and the sockets are still open; they are closed when it returns, unless <see cref="LeaveOpen"/>.
    /// </summary>
    public Action<IvRelay>? HandlerEnd
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerEnd));
            field = value;
        }
    }

    /// <summary>
    /// How long nothing may move in either direction until the relay ends with ETIMEDOUT. Defaults to
    /// <see cref="Timeout.InfiniteTimeSpan"/>. May be changed at any time, and counts from then on.
    /// </summary>
    public TimeSpan IdleTimeout
    {
        get => _idle?.Duration ?? Timeout.InfiniteTimeSpan;
        set
        {
            if (value != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            }

            IvLoop? loop = CheckedLoop(nameof(IdleTimeout));
            _idle?.Stop();
            _idle = value == Timeout.InfiniteTimeSpan ? null
                : new IvTimeout(value, static idle => ((IvRelay)idle.State!).End(IvError.ETIMEDOUT, failed: null)) { State = this, IsInternal = true };
            if (loop is not null)
            {
                _idle?.Start();
            }
        }
    }

    /// <summary>
    /// Whether the sockets stay open when the relay ends or is disposed, for whoever uses them next. Defaults to false: the relay owns them.
    /// </summary>
    public bool LeaveOpen { get; set; }

    /// <summary>How many bytes have gone from <see cref="A"/> to <see cref="B"/>.</summary>
    public long BytesAToB => AToB.BytesOut;

    /// <summary>How many bytes have gone from <see cref="B"/> to <see cref="A"/>.</summary>
    public long BytesBToA => BToA.BytesOut;

    /// <summary>How many of all these bytes went by splice(2), without being copied by this process.</summary>
    public long BytesSpliced => AToB.BytesSpliced + BToA.BytesSpliced;

    /// <summary>How many bytes have been read on the one side and not written on the other, in both directions together.</summary>
    public int BytesInHand => AToB.BytesInHand + BToA.BytesInHand;

    /// <summary>
    /// Why the relay ended: <see cref="IvError.None"/> if both sides have ended and all was delivered, ETIMEDOUT by <see cref="IdleTimeout"/>,
    /// ECANCELED by <see cref="Abort"/>, or what the system said of one of the sockets.
    /// </summary>
    public IvError Error { get; private set; }

    /// <summary>The socket that failed, <see cref="A"/> or <see cref="B"/>; null if none has.</summary>
    public IvSocket? FailedSocket { get; private set; }

    // For tests: what the two directions do.
    internal IvFdPump AToB { get; }

    internal IvFdPump BToA { get; }

    /// <summary>Begins to move bytes, on this thread's loop. One that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">As for <see cref="IvFd.Register"/>, for one of the two.</exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            IvFd.ThrowRefused(error, this);
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it; then nothing has changed.</summary>
    /// <returns><see cref="IvError.None"/> if the relay is registered.</returns>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        _a.Name = _b.Name = Name;
        _a.HandlerErr = _b.HandlerErr = OnError;
        IvError error = _a.TryRegister();
        if (error != IvError.None)
        {
            return error;
        }

        error = _b.TryRegister();
        if (error != IvError.None)
        {
            _a.EndRegistration();
            return error;
        }

        Bind(loop);
        _idle?.Start();
        return IvError.None;
    }

    /// <summary>
    /// Stops moving bytes; sockets and bytes in hand stay, and it may be registered again, on the loop of another thread too. One that is not
    /// registered is a misuse (IVF0021).
    /// </summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>
    /// Ends the relay now, with ECANCELED: <see cref="HandlerEnd"/> is called before this returns, and both connections are reset. Nothing
    /// happens if it has ended or been disposed.
    /// </summary>
    public void Abort()
    {
        CheckedLoop(nameof(Abort));
        if (!_hasEnded && !IsDisposed)
        {
            End(IvError.ECANCELED, failed: null);
        }
    }

    /// <summary>The sockets and the name, as in <c>IvRelay (tcp 127.0.0.1:7000 -> 127.0.0.1:51514, tcp 127.0.0.1:51516 -> 127.0.0.1:80)</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvRelay ({A}, {B})" : $"IvRelay ({A}, {B}, \"{Name}\")";

    internal override string DumpKind => "relay";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"a-b={BytesAToB} b-a={BytesBToA} hand={BytesInHand}");

    internal override void EndRegistration()
    {
        if (_a.IsRegistered)
        {
            _a.EndRegistration();
        }

        if (_b.IsRegistered)
        {
            _b.EndRegistration();
        }

        _idle?.Stop();
        Unbind();
    }

    internal override bool OnRefused(IvError error)
    {
        End(error, failed: _a.Error != IvError.None ? A : B);
        return true;
    }

    private protected override void OnDisposed()
    {
        AToB.Dispose();
        BToA.Dispose();
        if (!LeaveOpen)
        {
            A.Dispose();
            B.Dispose();
        }
    }

    private static IvSocket Checked(IvSocket socket, string name)
    {
        ArgumentNullException.ThrowIfNull(socket, name);
        return socket.SocketType == SocketType.Stream ? socket
            : throw new ArgumentException($"{socket} is no stream: it has no end to pass on, and its messages would be joined.", name);
    }

    private static void SetBands(IvFdPump pump, bool wantIn, bool wantOut, Action<IvFd> handler)
    {
        pump.From.HandlerIn = wantIn ? handler : null;
        pump.To.HandlerOut = wantOut ? handler : null;
    }

    private void Run(IvFdPump pump)
    {
        long before = pump.BytesIn + pump.BytesOut;
        IvPumpStatus status = pump.Pump();
        if (status == IvPumpStatus.Failed)
        {
            End(pump.Error, pump.FailedFd!.Socket);
        }
        else if (AToB.IsDone && BToA.IsDone)
        {
            End(IvError.None, failed: null);
        }
        else if (pump.BytesIn + pump.BytesOut != before)
        {
            _idle?.Start();
        }
    }

    // Reset, or closed in both directions. If it is being read, reading will tell; if it is not, because its end has been seen or its
    // bytes have to wait, nothing else would, and the peer's bytes in hand would go nowhere.
    private void OnSocketError(IvFd fd)
    {
        fd.HandlerErr = null; // once: it stays ready
        if (fd.HandlerIn is not null)
        {
            return;
        }

        IvFdPump reader = fd == _a ? AToB : BToA;
        IvError error = fd.Socket!.TakeError();
        if (error == IvError.None)
        {
            return;
        }

        if (reader.IsDone)
        {
            End(error, fd.Socket);
            return;
        }

        reader.FailInput(error);
        Run(reader);
    }

    private void End(IvError error, IvSocket? failed)
    {
        _hasEnded = true;
        Error = error;
        FailedSocket = failed;
        if (IsRegistered)
        {
            EndRegistration();
        }

        // A side that has not got everything must not take an end for the end of it.
        bool isClean = BytesInHand == 0 && failed is null && error is (IvError.None or IvError.ETIMEDOUT);
        if (!LeaveOpen && !isClean)
        {
            A.ResetAtClose();
            B.ResetAtClose();
        }

        try
        {
            HandlerEnd?.Invoke(this);
        }
        finally
        {
            Dispose();
        }
    }
}
