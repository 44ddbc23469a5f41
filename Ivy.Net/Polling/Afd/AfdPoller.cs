using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <summary>The backend of Windows: polls of AFD, the driver below Winsock, on a completion port.</summary>
/// <remarks>
/// Public so that a poller of your own can wrap it. Sockets only. Level-triggered, at the price of one call for each report: what was
/// reported is polled for anew by the next wait, and a socket that is ready then is answered at once. See IvPoller(3) and ivy-pollers(7).
/// </remarks>
public sealed unsafe class AfdPoller : IvPoller
{
    // The completions of AFD have key 0.
    private const nuint WakeKey = 1;

    // How long a look waits for the packets of polls that are cancelled already: they come at once, and a bound keeps a look a look.
    private const uint OwedMilliseconds = 100;

    private readonly AfdEngine _engine;
    private OverlappedEntry[] _entries = [];
    private OverlappedEntry* _entriesPointer;
    private AfdReady[] _found = [];
    private int _isWoken;

    /// <summary>Makes a completion port, and a handle of AFD for each 32 sockets.</summary>
    /// <exception cref="IvException">EMFILE, ENOMEM; ENOSYS where there is no AFD.</exception>
    public AfdPoller()
        : this(OperatingSystem.IsWindows() ? AfdApi.System : throw new IvException(IvError.ENOSYS, "afd", subject: null, "AFD exists on Windows only"))
    {
    }

    internal AfdPoller(IAfdApi api, AfdBug bug = AfdBug.None)
        => _engine = new AfdEngine(api, answersInline: true, isExclusive: true) { Bug = bug };

    /// <inheritdoc/>
    public override string Name => "afd";

    /// <inheritdoc/>
    public override IvTimestamp Now => IvTimestamp.System;

    internal override long CoarseNow => IvTimestamp.SystemCoarse;

    internal AfdCounters Counters => _engine.Counters;

    /// <inheritdoc/>
    /// <remarks>
    /// Files are EPERM, and what else is no socket ENOTSOCK. A handle that was closed while it was registered and given out anew is taken for a
    /// duplicate (EEXIST) if nothing was asked of the kernel between its last report and the close.
    /// </remarks>
    public override IvError Add(nint handle, IvBands want, ulong token) =>
        _engine.Add(handle, want == IvBands.None ? AfdEvents.LocalClose : ToEvents(want), token);

    /// <inheritdoc/>
    public override void Remove(nint handle, ulong token)
    {
        int index = Find(handle, token);
        if (index >= 0)
        {
            _engine.Remove(index);
        }
    }

    /// <inheritdoc/>
    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        foreach (ref readonly IvChange change in changes)
        {
            int index = Find(change.Handle, change.Token);
            if (index >= 0)
            {
                _engine.Modify(index, ToEvents(change.Want), change.Token);
            }
        }

        if (ready.IsEmpty)
        {
            return _engine.Failed;
        }

        if (_found.Length < ready.Length)
        {
            Grow(ready.Length);
        }

        while (true)
        {
            _engine.Flush(ready.Length);
            uint milliseconds = _engine.IsBusy ? 0 : PortWaitTime.Until(deadline.Nanoseconds, Now.Nanoseconds);
            bool isLook = milliseconds == 0;
            int got = WaitForPackets(ready.Length, isLook && !_engine.IsBusy && _engine.Owed > 0 ? OwedMilliseconds : milliseconds);
            bool isWoken = _engine.Feed(_entriesPointer, got) > 0;
            if (isWoken)
            {
                // Before the return: whoever finds it set has been answered by it.
                Volatile.Write(ref _isWoken, 0);
            }

            // What was cancelled has landed, and is asked anew while there is room: a wider interest is not a turn late.
            _engine.Flush(ready.Length);
            int count = _engine.Take(_found.AsSpan(0, ready.Length));
            if (count > 0 || isWoken)
            {
                return Report(ready, count);
            }

            // Cancelled polls and answers of no interest: nobody is told. With nothing under way a look is over, and so is a wait
            // that has lasted as long as the longest one.
            if (got == 0 && !_engine.IsBusy && (isLook || Now >= deadline || milliseconds == PortWaitTime.Longest))
            {
                return 0;
            }
        }
    }

    /// <inheritdoc/>
    public override void Wake()
    {
        if (Interlocked.Exchange(ref _isWoken, 1) != 0)
        {
            return;
        }

        IvError error = _engine.Post(WakeKey);
        if (error != IvError.None)
        {
            IvFatal.Raise(FatalCondition.WakeFailed, $"afd: posting to the completion port that wakes the loop failed: {error.Describe()}. Something closed a handle that it does not own.", this);
        }
    }

    /// <inheritdoc/>
    public override bool Holds(nint handle, ulong token)
    {
        int index = Find(handle, token);
        return index >= 0 && _engine.IsOpen(index);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _engine.Dispose();
        base.Dispose(disposing);
    }

    private static AfdEvents ToEvents(IvBands want) => want == IvBands.None
        ? AfdEvents.None
        : AfdEvents.Failure
            | ((want & IvBands.In) != 0 ? AfdEvents.Receive | AfdEvents.Accept | AfdEvents.Disconnect : 0)
            | ((want & IvBands.Out) != 0 ? AfdEvents.Send : 0)
            | ((want & IvBands.Hangup) != 0 ? AfdEvents.Disconnect : 0)
            | ((want & IvBands.Pri) != 0 ? AfdEvents.ReceiveExpedited : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IvBands ToBands(AfdEvents events) => events is AfdEvents.Receive or AfdEvents.Accept ? IvBands.In : ToManyBands(events);

    private static IvBands ToManyBands(AfdEvents events) =>
        ((events & (AfdEvents.Receive | AfdEvents.Accept)) != 0 ? IvBands.In : IvBands.None)
        | ((events & AfdEvents.Send) != 0 ? IvBands.Out : IvBands.None)
        | ((events & AfdEvents.Disconnect) != 0 ? IvBands.In | IvBands.Hangup : IvBands.None)
        | ((events & AfdEvents.ReceiveExpedited) != 0 ? IvBands.Pri : IvBands.None)
        | ((events & AfdEvents.Failure) != 0 ? IvBands.In | IvBands.Out | IvBands.Err | IvBands.Hangup : IvBands.None)
        | ((events & AfdEvents.Abort) != 0 ? IvBands.Closed : IvBands.None);

    // The socket may have been closed and its handle taken by another registration: the token tells.
    private int Find(nint handle, ulong token)
    {
        int index = _engine.Find(handle);
        return index >= 0 && _engine.DataOf(index) == token ? index : -1;
    }

    private int WaitForPackets(int room, uint milliseconds)
    {
        int got = _engine.Dequeue(_entriesPointer, room, milliseconds);
        if (got < 0)
        {
            IvFatal.Raise(FatalCondition.PollFailed, $"afd: waiting failed: {((IvError)(-got)).Describe()}. Something closed the loop's completion port, which it does not own.", this);
        }

        return got;
    }

    private int Report(Span<IvReady> ready, int count)
    {
        for (int i = 0; i < count; i++)
        {
            ref AfdReady found = ref _found[i];
            ready[i] = new IvReady(found.Data, ToBands(found.Events), found.Error);
        }

        return count;
    }

    private void Grow(int room)
    {
        _found = new AfdReady[room];
        _entries = GC.AllocateUninitializedArray<OverlappedEntry>(room, pinned: true);

        // SAFETY: the array is pinned for its life, and the field beside keeps it alive.
        _entriesPointer = (OverlappedEntry*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_entries));
    }
}
