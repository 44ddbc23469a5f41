using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;

namespace Ivy.Net;

/// <summary>A descriptor that anyone may write to wake a loop: another process, native code, a signal handler.</summary>
/// <remarks>
/// <para>An eventfd(2): whoever has the descriptor (<see cref="Handle"/>) writes eight bytes, a number in native byte order that
/// is added to a counter; the handler runs while the counter is not 0, and reads it. Posts before Run are remembered.
/// Costs one descriptor and two system calls for each call; inside one process <see cref="IvEvent"/> is cheaper.</para>
/// <para>On Windows it is a datagram socket that is connected to itself: whoever has it sends the eight bytes by send(), and the
/// handler runs while one lies in it. Posts of this process are counted beside it, so that none gets lost in a full buffer.</para>
/// <para><see cref="Post"/> is for any thread; everything else is for the loop's thread. Follows iv_event_raw(3); see IvEventRaw(3).</para>
/// </remarks>
public sealed class IvEventRaw : IvObject
{
    private readonly EventHandle _handle;
    private readonly IvFd _fd;

    /// <summary>Makes the event and its descriptor.</summary>
    /// <param name="handler">Runs on the loop's thread.</param>
    /// <param name="network">Where the descriptor comes from; null takes that of this thread's loop.</param>
    /// <exception cref="IvException">EMFILE, ENFILE: no descriptor is left.</exception>
    public IvEventRaw(Action<IvEventRaw> handler, IvNetwork? network = null)
        : this(handler, Open(handler, network ?? IvNetwork.Current))
    {
    }

    private IvEventRaw(Action<IvEventRaw> handler, EventHandle opened)
        : base(ObjectKind.EventRaw)
    {
        Handler = handler;
        _handle = opened;
        nint handle = opened.DangerousGetHandle();
        _fd = new IvFd(handle) { State = this, IsInternal = true, SetsNonBlocking = false, HandlerIn = static fd => ((IvEventRaw)fd.State!).OnReadable() };
    }

    /// <summary>What runs; may be replaced at any time.</summary>
    public Action<IvEventRaw> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(Handler));
            field = value;
        }
    }

    /// <summary>
    /// The descriptor, close-on-exec, for native code; or, duplicated, for another process. Valid until the object is disposed.
    /// </summary>
    public nint Handle => _handle.DangerousGetHandle();

    /// <summary>In the handler: the sum of what was written since it ran last, the number of posts if all were by <see cref="Post"/>.</summary>
    public ulong Count { get; private set; }

    /// <summary>As the constructor, and returns the error instead of throwing it.</summary>
    /// <param name="handler">Runs on the loop's thread.</param>
    /// <param name="created">The event; null on an error.</param>
    /// <param name="network">Where the descriptor comes from; null takes that of this thread's loop.</param>
    /// <returns><see cref="IvError.None"/>, or why there is no descriptor.</returns>
    public static IvError TryCreate(Action<IvEventRaw> handler, out IvEventRaw? created, IvNetwork? network = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        network ??= IvNetwork.Current;
        IvError error = network.OpenEvent(out nint handle);
        created = error == IvError.None ? new IvEventRaw(handler, new EventHandle(network, handle)) : null;
        return error;
    }

    /// <summary>Binds the event to this thread's loop. One that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">The kernel refused to watch the descriptor.</exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            IvFd.ThrowRefused(error, this);
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the event is registered.</returns>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        if (_handle.Network != loop.Network)
        {
            IvFatal.Raise(
                FatalCondition.OtherNetwork,
                $"{this}: Register called on {loop}, whose network is {loop.Network.Name}, but the descriptor belongs to the network {_handle.Network.Name}. Make the event with network: loop.Network.",
                this);
        }

        _fd.Name = Name;
        IvError error = _fd.TryRegister();
        if (error == IvError.None)
        {
            Bind(loop);
        }

        return error;
    }

    /// <summary>Frees the event; what was posted stays in the descriptor. One that is not registered is a misuse (IVF0021).</summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>Has the handler run on the loop's thread; any thread.</summary>
    /// <returns>False if the object has been disposed.</returns>
    public bool Post()
    {
        bool referenced = false;
        try
        {
            if (!HandleReference.TryAdd(_handle, ref referenced))
            {
                return false;
            }

            Span<byte> one = stackalloc byte[sizeof(ulong)];
            MemoryMarshal.Write(one, 1UL);

            // EAGAIN: the counter is at its limit, so the handler will run anyway.
            IvIoResult result = _handle.Network.Write(_handle.DangerousGetHandle(), one);
            return result.IsOk || result.WouldBlock;
        }
        finally
        {
            if (referenced)
            {
                _handle.DangerousRelease();
            }
        }
    }

    internal override string DumpKind => "event";

    internal override void EndRegistration()
    {
        _fd.EndRegistration();
        Unbind();
    }

    private protected override void OnDisposed() => _handle.Dispose();

    private static EventHandle Open(Action<IvEventRaw> handler, IvNetwork network)
    {
        ArgumentNullException.ThrowIfNull(handler);
        IvError error = network.OpenEvent(out nint handle);
        return error == IvError.None
            ? new EventHandle(network, handle)
            : throw new IvException(error, "make an event", subject: null, OperatingSystem.IsWindows() ? "The process is out of handles or of ports: close some sockets" : "Raise the limit of open files (ulimit -n), or close some");
    }

    private void OnReadable()
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        IvIoResult result = _handle.Network.Read(_handle.DangerousGetHandle(), word);
        if (result.Bytes == sizeof(ulong))
        {
            Count = BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt64LittleEndian(word) : BinaryPrimitives.ReadUInt64BigEndian(word);
            Handler(this);
        }
    }

    // Keeps the descriptor open for the length of a Post that runs while the object is being disposed.
    private sealed class EventHandle : SafeHandle
    {
        private bool _isForgotten;

        public EventHandle(IvNetwork network, nint handle)
            : base(-1, ownsHandle: true)
        {
            Network = network;
            SetHandle(handle);
        }

        public IvNetwork Network { get; }

        public override bool IsInvalid => handle == -1;

        protected override void Dispose(bool disposing)
        {
            _isForgotten = !disposing;
            base.Dispose(disposing);
        }

        protected override bool ReleaseHandle()
        {
            if (_isForgotten)
            {
                // On the finalizer's thread, where a simulation must not be touched.
                Network.CloseForgotten(handle);
            }
            else
            {
                Network.Close(handle);
            }

            return true;
        }
    }
}
