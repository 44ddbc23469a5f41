using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <summary>Watches a descriptor: a socket, pipe, terminal, device, or anything else that poll(2) takes.</summary>
/// <remarks>
/// <para>Level-triggered: a handler is called in each turn in which the descriptor is ready for it, until it is drained,
/// the handler is set to null, or the object is unregistered. A handler that is null is no interest, and is not called.
/// Handlers may be set at any time; on a registered object the kernel learns of it before the loop sleeps next, or, if nothing is wanted
/// for the moment, when something comes (IvFd(3)).</para>
/// <para>With an error pending every handler that is set is called, in the order Err, Pri, In, Out, Hangup; when the peer has
/// closed, without an error, it is Pri, In, Out, Hangup and then Err, so that unread data is not lost. After each handler
/// the registration is checked again. Readiness is a snapshot: an earlier handler of the turn may have used it up, so a
/// read may say that it would block.</para>
/// <para>The object never owns what it watches; unregister it before the descriptor is closed (an <see cref="IvSocket"/> sees
/// to that itself). All members are for the loop's thread while the object is registered; none allocates.
/// Follows iv_fd(3); see IvFd(3).</para>
/// </remarks>
public sealed partial class IvFd : IvObject, ISocketWatcher
{
    // In the byte of what was told, beside the bands.
    private const byte Unwanted = 128;

    private readonly nint _handle;

    // The socket, the SafeHandle, or null for a bare number. One field, and small ones below: a server has one object of this
    // class for each connection, and most of them are idle.
    private readonly object? _source;
    private Action<IvFd>? _in;
    private Action<IvFd>? _out;
    private Action<IvFd>? _err;
    private Action<IvFd>? _hangup;
    private Action<IvFd>? _pri;
    private FdFlags _flags = FdFlags.SetsNonBlocking;
    private byte _told;
    private short _error;

    /// <summary>Watches a socket; disposing the socket unregisters the object.</summary>
    /// <param name="socket">A socket of the same network as the loop.</param>
    public IvFd(IvSocket socket)
        : base(ObjectKind.Fd)
    {
        ArgumentNullException.ThrowIfNull(socket);
        _source = socket;
        HasSocket = true;
        _handle = socket.Handle;
    }

    /// <summary>Watches a descriptor that is known by its number, which stays the caller's.</summary>
    /// <param name="handle">The number, as in 0 for standard input.</param>
    public IvFd(nint handle)
        : base(ObjectKind.Fd)
        => _handle = handle;

    /// <summary>Watches the descriptor of a handle, which stays the caller's; it is referenced only for the length of a call.</summary>
    /// <param name="handle">An open handle: of a pipe stream or a file stream, say.</param>
    public IvFd(SafeHandle handle)
        : base(ObjectKind.Fd)
    {
        ArgumentNullException.ThrowIfNull(handle);
        ObjectDisposedException.ThrowIf(handle.IsClosed || handle.IsInvalid, handle);
        _source = handle;
        _handle = handle.DangerousGetHandle();
    }

    [Flags]
    private enum FdFlags : byte
    {
        None = 0,
        SetsNonBlocking = 1,
        AlwaysReady = 2,
        IsAlwaysReady = 4,
        Orphan = 8,
        RestoresBlocking = 16,
        Changed = 32,
        SharesBlocking = 64,
        HasSink = 128,
    }

    /// <summary>The descriptor's number.</summary>
    public nint Handle => _handle;

    /// <summary>The socket that is watched, null if the object was made from a number or a handle.</summary>
    public IvSocket? Socket => HasSocket ? Unsafe.As<IvSocket>(_source) : null;

    /// <summary>Called when a read would not block: data, a connection to accept, the end, or an error.</summary>
    public Action<IvFd>? HandlerIn
    {
        get => _in;
        set => Set(ref _in, value, nameof(HandlerIn));
    }

    /// <summary>Called when a write would not block, a connect has ended, or there is an error.</summary>
    public Action<IvFd>? HandlerOut
    {
        get => _out;
        set => Set(ref _out, value, nameof(HandlerOut));
    }

    /// <summary>Called when an error is pending, both directions are closed, or a change of interest was refused (<see cref="Error"/>).</summary>
    public Action<IvFd>? HandlerErr
    {
        get => _err;
        set => Set(ref _err, value, nameof(HandlerErr));
    }

    /// <summary>Called when the peer has closed its side; unread data may still be there. Level-triggered: set it to null once seen.</summary>
    public Action<IvFd>? HandlerHangup
    {
        get => _hangup;
        set => Set(ref _hangup, value, nameof(HandlerHangup));
    }

    /// <summary>Called when there is urgent data (POLLPRI).</summary>
    public Action<IvFd>? HandlerPri
    {
        get => _pri;
        set => Set(ref _pri, value, nameof(HandlerPri));
    }

