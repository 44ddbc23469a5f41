using System.Diagnostics;
using System.Net.Sockets;
using Ivy.Net.Polling;

namespace Ivy.Net.Edge;

/// <summary>A descriptor on an <see cref="EdgeLoop{TState, TCallbacks}"/>: what is armed of it, and what the program keeps for it.</summary>
/// <remarks>
/// <para>The state is a field of this object, and <see cref="State"/> a reference to it: one object for each connection, with nothing
/// to look up, and a reference that stays good while callbacks arm others.</para>
/// <para>Read and write by this object where you can: it sees what would block, the end and errors, and the callbacks follow
/// from that. What goes past it has to be told by <see cref="Drained"/>.</para>
/// <para>For the loop's thread; nothing allocates. See EdgeLoop(3).</para>
/// </remarks>
/// <typeparam name="TState">What the program keeps for it.</typeparam>
[DebuggerDisplay("{ToString(),nq}")]
public abstract partial class EdgeFd<TState>
{
    // What can be armed; all else is a consequence.
    private const IvBands Armable = IvBands.In | IvBands.Out;

    private TState _state;
    private IvBands _armed;
    private IvBands _muted;
    private IvBands _missed;
    private EdgeFlags _flags;

    private protected EdgeFd(EdgeLoop<TState> loop, IvFd watch, TState state)
    {
        Loop = loop;
        Watch = watch;
        _state = state;
        if (watch.Socket is { SocketType: var type })
        {
            _flags = type == SocketType.Stream ? EdgeFlags.IsStream : type == SocketType.Seqpacket ? EdgeFlags.None : EdgeFlags.IsDatagram;
        }
    }

    /// <summary>What has happened to the descriptor, and what its callbacks were told of it.</summary>
    [Flags]
    private protected enum EdgeFlags : ushort
    {
        None = 0,

        /// <summary>Nothing is left to read, and nothing will come.</summary>
        Ended = 1,

        /// <summary>There is an error that has not been told yet.</summary>
        Broken = 2,
        CloseTold = 4,
        ErrorTold = 8,

        /// <summary>A short read does not mean that nothing is left: it ends at urgent data, too.</summary>
        HasUrgent = 16,
        InCallback = 32,
        Closed = 64,

        /// <summary>The number was closed by somebody else, and may be a stranger's by now.</summary>
        Gone = 128,
        IsStream = 256,

        /// <summary>It has no end, and an error is of one datagram.</summary>
        IsDatagram = 512,

        /// <summary>Both directions are closed, which a kernel that tells levels would say for ever.</summary>
        HungUp = 1024,
    }

    /// <summary>The loop that watches it.</summary>
    public EdgeLoop<TState> Loop { get; }

    /// <summary>What the program keeps for it, by reference; the reference stays good for as long as it is held.</summary>
    public ref TState State => ref _state;

    /// <summary>The socket; null if it is known by a number or a handle.</summary>
    public IvSocket? Socket => Watch.Socket;

    /// <summary>The descriptor's number.</summary>
    public nint Handle => Watch.Handle;

    /// <summary>What messages and dumps call it.</summary>
    public string? Name
    {
        get => Watch.Name;
        set => Watch.Name = value;
    }

    /// <summary>What is armed.</summary>
    public IvBands Armed => Watch.IsRegistered ? Live : IvBands.None;

    /// <summary>
    /// Whether the last read has found, or is known to have left, nothing to read: a loop that reads may stop. Always true of
    /// <see cref="EdgeTrigger.OneShot"/>, where more brings another call as soon as it is armed again.
    /// </summary>
    public bool IsDrained => (_muted & IvBands.In) == 0;

    private protected IvFd Watch { get; }

    // What Read or Write has met, until it is told.
    private protected IvError Error { get; set; }

    // What is armed and may still happen.
    private IvBands Live =>
        Has(EdgeFlags.ErrorTold) ? IvBands.None
        : Has(EdgeFlags.CloseTold) ? _armed & ~IvBands.In
        : _armed;

    /// <summary>
    /// Adds to what is armed, and has the kernel look anew at what the bands say: what is ready is called in the next turn. Watches a
    /// descriptor that was disarmed.
    /// </summary>
    /// <param name="bands"><see cref="IvBands.In"/>, <see cref="IvBands.Out"/> or both.</param>
    /// <exception cref="IvException">It had to be registered, and that was refused, as for <see cref="IvFd.Register"/>; or it was closed (EBADF).</exception>
    public void Arm(IvBands bands)
    {
        IvError error = TryArm(bands);
        if (error != IvError.None)
        {
            IvFd.ThrowRefused(error, this);
        }
    }

    /// <summary>As <see cref="Arm"/>, for reading.</summary>
    public void ArmRead() => Arm(IvBands.In);

    /// <summary>As <see cref="Arm"/>, for writing.</summary>
    public void ArmWrite() => Arm(IvBands.Out);

    /// <summary>As <see cref="Arm"/>, and returns the error instead of throwing it.</summary>
    /// <param name="bands">What to arm.</param>
    /// <returns><see cref="IvError.None"/> if it is armed.</returns>
    public IvError TryArm(IvBands bands)
    {
        if (bands == IvBands.None || (bands & ~Armable) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(bands), bands, "Arm IvBands.In, IvBands.Out or both; errors and the end are always told.");
        }

        Loop.CheckUsable(Watch, nameof(Arm));
        if (Has(EdgeFlags.Closed))
        {
            return IvError.EBADF;
        }

