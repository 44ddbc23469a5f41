using System.Numerics;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Polling;

/// <summary>The kqueue(2) backend of macOS and FreeBSD: level-triggered, with deadlines of nanoseconds, and changes handed over in the wait.</summary>
/// <remarks>
/// <para>Public so that a poller of your own can wrap it. Urgent data (<see cref="IvBands.Pri"/>) can be waited for on macOS only; on FreeBSD
/// it is refused with EOPNOTSUPP. See IvPoller(3).</para>
/// <para>K1: a registration has a knote for reading from Add to Remove, disabled while nothing is to be read (EV_DISABLE, not EV_DELETE).
/// close(2) takes it away in silence, so a change that finds none (ENOENT) proves that the number was closed, and whoever has it by now is
/// left alone. A knote that is disabled costs the kernel some memory, and a change that enables it no allocation.</para>
/// <para>K2: every change carries all that the kernel overwrites: token, flags and data of the filter, and whether it is enabled.</para>
/// <para>K3: nothing is pending between two waits, so that no change reaches a number after its registration has ended.</para>
/// </remarks>
public sealed partial class KqueuePoller : IvPoller
{
    /// <summary>No slot has this token: the loop counts slots from 0.</summary>
    internal const ulong WakeToken = ulong.MaxValue;

    private const int InitialCapacity = 16;

    private readonly IKqueueApi _api;
    private readonly KqueueDialect _dialect;
    private readonly KqueueHandle _queue;
    private readonly KqueueWake _wake;
    private readonly KnoteChanges _changes;
    private readonly List<IvReady> _refused = [];
    private readonly List<int> _stale = [];
    private readonly List<int> _broken = [];
    private KqueueWatch[] _watches = [];
    private KqueueEvent[] _events = [];
    private int[] _batch = [];
    private ulong _batchNumber;

    /// <summary>Makes a queue: one descriptor, and two more where the kernel has no user events.</summary>
    /// <exception cref="IvException">EMFILE, ENFILE, ENOMEM; ENOSYS on other systems than 64-bit macOS and FreeBSD.</exception>
    public KqueuePoller()
        : this(BsdKqueue.OfThisSystem())
    {
    }

