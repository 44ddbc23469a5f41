using System.Diagnostics.CodeAnalysis;

namespace Ivy.Net.Polling;

/// <summary>The interface of epoll(7), with the rules of wepoll: sockets go in, and those that are ready come out.</summary>
/// <remarks>
/// <para>For programs that have an event loop of their own, or come from epoll; <see cref="IvLoop"/> is the library's. Any thread
/// may call any member at any time, and any number of threads may wait; what a thread changes holds at once for those that wait
/// already. Level-triggered: a socket that stays ready is reported by each wait, to each thread that waits, unless it has
/// <see cref="EpollEvents.OneShot"/>.</para>
/// <para>A port never owns a socket. It takes sockets of the operating system only: for pipes, files and simulated sockets there
/// is the loop. Nothing allocates per wait. See EpollPort(3).</para>
/// </remarks>
public sealed partial class EpollPort : IDisposable
{
    private readonly PortGate _gate = new();
    private readonly PortEngine _engine;

    /// <summary>Makes a port.</summary>
    /// <exception cref="IvException">EMFILE, ENFILE, ENOMEM; ENOSYS, EPERM where it can't be had.</exception>
    public EpollPort()
        : this(PortEngine.Create())
    {
    }

    internal EpollPort(PortEngine engine) => _engine = engine;

    private enum Change
    {
        Add,
        Modify,
        Remove,
    }

    /// <summary>Whether it has been disposed.</summary>
    public bool IsDisposed => _gate.IsClosed;

    // For tests: how many threads are inside a call.
    internal int CallsInside => _gate.Inside;

    /// <summary>As the constructor, without exceptions.</summary>
    /// <param name="port">The port; null if it could not be made.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    public static IvError TryCreate(out EpollPort? port)
    {
        try
        {
            port = new EpollPort();
            return IvError.None;
        }
        catch (IvException refused)
        {
            port = null;
            return refused.Error;
        }
    }

    /// <summary>Waits for as long as it takes; as <see cref="Wait(Span{EpollPortEvent}, TimeSpan)"/>.</summary>
    /// <param name="events">Where the sockets go that are ready; as many as fit.</param>
    /// <returns>How many it was; 0 after a <see cref="Wake"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="events"/> is empty.</exception>
    /// <exception cref="ObjectDisposedException">The port has been disposed, or is disposed meanwhile.</exception>
    public int Wait(Span<EpollPortEvent> events) => Wait(events, Timeout.InfiniteTimeSpan);

    /// <summary>Waits until a socket is ready, for no longer than a time.</summary>
    /// <param name="events">Where the sockets go that are ready; as many as fit. The others come first the next time.</param>
    /// <param name="timeout">Zero only looks, a negative one waits for as long as it takes. Rounded up to what the system can.</param>
    /// <returns>How many sockets it was; 0 at the end of the time, or after a <see cref="Wake"/>. A signal does not end a wait.</returns>
    /// <exception cref="ArgumentException"><paramref name="events"/> is empty; found before anything else.</exception>
    /// <exception cref="ObjectDisposedException">The port has been disposed, or is disposed meanwhile.</exception>
    /// <exception cref="IvException">The kernel refused to wait.</exception>
    public int Wait(Span<EpollPortEvent> events, TimeSpan timeout)
    {
        if (events.IsEmpty)
        {
            throw new ArgumentException("EpollPort: wait: there is no room for an event. Give a span with at least one element.", nameof(events));
        }

        IvError error = TryWait(events, timeout, out int count);
        if (error != IvError.None)
        {
            ThrowFromWait(error);
        }

        return count;
    }

    /// <summary>As <see cref="Wait(Span{EpollPortEvent}, TimeSpan)"/>, without exceptions.</summary>
    /// <param name="events">Where the sockets go that are ready.</param>
    /// <param name="timeout">Zero only looks, a negative one waits for as long as it takes.</param>
    /// <param name="count">How many sockets it was.</param>
    /// <returns><see cref="IvError.None"/>; EINVAL for an empty span, before anything else; <see cref="IvError.Disposed"/>.</returns>
    public IvError TryWait(Span<EpollPortEvent> events, TimeSpan timeout, out int count)
    {
        count = 0;
        if (events.IsEmpty)
        {
            return IvError.EINVAL;
        }

        if (!_gate.TryEnter())
        {
            return IvError.Disposed;
        }

        try
        {
            IvTimestamp deadline = timeout < TimeSpan.Zero ? IvTimestamp.MaxValue
                : timeout == TimeSpan.Zero ? IvTimestamp.MinValue
                : IvTimestamp.System + timeout;
            IvError error = _engine.Wait(events, deadline, out count);
            if (!_gate.IsClosed)
            {
                return error;
            }

            count = 0;
            return IvError.Disposed;
        }
        finally
        {
            _gate.Leave();
        }
    }