    /// <summary>
    /// Why the kernel refused a change of interest; the descriptor is disarmed until it is registered anew.
    /// <see cref="IvError.None"/> otherwise.
    /// </summary>
    public IvError Error
    {
        get => (IvError)_error;
        private set => _error = (short)value;
    }

    /// <summary>
    /// Whether a descriptor that is not a socket of ours is made non-blocking at Register and put back at Unregister.
    /// Defaults to true. A blocking descriptor stalls the loop when readiness turns out to be stale.
    /// </summary>
    public bool SetsNonBlocking
    {
        get => Has(FdFlags.SetsNonBlocking);
        init => Put(FdFlags.SetsNonBlocking, value);
    }

    /// <summary>
    /// Whether a regular file, which no backend takes (EPERM), is registered all the same and counts as ready in each turn,
    /// so that one program can read a terminal, a pipe and a file. The loop does not sleep meanwhile. Defaults to false.
    /// </summary>
    public bool AlwaysReady
    {
        get => Has(FdFlags.AlwaysReady);
        init => Put(FdFlags.AlwaysReady, value);
    }

    internal ulong Token { get; private set; }

    // What the poller was told last.
    internal IvBands Told
    {
        get => (IvBands)(_told & ~Unwanted);
        set => _told = (byte)((byte)value | (_told & Unwanted));
    }

    internal bool HasBeenUnwanted => (_told & Unwanted) != 0;

    // Of a socket that was watched for data alone: whether the poller need not be told when it is no longer. Not if that has led to a
    // report that nobody wanted, once in this registration.
    internal bool MayStayArmed => _told == (byte)IvBands.In && HasSocket && !Has(FdFlags.HasSink);

    internal bool IsAlwaysReady => Has(FdFlags.IsAlwaysReady);

    // At the end of the registration the descriptor is made blocking again.
    internal bool RestoresBlocking
    {
        get => Has(FdFlags.RestoresBlocking);
        set => Put(FdFlags.RestoresBlocking, value);
    }

    // It was made non-blocking by another registration, perhaps, of a duplicate.
    internal bool SharesBlocking
    {
        get => Has(FdFlags.SharesBlocking);
        set => Put(FdFlags.SharesBlocking, value);
    }

    // Its number has been taken over by another registration: the descriptor was closed without being unregistered.
    internal bool IsOrphan
    {
        get => Has(FdFlags.Orphan);
        set => Put(FdFlags.Orphan, value);
    }

    // On the table's list of changes.
    internal bool IsChanged
    {
        get => Has(FdFlags.Changed);
        set => Put(FdFlags.Changed, value);
    }

    // Who takes all bands at once, in place of handlers; it stands in State.
    internal IReadySink? Sink => Has(FdFlags.HasSink) ? (IReadySink)State! : null;

    // What was watched: an IvSocket, a SafeHandle, or null for a bare number.
    internal object? Source => _source;

    /// <summary>What the handlers ask the poller for.</summary>
    internal IvBands Interest => Has(FdFlags.HasSink) ? ((IReadySink)State!).Interest :
        (_in is null ? IvBands.None : IvBands.In)
        | (_out is null ? IvBands.None : IvBands.Out)
        | (_err is null ? IvBands.None : IvBands.Err)
        | (_hangup is null ? IvBands.None : IvBands.Hangup)
        | (_pri is null ? IvBands.None : IvBands.Pri);

    /// <summary>Registers the descriptor on this thread's loop; the kernel knows it on return.</summary>
    /// <exception cref="IvException">
    /// EBADF: not open. EPERM: a regular file or directory, see <see cref="AlwaysReady"/>. EEXIST: registered on this loop
    /// already, by another object. EOPNOTSUPP: <see cref="HandlerPri"/> where urgent data can't be waited for. ENOMEM, ENOSPC: the kernel's limit of watched descriptors. Nothing has changed then.
    /// </exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            ThrowRefused(error, this);
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the descriptor is registered.</returns>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        IvSocket? socket = Socket;
        if (socket is not null)
        {
            if (socket.IsDisposed)
            {
                return IvError.EBADF;
            }

            if (socket.Network != loop.Network)
            {
                RaiseOtherNetwork(loop, socket, this);
            }

            if (socket.Watcher is { } watcher && watcher != this)
            {
                return IvError.EEXIST;
            }
        }

        // Referenced for the length of the call, so that nobody closes it half-way.
        var handle = _source as SafeHandle;
        bool referenced = false;
        try
        {
            if (handle is not null && !HandleReference.TryAdd(handle, ref referenced))
            {
                return IvError.EBADF;
            }

            Error = IvError.None;
            IvError error = loop.Fds.Add(this, Interest);
            if (error != IvError.None)
            {
                return error;
            }
        }
        finally
        {
            if (referenced)
            {
                handle!.DangerousRelease();
            }
        }