    internal KqueuePoller(IKqueueApi api)
    {
        _api = api;
        _dialect = api.Dialect;
        _changes = new KnoteChanges(_dialect);
        _queue = KqueueHandle.Create(api);
        try
        {
            _wake = new KqueueWake(api, _queue);
        }
        catch (IvException)
        {
            _queue.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string Name => "kqueue";

    /// <inheritdoc/>
    public override IvTimestamp Now => IvTimestamp.System;

    internal override long CoarseNow => IvTimestamp.SystemCoarse;

    /// <inheritdoc/>
    /// <remarks>The queue itself: it is readable while it has an event.</remarks>
    public override nint BackendHandle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_queue.IsClosed, this);
            return _queue.Fd;
        }
    }

    /// <inheritdoc/>
    /// <remarks>False: the kernel takes a file, and takes a number twice.</remarks>
    public override bool ValidatesHandles => false;

    /// <summary>Whether a pipe stands in for the kernel's user events.</summary>
    internal bool WakesByPipe => _wake.IsPipe;

    /// <inheritdoc/>
    public override IvError Add(nint handle, IvBands want, ulong token)
    {
        if (handle is < 0 or > int.MaxValue)
        {
            return IvError.EBADF;
        }

        if (IsImpossible(want))
        {
            return IvError.EOPNOTSUPP;
        }

        int fd = (int)handle;
        MakeRoom(fd);
        ref KqueueWatch watch = ref _watches[fd];
        if (watch.IsRegistered)
        {
            return IvError.EEXIST;
        }

        watch = new KqueueWatch { Token = token, Want = want, IsRegistered = true };
        Set(fd, ref watch);
        IvError error = HandOver(fd);
        if (error != IvError.None)
        {
            Drop(fd, ref watch);
        }

        return error;
    }

    /// <inheritdoc/>
    public override void Remove(nint handle, ulong token)
    {
        if (TryFind(handle, token, out int fd))
        {
            Drop(fd, ref _watches[fd]);
        }
    }

    /// <inheritdoc/>
    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        SetStale();
        foreach (ref readonly IvChange change in changes)
        {
            Apply(change);
        }

        int count = TakeRefused(ready);
        if (_changes.Count > ready.Length - count)
        {
            // Room for an answer to each of them, or those behind a failing one were lost.
            HandOverAll();
            count += TakeRefused(ready[count..]);
        }

        if (ready.IsEmpty)
        {
            return _refused.Count;
        }

        int room = ready.Length - count;
        if (room == 0)
        {
            return count;
        }

        MakeBatch(room);
        int got = WaitForEvents(room, count == 0 && !HasBroken() ? deadline : IvTimestamp.MinValue);
        if (TakeAnswers(got))
        {
            // Answers come alone: nobody has looked for events yet.
            count += TakeRefused(ready[count..]);
            room = ready.Length - count;
            got = room == 0 ? 0 : WaitForEvents(room, count == 0 && !HasBroken() ? deadline : IvTimestamp.MinValue);
        }

        return count + Collect(got, room, ready[count..]);
    }

    /// <inheritdoc/>
    public override void Wake()
    {
        int result = _wake.Signal();
        if (result < 0)
        {
            IvFatal.Raise(FatalCondition.WakeFailed, $"kqueue: waking the loop failed: {_dialect.ToError(-result).Describe()}. Something closed a descriptor that it does not own.", this);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Asks the kernel whether its knote is there still.</remarks>
    public override bool Holds(nint handle, ulong token)
    {
        if (!TryFind(handle, token, out int fd))
        {
            return false;
        }

        ref KqueueWatch watch = ref _watches[fd];
        _changes.Touch(fd, watch.Token, watch.Read);
        return HandOver(fd) != IvError.EBADF;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _queue.Dispose();
        _wake.Dispose();
        base.Dispose(disposing);
    }

    private bool IsImpossible(IvBands want) => (want & IvBands.Pri) != 0 && _dialect.UrgentFilter == 0;

    private bool TryFind(nint handle, ulong token, out int fd)
    {
        fd = (int)handle;
        return (nuint)handle < (nuint)_watches.Length && _watches[fd].IsRegistered && _watches[fd].Token == token;
    }

    private int WaitForEvents(int room, IvTimestamp deadline)
    {
        // Fresh, not the loop's Now: a slow handler must not make the next timer late by as much.
        long nanoseconds = deadline == IvTimestamp.MinValue ? 0
            : deadline == IvTimestamp.MaxValue ? -1
            : WaitTime.Until(deadline.Nanoseconds, Now.Nanoseconds);

        // Interrupted or not, they have been applied: handed over again they would overwrite what came since.
        int result = _api.Exchange(_queue.Fd, _changes.Take(), _events.AsSpan(0, room), nanoseconds);
        if (result >= 0)
        {
            return result;
        }

        IvError error = _dialect.ToError(-result);
        if (error != IvError.EINTR)
        {
            RaiseFailed(error);
        }

        return 0;
    }

    private int TakeRefused(Span<IvReady> ready)
    {
        int count = Math.Min(_refused.Count, ready.Length);
        if (count != 0)
        {
            CollectionsMarshal.AsSpan(_refused)[..count].CopyTo(ready);
            _refused.RemoveRange(0, count);
        }

        return count;
    }

    private void MakeRoom(int fd)
    {
        if (fd >= _watches.Length)
        {
            Array.Resize(ref _watches, (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)Math.Max(fd + 1L, InitialCapacity)), (uint)Array.MaxLength));
        }
    }

    private void MakeBatch(int room)
    {
        if (_events.Length < room)
        {
            _events = new KqueueEvent[room];
            _batch = new int[room];
        }
    }

    private void RaiseFailed(IvError error) => IvFatal.Raise(
        FatalCondition.PollFailed,
        $"kqueue: waiting failed: {error.Describe()}. Something closed the loop's queue, descriptor {_queue.Fd}, which it does not own.",
        this);
}