    /// <summary>
    /// Makes a wait return: one of those at hand, or else the next one, with 0 if nothing is ready. Several before that are one.
    /// Once the port is disposed it does nothing.
    /// </summary>
    /// <exception cref="IvException">The kernel refused: something closed a descriptor that it does not own.</exception>
    public void Wake()
    {
        if (!_gate.TryEnter())
        {
            return;
        }

        try
        {
            IvError error = _engine.Wake();
            if (error != IvError.None)
            {
                throw new IvException(error, "wake", this, "Something closed a descriptor that it does not own");
            }
        }
        finally
        {
            _gate.Leave();
        }
    }

    /// <summary>
    /// Ends all waits, with <see cref="ObjectDisposedException"/>, returns when the last thread has left, and leaves the sockets
    /// as they are. Idempotent.
    /// </summary>
    public void Dispose()
    {
        if (_gate.Close())
        {
            _engine.End();
            _gate.WaitUntilEmpty();
            _engine.Dispose();
        }
    }

    /// <summary>What messages call it.</summary>
    /// <returns>A text for messages.</returns>
    public override string ToString() => IsDisposed ? "disposed EpollPort" : "EpollPort";

    // Invariant: what is wrong with the port comes first, then with the socket (EBADF, ENOTSOCK), then with the flags, then with the registration.
    private IvError TryChange(Change change, nint socket, bool isKnownAsSocket, EpollEvents events, ulong data)
    {
        if (!_gate.TryEnter())
        {
            return IvError.Disposed;
        }

        try
        {
            IvError error = !CanBeHonoured(events) ? IvError.EINVAL
                : change == Change.Add && !isKnownAsSocket ? _engine.Check(socket)
                : IvError.None;
            if (error == IvError.None)
            {
                error = change switch
                {
                    Change.Add => _engine.Add(socket, events, data),
                    Change.Modify => _engine.Modify(socket, events, data),
                    _ => _engine.Remove(socket),
                };
            }

            if (error is IvError.EINVAL or IvError.ENOENT or IvError.EEXIST && _engine.Check(socket) is not IvError.None and var why)
            {
                error = why;
            }

            return error;
        }
        finally
        {
            _gate.Leave();
        }
    }

    private bool CanBeHonoured(EpollEvents events) => PortEvents.CanBeHonoured(events) && (events & _engine.Missing) == EpollEvents.None;

    private void ThrowIfRefused(IvError error, string operation, object socket, EpollEvents events)
    {
        if (error != IvError.None)
        {
            ThrowFromChange(error, operation, socket, events);
        }
    }

    [DoesNotReturn]
    private void ThrowFromChange(IvError error, string operation, object socket, EpollEvents events)
    {
        ObjectDisposedException.ThrowIf(error == IvError.Disposed, this);
        if (error == IvError.EINVAL && !CanBeHonoured(events))
        {
            throw new ArgumentException($"EpollPort: {operation}: {PortEvents.Advice(events, _engine.Missing)}.", nameof(events));
        }

        throw new IvException(error, operation, socket, error switch
        {
            IvError.EBADF => "The socket is closed, or never was one. Remove a socket before it is closed",
            IvError.ENOTSOCK => "A port takes sockets of the operating system only. An IvLoop takes pipes, terminals and simulated sockets too",
            IvError.EEXIST => "The port has the socket already, also while it is disarmed after a one-shot report: use Modify",
            IvError.ENOENT => "The port does not have the socket: use Add. A socket that was closed is dropped by itself, also if its number has been given to another one",
            IvError.ENOSPC => "The user's limit of watched descriptors is reached: raise /proc/sys/fs/epoll/max_user_watches",
            _ => null,
        });
    }

    [DoesNotReturn]
    private void ThrowFromWait(IvError error)
    {
        ObjectDisposedException.ThrowIf(error == IvError.Disposed, this);
        throw new IvException(error, "wait", this, "Something closed a descriptor that it does not own");
    }
}