        if (socket is not null)
        {
            socket.Watcher = this;
        }

        Bind(loop);
        return IvError.None;
    }

    /// <summary>
    /// Ends the registration: no handler of it runs any more, not even from the batch at hand, and the kernel has let go of
    /// the descriptor on return. One that was closed before is tolerated. An object that is not registered is a misuse (IVF0021).
    /// </summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>The descriptor, what it is, and the name, as in <c>IvFd 17 (tcp 10.0.0.9:51514 -> 10.0.0.1:80, "upstream")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString()
    {
        string? what = Socket?.ToString();
        string? name = Name is null ? null : $"\"{Name}\"";
        return what is null && name is null ? $"IvFd {_handle}"
            : $"IvFd {_handle} ({what}{(what is null || name is null ? string.Empty : ", ")}{name})";
    }

    void ISocketWatcher.OnSocketClosing()
    {
        if (CheckedLoop("disposing its socket") is null)
        {
            return;
        }

        if (IsInternal && State is IvObject { IsRegistered: true } owner)
        {
            owner.EndRegistration();
        }
        else
        {
            EndRegistration();
        }
    }

    internal override void EndRegistration()
    {
        Loop!.Fds.Remove(this);
        _flags &= FdFlags.SetsNonBlocking | FdFlags.AlwaysReady | FdFlags.HasSink;
        if (Socket is { } socket)
        {
            socket.Watcher = null;
        }

        Unbind();
    }

    /// <summary>Gives all bands to one who takes them at once; before Register, and for good.</summary>
    internal void SetSink(IReadySink sink)
    {
        State = sink;
        Put(FdFlags.HasSink, value: true);
    }

    internal void Attach(ulong token, IvBands told)
    {
        Token = token;
        _told = (byte)told;
    }

    /// <summary>
    /// It was reported while nothing was wanted of it: the poller has to be told now. If that is because it was left armed, it is told
    /// at once from now on; not if the handler was taken away after the report had been made.
    /// </summary>
    internal void OnUnwanted(FdTable table)
    {
        if (MayStayArmed && !IsChanged)
        {
            _told |= Unwanted;
        }

        if (Told != IvBands.None)
        {
            table.MarkChanged(this);
        }
    }

    internal void AttachAlwaysReady(ulong token)
    {
        Token = token;
        Put(FdFlags.IsAlwaysReady, value: true);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Set(ref Action<IvFd>? field, Action<IvFd>? value, string member)
    {
        IvLoop? loop = CheckedLoop(member);
        bool interestChanges = field is null != value is null;
        field = value;
        if (interestChanges)
        {
            loop?.Fds.MarkChanged(this);
        }
    }

    private bool Has(FdFlags flag) => (_flags & flag) != 0;

    private void Put(FdFlags flag, bool value) => _flags = value ? _flags | flag : _flags & ~flag;

    internal static void ThrowRefused(IvError error, object subject) => throw new IvException(error, "register", subject, error switch
    {
        IvError.EBADF => "The descriptor is not open: register it before it is closed, and not after its socket was disposed",
        IvError.EPERM when OperatingSystem.IsMacOS() => "Files, directories and some devices have no readiness: set AlwaysReady, or read them on another thread; for /dev/tty open the terminal by its own name",
        IvError.EPERM => "Files and directories have no readiness: set AlwaysReady, or read them on another thread",
        IvError.EOPNOTSUPP when OperatingSystem.IsWindows() => "The socket is of a provider that hides the system's own below it: AFD can't poll it",
        IvError.EOPNOTSUPP => "Urgent data can't be waited for here: leave HandlerPri null",
        IvError.EEXIST => "Another IvFd of this loop watches the descriptor: unregister that one first, or duplicate the descriptor",
        IvError.ENOSPC => "Raise /proc/sys/fs/epoll/max_user_watches",
        IvError.ENOTSOCK => "On Windows a loop watches sockets: an event or another wait handle goes into an IvHandle, what blocks onto another thread",
        IvError.EBUSY => "Another loop watches the socket: on Windows one loop does at a time, so unregister it there first",
        _ => null,
    });

    internal static void RaiseOtherNetwork(IvLoop loop, IvSocket socket, object subject) => IvFatal.Raise(
        FatalCondition.OtherNetwork,
        $"{subject}: Register called on {loop}, whose network is {loop.Network.Name}, but the socket belongs to the network {socket.Network.Name}. Make the socket on the loop's network: IvSocket.Listen(…, network: loop.Network).",
        subject);
}
