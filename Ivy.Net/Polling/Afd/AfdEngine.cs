using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <summary>Readiness of sockets by polls of AFD on a completion port: what AfdPoller and EpollPort have in common.</summary>
/// <remarks>
/// <para>A poll completes once; level-triggering is made of polls that are started anew before the next wait. A poll in flight can't be
/// changed: one that asks for too much is left alone, one that asks for too little is cancelled, and started anew when its packet has come.</para>
/// <para>A1: of a socket at most one poll is in flight. A registration that comes while the poll of an ended one is being cancelled
/// is its heir, and is polled for when the packet has come. (Windows mixes up the answers of two.)</para>
/// <para>A2: a packet belongs to the registration whose block it carries, never to whoever has the handle now. A block is not given to
/// anybody else before its packet was seen.</para>
/// <para>A3: the kernel may write to a block until its packet was seen, whatever was closed meanwhile: a slab is freed when nothing is
/// in flight, or never.</para>
/// <para>Threads: one at a time, which is the owner's business, but for <see cref="Dequeue"/> and <see cref="Post"/>, which any thread may
/// call at any time before Dispose; Post after it, too. The order of a wait: <see cref="Flush"/>, <see cref="Dequeue"/>,
/// <see cref="Feed(OverlappedEntry*, int)"/>, <see cref="Take"/>.</para>
/// </remarks>
internal sealed unsafe partial class AfdEngine : IDisposable
{
    /// <summary>How long a look waits for the packets of polls that are cancelled already: they come at once, and a bound keeps a look a look.</summary>
    public const uint OwedMilliseconds = 100;

    private const int InitialCapacity = 64;

    // Packets are taken in such portions where nobody says how many.
    private const int DrainPortion = 64;

    // Each of them comes when its poll is cancelled: what is not there by then never comes.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(5);

    private readonly IAfdApi _api;
    private readonly nint _port;
    private readonly bool _isExclusive;
    private readonly AfdDevices _devices;
    private readonly AfdBlocks _blocks = new();
    private readonly Dictionary<nint, int> _byHandle = [];
    private readonly Dictionary<nint, int> _dying = [];
    private readonly IndexQueue _updates = new();
    private readonly IndexQueue _ready = new();
    private readonly IndexQueue _stolen = new();
    private readonly List<AfdReady> _failed = [];
    private readonly Stack<int> _free = new();
    private AfdRegistration[] _registrations = new AfdRegistration[InitialCapacity];

    // Those who post, or int.MinValue and those who came too late.
    private int _posting;
    private bool _isDisposed;

    /// <summary>Makes a port, and opens AFD once to see that it is there.</summary>
    /// <param name="api">The system, or a model of it.</param>
    /// <param name="answersInline">
    /// Whether polls that are answered at once are ready without a packet. An owner whose threads wait in <see cref="Dequeue"/> while others
    /// start polls says no: it is the packet that wakes them.
    /// </param>
    /// <param name="isExclusive">Whether a socket that another exclusive engine polls is refused (EBUSY).</param>
    /// <exception cref="IvException">There is no AFD, or nothing is left of handles or memory.</exception>
    public AfdEngine(IAfdApi api, bool answersInline, bool isExclusive)
    {
        _api = api;
        _isExclusive = isExclusive;
        IvError error = api.OpenPort(out _port);
        if (error != IvError.None)
        {
            throw new IvException(error, "CreateIoCompletionPort");
        }

        _devices = new AfdDevices(api, _port, answersInline);
        error = _devices.TryRent(out AfdDevice device);
        if (error != IvError.None)
        {
            api.Close(_port);
            throw new IvException(error, @"open \Device\Afd", subject: null, error switch
            {
                IvError.ENOSYS or IvError.EOPNOTSUPP => "The system has no AFD: Windows Vista or later has it, and Wine 7 or later",
                IvError.EACCES => "A sandbox may forbid it",
                _ => null,
            });
        }

        _devices.Return(device);
    }

    /// <summary>Polls that were never answered, of engines that were disposed: their blocks are kept for ever.</summary>
    public static int Abandoned => Volatile.Read(ref _abandoned);

    /// <summary>
    /// Whether sockets are told by their names from those that get their handles, where no poll could tell: after a report, before the
    /// next <see cref="Flush"/>. A look at a socket costs more then.
    /// </summary>
    public bool KnowsNames { get; init; }

    /// <summary>A bug that the tests plant.</summary>
    public AfdBug Bug { get; init; }

    /// <summary>Whether something is to be done before anybody waits: the wait must not block.</summary>
    public bool IsBusy => _ready.Count + _updates.Count + _failed.Count > 0;

