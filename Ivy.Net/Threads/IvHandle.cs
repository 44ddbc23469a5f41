using System.Globalization;

namespace Ivy.Net;

/// <summary>Calls a handler of the loop when a WaitHandle of .NET is signalled: an event, a semaphore, what a library hands out.</summary>
/// <remarks>
/// <para>Waited for by the runtime's own threads, one for up to 63 objects, on every platform. Level-like: the wait begins anew
/// when the handler has returned, so that a manual-reset event calls until it is reset. What a wait takes (the signal of an
/// auto-reset event, a count of a semaphore) is one call, exactly, also if the handler is changed or the object is registered
/// anew in between. A handler that is null is no interest: nothing is waited for.</para>
/// <para>The WaitHandle stays the caller's, and must not be disposed while the object is registered. All members are for the
/// loop's thread then. Follows iv_handle of ivykis; see IvHandle(3).</para>
/// </remarks>
public sealed class IvHandle : IvObject
{
    private static readonly Action<IvEvent> OnPosted = static posted => ((IvHandle)posted.State!).Deliver();

    private static readonly WaitOrTimerCallback OnSignalled = static (state, _) => ((Wait)state!).Complete();

    private readonly IvEvent _event;

    // Waiting takes nothing from a manual-reset event: what it told is not kept, for by now it may have been reset.
    private readonly bool _keepsSignals;

    // Taken by waits that are over, and not delivered yet; counted up by threads of the pool.
    private int _signals;
    private Wait? _wait;
    private bool _isRunning;

    /// <summary>Makes an object; nothing is waited for before <see cref="Register"/>.</summary>
    /// <param name="waitHandle">Any but a Mutex, which would be owned by a thread of the pool.</param>
    /// <param name="handler">Runs on the loop's thread; null: not yet.</param>
    /// <exception cref="ArgumentException">The WaitHandle is a Mutex.</exception>
    public IvHandle(WaitHandle waitHandle, Action<IvHandle>? handler)
        : base(ObjectKind.Handle)
    {
        ArgumentNullException.ThrowIfNull(waitHandle);
        if (waitHandle is Mutex)
        {
            throw new ArgumentException("A Mutex belongs to the thread that waited for it, which would be one of the pool. Use a Semaphore, or lock on the loop.", nameof(waitHandle));
        }

        WaitHandle = waitHandle;
        Handler = handler;
        _keepsSignals = waitHandle is not ManualResetEvent;
        _event = new IvEvent(OnPosted) { State = this, IsInternal = true };
    }

    /// <summary>What is waited for.</summary>
    public WaitHandle WaitHandle { get; }

    /// <summary>What runs; may be replaced at any time. Null ends the interest, and what has been taken already waits for the next handler.</summary>
    public Action<IvHandle>? Handler
    {
        get => field;
        set
        {
            IvLoop? loop = CheckedLoop(nameof(Handler));
            field = value;
            if (loop is not null)
            {
                ThrowIfRefused(Update());
            }
        }
    }

    /// <summary>How often the handler has been called.</summary>
    public long Count { get; private set; }

