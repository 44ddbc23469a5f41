using System.Diagnostics;

namespace Ivy.Net;

/// <summary>Moves bytes from one descriptor to another: inside the kernel by splice(2), or, where that can't be, through a buffer.</summary>
/// <remarks>
/// <para>Passive: it registers and owns nothing. It tells which bands it wants, and whoever watches the descriptors calls
/// <see cref="Pump"/> when one of them is ready. <see cref="IvRelay"/> does that for two sockets and both directions.</para>
/// <para>Pipes and buffers are held only while bytes are in them, and reused. Nothing is allocated for a call. The pump belongs to the thread of the
/// descriptors' loop, or, if they are not registered, to one thread at a time. Follows iv_fd_pump(3); see IvFdPump(3).</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class IvFdPump : IDisposable
{
    // What a call takes in at most, as ivykis does: some 100 µs of copying, after which others have their turn.
    private const int DefaultMaxBytesPerPump = 1 << 20;

    private readonly Action<IvFdPump, bool, bool> _setBands;
    private IvPumpStatus _status = IvPumpStatus.More;
    private bool _isDisposed;
    private bool _wantIn;
    private bool _wantOut;

    // The end has been read, or the input failed (_inputError): nothing more is read, and what is in hand still goes out.
    private bool _ended;
    private IvError _inputError;

    /// <summary>Makes a pump, which at once wants to read: <paramref name="setBands"/> is called.</summary>
    /// <param name="from">What is read: a stream socket, a pipe, a terminal, a file; non-blocking, registered or not.</param>
    /// <param name="to">What is written. May be <paramref name="from"/> itself, which makes an echo.</param>
    /// <param name="setBands">
    /// Told when what the pump wants changes: whether <paramref name="from"/> is to be watched for reading, and <paramref name="to"/> for
    /// writing. Use a static lambda: it finds both in the pump.
    /// </param>
    /// <param name="state">The first value of <see cref="State"/>, which <paramref name="setBands"/> may need right away.</param>
    public IvFdPump(IvFd from, IvFd to, Action<IvFdPump, bool, bool> setBands, object? state = null)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(setBands);
        From = from;
        To = to;
        State = state;
        _setBands = setBands;
        SetBands(wantIn: true, wantOut: false);
    }

    /// <summary>What is read.</summary>
    public IvFd From { get; }

    /// <summary>What is written.</summary>
    public IvFd To { get; }

    /// <summary>The user's own.</summary>
    public object? State { get; set; }

    /// <summary>
    /// Whether the end is passed on: when it has been read and everything before it written, the sending direction of <see cref="To"/> is shut
    /// down, if it is a socket. Defaults to false.
    /// </summary>
    public bool RelaysEnd { get; init; }

    /// <summary>How many bytes one <see cref="Pump"/> reads at most. Defaults to 1 MiB.</summary>
    public int MaxBytesPerPump
    {
        get => field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = DefaultMaxBytesPerPump;

    /// <summary>How many bytes have been read.</summary>
    public long BytesIn { get; private set; }

    /// <summary>How many bytes have been written.</summary>
    public long BytesOut { get; private set; }

    /// <summary>How many of <see cref="BytesOut"/> went by splice(2) all the way, without being copied by this process.</summary>
    public long BytesSpliced { get; private set; }

    /// <summary>How many bytes have been read and not written. They are lost if the pump fails or is disposed.</summary>
    public int BytesInHand => (int)(BytesIn - BytesOut);

    /// <summary>Whether the end has been read and everything before it written.</summary>
    public bool IsDone => _status == IvPumpStatus.Done;

    /// <summary>Why the pump failed; <see cref="IvError.None"/> if it has not.</summary>
    public IvError Error { get; private set; }

    /// <summary>The descriptor that failed, <see cref="From"/> or <see cref="To"/>; null if the pump has not failed.</summary>
    public IvFd? FailedFd { get; private set; }

    /// <summary>Reads what is there, up to <see cref="MaxBytesPerPump"/>, writes what goes, and tells the bands if what it wants has changed.</summary>
    /// <returns>
    /// Whether there is more to come, all is done, or a descriptor failed. An error of reading is reported when everything that was
    /// read before has been written; one of writing at once. After Done and Failed the same is answered again, and nothing is wanted.
    /// </returns>
    public IvPumpStatus Pump()
    {
        if (_isDisposed)
        {
            IvFatal.Raise(FatalCondition.DisposedObject, $"{this}: Pump called after Dispose. Make a new pump instead.", this);
        }

        if (_status != IvPumpStatus.More)
        {
            return _status;
        }

        int left = MaxBytesPerPump;
        IvError failure;
        bool filled;
        do
        {
            filled = !_ended && TakeIn(ref left);
            failure = GiveOut();
        }
        while (filled && left > 0 && failure == IvError.None && BytesInHand == 0);

        return Conclude(failure);
    }

    /// <summary>Lets go of what is in hand; nothing is wanted any more. The descriptors stay as they are. Idempotent, at any time.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        DropHands();
        SetBands(wantIn: false, wantOut: false);
    }

    /// <summary>The two descriptors and how much has passed, as in <c>IvFdPump IvFd 7 -> IvFd 9 (4096 bytes)</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => $"IvFdPump {From} -> {To} ({BytesOut} bytes)";

    // What is watched has failed where no read would have told: as if a read had.
    internal void FailInput(IvError error)
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        _inputError = error;
    }

    private IvPumpStatus Conclude(IvError failure)
    {
        if (failure != IvError.None)
        {
            return Fail(failure, To);
        }

        int inHand = BytesInHand;
        if (inHand == 0)
        {
            ReleaseHands();
            if (_ended)
            {
                return _inputError == IvError.None ? Finish() : Fail(_inputError, From);
            }
        }

        // Blocked with bytes in hand: nothing to read, or no room in the pipe? Who can read asks for no more until there is room.
        bool isFull = inHand > 0 && (_isFull || (_mayBeFull && From.IsReadable()));
        SetBands(wantIn: !_ended && !isFull, wantOut: inHand > 0);
        return IvPumpStatus.More;
    }

    private IvPumpStatus Finish()
    {
        IvError error = RelaysEnd ? To.ShutdownSend() : IvError.None;
        if (error is not (IvError.None or IvError.ENOTSOCK))
        {
            // ENOTCONN: the peer has reset the connection, and who knows what it has got.
            return Fail(error, To);
        }

        _status = IvPumpStatus.Done;
        DropHands();
        SetBands(wantIn: false, wantOut: false);
        return IvPumpStatus.Done;
    }

    private IvPumpStatus Fail(IvError error, IvFd fd)
    {
        _status = IvPumpStatus.Failed;
        Error = error;
        FailedFd = fd;
        DropHands();
        SetBands(wantIn: false, wantOut: false);
        return IvPumpStatus.Failed;
    }

    // The last thing that a member does: the callback may dispose the pump.
    private void SetBands(bool wantIn, bool wantOut)
    {
        if (wantIn == _wantIn && wantOut == _wantOut)
        {
            return;
        }

        _wantIn = wantIn;
        _wantOut = wantOut;
        _setBands(this, wantIn, wantOut);
    }
}