    /// <summary>How many failures wait to be taken.</summary>
    public int Failed => _failed.Count;

    /// <summary>
    /// Registrations that can't be polled for before a packet has come whose poll is cancelled already. It comes at once: a look that finds
    /// nothing else waits for it, a moment at most.
    /// </summary>
    public int Owed { get; private set; }

    public AfdCounters Counters => new(_submits, _inline, _cancels, _packets, _localCloses, _inFlight, _byHandle.Count, _devices.Count);

    /// <summary>Where its handles mean something.</summary>
    public object Process => _api.Process;

    /// <summary>EBADF for what is closed, EPERM for a file, ENOTSOCK for what else is open and no socket. Any thread.</summary>
    public IvError Validate(nint handle) => _api.Validate(handle);

    /// <summary>Registers a socket and starts its poll.</summary>
    /// <param name="handle">The socket.</param>
    /// <param name="want">
    /// What to report; LocalClose alone watches for the end of the socket only, which is watched for in any case but this: None polls for
    /// nothing.
    /// </param>
    /// <param name="data">What the reports carry.</param>
    /// <param name="isOneShot">Whether it is muted after a report, until it is modified.</param>
    /// <returns>
    /// EBADF, EPERM, ENOTSOCK: not a socket. EEXIST: registered already; where neither its poll (after a report, before the next flush) nor its
    /// name can tell, a handle that was closed and given out anew is taken for the old one. EBUSY: another engine polls it. ENOMEM, EMFILE. Then nothing
    /// has changed.
    /// </returns>
    public IvError Add(nint handle, AfdEvents want, ulong data, bool isOneShot = false)
    {
        IvError error = Look(handle, out AfdSocketName name);
        if (error != IvError.None)
        {
            return error;
        }

        if (_byHandle.TryGetValue(handle, out int occupant) && !WasClosed(occupant, name))
        {
            return IvError.EEXIST;
        }

        error = _api.BaseHandle(handle, out nint socket);
        if (error != IvError.None)
        {
            return error;
        }

        if (_isExclusive && !AfdOwners.TryEnter(socket, this))
        {
            return IvError.EBUSY;
        }

        error = TryRent(out int index);
        if (error != IvError.None)
        {
            if (_isExclusive)
            {
                AfdOwners.Leave(socket, this);
            }

            return error;
        }

        ref AfdRegistration added = ref _registrations[index];
        added.Handle = handle;
        added.Socket = socket;
        added.Name = name;
        added.Data = data;
        added.Want = want;
        added.IsOneShot = isOneShot;
        added.State = AfdPollState.Idle;
        _byHandle[handle] = index;
        if (TryInherit(index) || want == AfdEvents.None)
        {
            return IvError.None;
        }

        // An answer that comes at once may be over by the time of the next wait, which asks again.
        error = Submit(index, report: false);
        if (error != IvError.None)
        {
            Drop(index);
        }

        return error == IvError.EOPNOTSUPP ? _api.WhyUnsupported(handle) : error;
    }

    /// <summary>The registration of a handle, -1 if there is none. Good until it is removed, or a packet says that its socket was closed.</summary>
    public int Find(nint handle) => _byHandle.TryGetValue(handle, out int index) ? index : -1;

    /// <summary>What the reports of a registration carry.</summary>
    public ulong DataOf(int index) => _registrations[index].Data;

    /// <summary>Changes what is wanted; the kernel learns of it in the next <see cref="Flush"/>.</summary>
    public void Modify(int index, AfdEvents want, ulong data, bool isOneShot = false)
    {
        ref AfdRegistration changed = ref _registrations[index];
        changed.Want = want;
        changed.Data = data;
        changed.IsOneShot = isOneShot;
        Queue(index);
    }

    /// <summary>Ends a registration: nothing more is reported of it, and the kernel has been told.</summary>
    public void Remove(int index)
    {
        ref AfdRegistration removed = ref _registrations[index];
        _byHandle.Remove(removed.Handle);
        LeaveSocket(index);
        switch (removed.State)
        {
            case AfdPollState.Armed:
                Cancel(index);
                goto case AfdPollState.Cancelling;
            case AfdPollState.Cancelling:
                Owed--;
                Bury(index);
                break;
            case AfdPollState.Heir:
                Owed--;
                _registrations[_dying[removed.Socket]].Heir = -1;
                Free(index);
                break;
            default:
                Free(index);
                break;
        }
    }

    /// <summary>Whether a registration's socket is open still; one whose socket was seen to be closed is gone on return.</summary>
    public bool IsOpen(int index)
    {
        if (Look(_registrations[index].Handle, out AfdSocketName name) == IvError.EBADF || WasClosed(index, name))
        {
            return false;
        }

        _registrations[index].Name = _registrations[index].Name.With(name);
        return true;
    }