    /// <summary>Begins to wait, for this thread's loop. One that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">
    /// <see cref="IvError.Disposed"/>: the WaitHandle has been disposed. EOPNOTSUPP: the loop's network is simulated, and its
    /// threads are not called from outside. ENOMEM: there is no room for a thread that waits.
    /// </exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            throw new IvException(error, "register", this, error switch
            {
                IvError.Disposed => "Make the WaitHandle live for as long as the object is registered",
                IvError.EOPNOTSUPP => "A simulated network has no threads but its own: post to the loop from one of these",
                _ => null,
            });
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the object is registered.</returns>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        if (loop.Network is SimulatedNetwork)
        {
            return IvError.EOPNOTSUPP;
        }

        _event.Name = Name;
        _event.Register();
        Bind(loop);
        IvError error = WaitHandle.SafeWaitHandle is { IsClosed: true } or { IsInvalid: true } ? IvError.Disposed : Update();
        if (error != IvError.None && IsRegistered)
        {
            EndRegistration();
        }

        return error;
    }

    /// <summary>Ends waiting: on return nothing is taken from the WaitHandle any more. One that is not registered is a misuse (IVF0021).</summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>The type of the WaitHandle and the name, as in <c>IvHandle (AutoResetEvent, "ready")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvHandle ({WaitHandle.GetType().Name})" : $"IvHandle ({WaitHandle.GetType().Name}, \"{Name}\")";

    internal override string DumpKind => "handle";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"{WaitHandle.GetType().Name} count={Count}{(Handler is null ? " parked" : string.Empty)}");

    internal override void EndRegistration()
    {
        _event.EndRegistration();
        EndWait();
        Unbind();
    }

    // Waits, or stops waiting, as the state demands. An error has ended the registration.
    private IvError Update()
    {
        if (!IsRegistered || _isRunning)
        {
            return IvError.None;
        }

        if (Handler is null)
        {
            EndWait();
            return IvError.None;
        }

        if (Volatile.Read(ref _signals) > 0)
        {
            _event.Post();
            return IvError.None;
        }

        if (_wait is { HasCompleted: false })
        {
            return IvError.None;
        }

        _wait = new Wait(this);
        IvError error = _wait.Begin();
        if (error != IvError.None)
        {
            _wait = null;
            EndRegistration();
        }

        return error;
    }

    private void EndWait()
    {
        _wait?.End();
        _wait = null;
        if (!_keepsSignals)
        {
            Volatile.Write(ref _signals, 0);
        }
    }

    private void Deliver()
    {
        if (Handler is not { } handler || Volatile.Read(ref _signals) == 0)
        {
            // What was posted is delivered already, or is not wanted now.
            Loop!.UncountDispatch();
            return;
        }

        Interlocked.Decrement(ref _signals);
        Count++;
        IvError error;
        _isRunning = true;
        try
        {
            handler(this);
        }
        finally
        {
            _isRunning = false;
            error = Update();
        }

        ThrowIfRefused(error);
    }

    private void ThrowIfRefused(IvError error)
    {
        if (error == IvError.Disposed)
        {
            IvFatal.Raise(
                FatalCondition.WaitHandleDisposed,
                $"{this}: its WaitHandle was disposed while it was registered. Unregister it before; it is unregistered now.",
                this);
        }

        if (error != IvError.None)
        {
            throw new IvException(error, "wait", this, "It is unregistered now");
        }
    }

    /// <summary>One wait, which ends by one signal or by being given up.</summary>
    private sealed class Wait(IvHandle owner)
    {
        private readonly Lock _gate = new();
        private RegisteredWaitHandle? _registration;
        private volatile bool _hasCompleted;
        private bool _hasEnded;

        public bool HasCompleted => _hasCompleted;

        public IvError Begin()
        {
            try
            {
                _registration = ThreadPool.UnsafeRegisterWaitForSingleObject(owner.WaitHandle, OnSignalled, this, Timeout.Infinite, executeOnlyOnce: true);
                return IvError.None;
            }
            catch (ObjectDisposedException)
            {
                return IvError.Disposed;
            }
            catch (OutOfMemoryException)
            {
                // EAGAIN of pthread_create(3), which the runtime tells in this way.
                return IvError.ENOMEM;
            }
        }

        // On return nothing is taken any more. What has been taken may be told later still.
        public void End()
        {
            lock (_gate)
            {
                _hasEnded = true;
            }

            if (!_hasCompleted)
            {
                _registration!.Unregister(waitObject: null);
            }
        }

        // On a thread of the pool.
        public void Complete()
        {
            lock (_gate)
            {
                _hasCompleted = true;
                if (_hasEnded && !owner._keepsSignals)
                {
                    return;
                }

                Interlocked.Increment(ref owner._signals);
            }

            owner._event.Post();
        }
    }
}