        if (!Watch.IsRegistered)
        {
            return TryRegister(bands);
        }

        bool looksAnew = (_muted & bands & _armed) != 0;
        _armed |= bands;
        _muted &= ~bands;
        _missed &= ~bands;
        if (looksAnew)
        {
            LookAnew();
        }

        Sync();
        return IvError.None;
    }

    /// <summary>Ends the watching: no callback runs any more, and the kernel has let go of the descriptor on return. It stays open.</summary>
    /// <returns>False if it was not watched, which is no error.</returns>
    public bool Disarm()
    {
        Loop.IvLoop.CheckThread(Watch, nameof(Disarm));
        _armed = IvBands.None;
        if (!Watch.IsRegistered)
        {
            return false;
        }

        Watch.EndRegistration();
        return true;
    }

    /// <summary>
    /// Tells that a call that went past this object (<see cref="IvSocket.TryAccept(out IvSocket?)"/>, say) would have blocked, so that the
    /// callback is due again. Of no effect with <see cref="EdgeTrigger.OneShot"/>.
    /// </summary>
    /// <param name="bands"><see cref="IvBands.In"/>: nothing is left to read; <see cref="IvBands.Out"/>: there is no room to write.</param>
    public void Drained(IvBands bands = IvBands.In)
    {
        Loop.IvLoop.CheckThread(Watch, nameof(Drained));
        bool looksAnew = (_missed & bands) != 0;
        Unmute(bands);
        if (looksAnew)
        {
            // Something came between the call that would have blocked and this one.
            LookAnew();
        }

        Sync();
    }

    /// <summary>
    /// Ends the watching, closes the descriptor (disposes the socket or the handle), and calls OnClose with <see cref="EdgeCloseReason.Local"/>,
    /// unless it has been called before. Idempotent.
    /// </summary>
    public void Close()
    {
        Loop.IvLoop.CheckThread(Watch, nameof(Close));
        if (Has(EdgeFlags.Closed))
        {
            return;
        }

        Put(EdgeFlags.Closed | (Watch.IsOrphan ? EdgeFlags.Gone : EdgeFlags.None));
        Disarm();
        if (Watch.Source is IDisposable owner)
        {
            owner.Dispose();
        }
        else if (!Has(EdgeFlags.Gone))
        {
            Loop.IvLoop.Network.Close(Handle);
        }

        if (!Has(EdgeFlags.CloseTold) && Loop.IsActive)
        {
            Put(EdgeFlags.CloseTold);
            CallClose(EdgeCloseReason.Local);
        }
    }

    /// <summary>The descriptor, what it is, and the name, as in <c>EdgeFd 17 (tcp 10.0.0.9:51514 -> 10.0.0.1:80, "upstream")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => string.Concat("Edge", Watch.ToString().AsSpan("Iv".Length));

    internal bool IsWatched => Watch.IsRegistered;

    private protected abstract void CallClose(EdgeCloseReason reason);

    private protected bool Has(EdgeFlags flag) => (_flags & flag) != 0;

    private protected void Put(EdgeFlags flag) => _flags |= flag;

    private protected void Clear(EdgeFlags flag) => _flags &= ~flag;

    /// <summary>What the poller is asked for.</summary>
    private protected IvBands Wanted
    {
        get
        {
            IvBands want = Live;
            if (Loop.HasEdges)
            {
                return want == IvBands.None ? want
                    : want | IvBands.Edge | ((want & IvBands.In) != 0 ? IvBands.Hangup | IvBands.Pri : IvBands.None);
            }

            IvBands due = want & (Has(EdgeFlags.Ended) ? ~(_muted & IvBands.Out) : ~_muted);
            return (due & IvBands.In) != 0 ? due | IvBands.Hangup
                : due == IvBands.None && want != IvBands.None && !Has(EdgeFlags.HungUp) ? IvBands.Err
                : due;
        }
    }

    /// <summary>Whether the callback of a direction is to be called when it is ready.</summary>
    private protected bool IsDue(IvBands band) => (Armed & ~_muted & band) != 0;

    /// <summary>The callback of a direction is about to be called.</summary>
    private protected void Take(IvBands band)
    {
        _missed &= ~band;
        if (Loop.Trigger == EdgeTrigger.OneShot)
        {
            _armed &= ~band;
        }
        else
        {
            _muted |= band;
        }
    }

    /// <summary>A direction is ready that has been told and is not drained yet.</summary>
    private protected void Miss(IvBands band) => _missed |= _muted & band;

    /// <summary>Tells the poller of what is wanted now, with the turn's other changes.</summary>
    private protected void Sync()
    {
        if (Watch.IsRegistered && Wanted != Watch.Told)
        {
            Loop.IvLoop.Fds.MarkChanged(Watch);
        }
    }

    /// <summary>Has a kernel that tells edges say once more what is ready; one that tells levels does so anyway.</summary>
    private protected void LookAnew()
    {
        if (Loop.HasEdges && Watch.IsRegistered)
        {
            // What is wanted then differs from what was told, which makes a change of it.
            Watch.Told &= ~IvBands.Edge;
            Loop.IvLoop.Fds.MarkChanged(Watch);
        }
    }

    private IvError TryRegister(IvBands bands)
    {
        _armed = bands;
        _muted = _missed = IvBands.None;
        IvError error = Watch.TryRegister();
        if (error != IvError.None)
        {
            _armed = IvBands.None;
        }

        return error;
    }
}