    /// <summary>Wakes one that waits for packets, or the next one that will. Any thread; nothing happens after Dispose.</summary>
    public IvError Post(nuint key)
    {
        IvError error = IvError.None;
        if (Interlocked.Increment(ref _posting) > 0)
        {
            error = _api.Post(_port, key);
        }

        Interlocked.Decrement(ref _posting);
        return error;
    }

    /// <summary>Ends all registrations, waits until the kernel is done with them, and gives everything back. Nobody may be waiting any more.</summary>
    /// <remarks>If an answer does not come, its memory is kept for ever, and counted.</remarks>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        int late = Interlocked.Add(ref _posting, int.MinValue);
        SpinWait spin = default;
        while (late != int.MinValue)
        {
            spin.SpinOnce();
            late = Volatile.Read(ref _posting);
        }

        for (int index = 0; index < _blocks.Count; index++)
        {
            if (_registrations[index].State is not (AfdPollState.Free or AfdPollState.Zombie))
            {
                Remove(index);
            }
        }

        DrainAll();
        _devices.Dispose();
        _api.Close(_port);
        if (_inFlight == 0)
        {
            _blocks.Free();
        }
        else
        {
            // A3.
            Interlocked.Add(ref _abandoned, _inFlight);
        }
    }

    private void DrainAll()
    {
        OverlappedEntry* entries = stackalloc OverlappedEntry[DrainPortion];
        IvTimestamp limit = IvTimestamp.System + DrainPatience;
        while (_inFlight > 0)
        {
            long left = limit.Nanoseconds - IvTimestamp.System.Nanoseconds;
            int count = left <= 0 ? -1 : _api.Wait(_port, entries, DrainPortion, (uint)(left / 1_000_000) + 1);
            if (count <= 0)
            {
                return;
            }

            Feed(entries, count);
        }
    }

    private IvError Look(nint handle, out AfdSocketName name)
    {
        name = default;
        return KnowsNames ? _api.Identify(handle, out name) : _api.Validate(handle);
    }

    // Is the occupant of a handle one that was closed, and the handle given out anew, to what has the name? Its poll was answered then; if
    // none was in flight, or another thread has the answer in hand, only the name can tell.
    private bool WasClosed(int index, AfdSocketName name)
    {
        if (_registrations[index].State is AfdPollState.Armed or AfdPollState.Cancelling && WasAnsweredAsClosed(index))
        {
            return true;
        }

        if (_registrations[index].Name.MayBe(name))
        {
            return false;
        }

        _localCloses++;
        Remove(index);
        return true;
    }

    private bool WasAnsweredAsClosed(int index)
    {
        nint handle = _registrations[index].Handle;
        OverlappedEntry* entries = stackalloc OverlappedEntry[DrainPortion];
        int count;
        do
        {
            count = Math.Max(0, _api.Wait(_port, entries, DrainPortion, 0));
            for (int i = 0; i < count; i++)
            {
                if (entries[i].Block == null)
                {
                    _stolen.Enqueue((int)entries[i].CompletionKey);
                }
            }

            // Not reported: it may be over by the time of the next wait, which looks again.
            Feed(entries, count, report: false);
        }
        while (count == DrainPortion);
        while (_stolen.TryDequeue(out int key))
        {
            // Meant for whoever waits, or will.
            _ = _api.Post(_port, (nuint)key);
        }

        return Find(handle) != index;
    }

    private IvError TryRent(out int index)
    {
        index = -1;
        IvError error = _devices.TryRent(out AfdDevice device);
        if (error != IvError.None)
        {
            return error;
        }

        if (!_free.TryPop(out index))
        {
            index = Grow();
        }

        ref AfdRegistration rented = ref _registrations[index];
        rented = default;
        rented.Device = device;
        rented.Heir = -1;
        return IvError.None;
    }

    // The last one of the new blocks; the others are free.
    private int Grow()
    {
        int first = _blocks.Count;
        _blocks.Grow();
        if (_registrations.Length < _blocks.Count)
        {
            Array.Resize(ref _registrations, _registrations.Length * 2);
        }

        for (int i = first; i < _blocks.Count; i++)
        {
            _blocks[i]->Index = i;
        }

        for (int i = _blocks.Count - 1; i > first; i--)
        {
            _free.Push(i);
        }

        return first;
    }

    private void Free(int index)
    {
        ref AfdRegistration freed = ref _registrations[index];
        _devices.Return(freed.Device);
        freed = default;
        _free.Push(index);
    }
}
