using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <content>The life of a poll: from the update queue into the kernel, and back by a packet or at once.</content>
internal sealed unsafe partial class AfdEngine
{
    private static int _abandoned;

    private long _submits;
    private long _inline;
    private long _cancels;
    private long _packets;
    private long _localCloses;
    private int _inFlight;

    /// <summary>Starts the polls that are due, and cancels those that ask for too little.</summary>
    /// <param name="room">
    /// How many answers the next <see cref="Take"/> has room for: when as many are there, the rest is left to the next time, in its order. So the
    /// answers are fresh, and neither those that are always ready nor those that come by the port starve.
    /// </param>
    public void Flush(int room)
    {
        // What comes back to the queue meanwhile is for the next time.
        for (int left = _updates.Count; left > 0 && _ready.Count + _failed.Count < room; left--)
        {
            if (_updates.TryDequeue(out int index) && _registrations[index].IsQueued)
            {
                Update(index);
            }
        }
    }

    /// <summary>Starts the poll of one registration at once, if it is due.</summary>
    public void Poll(int index)
    {
        if (_registrations[index].IsQueued)
        {
            Update(index);
        }
    }

    /// <summary>Takes packets out of the port, waiting for the first one. Any number of threads, without a lock.</summary>
    /// <param name="entries">Room for them.</param>
    /// <param name="maximum">For how many.</param>
    /// <param name="milliseconds">How long; <see cref="uint.MaxValue"/> is for ever.</param>
    /// <returns>How many there are for <see cref="Feed(OverlappedEntry*, int)"/>, 0 after the time, or the negative of an <see cref="IvError"/>.</returns>
    public int Dequeue(OverlappedEntry* entries, int maximum, uint milliseconds) => _api.Wait(_port, entries, maximum, milliseconds);

    /// <summary>Takes note of packets. Each must be handed in once, and none be dropped.</summary>
    /// <param name="entries">The packets, posted ones among them.</param>
    /// <param name="count">How many.</param>
    /// <returns>How many were posted by <see cref="Post"/>.</returns>
    public int Feed(OverlappedEntry* entries, int count) => Feed(entries, count, report: true);

    /// <summary>Takes what is ready, in the order in which it came; it is polled for anew by the next <see cref="Flush"/>.</summary>
    /// <returns>How many there are.</returns>
    public int Take(Span<AfdReady> ready)
    {
        int count = 0;
        if (_failed.Count > 0)
        {
            count = Math.Min(_failed.Count, ready.Length);
            CollectionsMarshal.AsSpan(_failed)[..count].CopyTo(ready);
            _failed.RemoveRange(0, count);
        }

        while (count < ready.Length && _ready.TryDequeue(out int index))
        {
            ref AfdRegistration found = ref _registrations[index];
            AfdEvents events = Bug == AfdBug.NotFiltered ? found.Ready : found.Ready & found.Want;
            found.Ready = AfdEvents.None;
            found.IsPartial = false;
            if (events != AfdEvents.None)
            {
                ready[count++] = new AfdReady(found.Data, events);
                if (found.IsOneShot)
                {
                    found.Want = AfdEvents.LocalClose;
                }

                if (Bug == AfdBug.EdgeTriggered)
                {
                    continue;
                }
            }

            // None: the entry of one that has ended, or what has come is not wanted any more.
            if (found.State == AfdPollState.Idle)
            {
                Queue(index);
            }
        }

        return count;
    }

    private void Queue(int index)
    {
        ref AfdRegistration queued = ref _registrations[index];
        if (!queued.IsQueued)
        {
            queued.IsQueued = true;
            _updates.Enqueue(index);
        }
    }

    private void Update(int index)
    {
        ref AfdRegistration due = ref _registrations[index];
        due.IsQueued = false;
        if (due.State == AfdPollState.Armed)
        {
            if ((due.Want & ~due.Armed) != AfdEvents.None && Bug != AfdBug.NotWidened)
            {
                Cancel(index);
            }
        }
        else if (due.State == AfdPollState.Idle && (due.Ready == AfdEvents.None || due.IsPartial) && due.Want != AfdEvents.None && !TryInherit(index))
        {
            IvError error = Submit(index, report: true);
            if (error == IvError.EBADF)
            {
                _localCloses++;
                Drop(index);
            }
            else if (error != IvError.None)
            {
                Fail(index, error);
            }
        }
    }

    // On an error no poll is in flight, and the registration is as it was.
    private IvError Submit(int index, bool report)
    {
        ref AfdRegistration due = ref _registrations[index];
        due.IsPartial = false;
        due.Armed = due.Want | AfdEvents.LocalClose;
        due.State = AfdPollState.Armed;
        AfdPollBlock* block = _blocks[index];
        block->Iosb.Status = NtStatus.Pending;
        block->Info = new AfdPollInfo
        {
            Timeout = long.MaxValue,
            NumberOfHandles = 1,
            Handle0 = new AfdPollHandle { Handle = due.Socket, Events = due.Armed },
        };
        _submits++;
        _inFlight++;
        int status = _api.Submit(due.Device.Handle, block);
        if (status == NtStatus.Pending || (status >= 0 && !due.Device.Skips))
        {
            return IvError.None;
        }

        Land(index);
        if (status < 0)
        {
            return NtStatus.ToError(status);
        }

        _inline++;
        Answer(index, status, report);
        return IvError.None;
    }

    private void Cancel(int index)
    {
        ref AfdRegistration armed = ref _registrations[index];
        armed.State = AfdPollState.Cancelling;
        Owed++;
        _cancels++;

        // Whatever the answer is: a packet comes, with the cancellation or with what was faster.
        _ = _api.Cancel(armed.Device.Handle, _blocks[index]);
    }

    private int Feed(OverlappedEntry* entries, int count, bool report)
    {
        int posted = 0;
        for (int i = 0; i < count; i++)
        {
            AfdPollBlock* block = entries[i].Block;
            if (block == null)
            {
                posted++;
                continue;
            }

            _packets++;
            int index = RouteOf(block);
            bool cancelled = _registrations[index].State == AfdPollState.Cancelling;
            bool ended = _registrations[index].State == AfdPollState.Zombie;
            Land(index);
            if (ended)
            {
                Exhume(index);
            }
            else if (!cancelled || Bug != AfdBug.LostToCancel)
            {
                Answer(index, block->Iosb.Status, report);
                if (cancelled && _registrations[index].Ready != AfdEvents.None)
                {
                    // It was answered before it could be cancelled, for less than is wanted: the rest is asked for in the same turn.
                    _registrations[index].IsPartial = true;
                    Queue(index);
                }
            }
        }

        return posted;
    }

    private int RouteOf(AfdPollBlock* block)
    {
        int index = Bug == AfdBug.RoutedByHandle ? Find(block->Info.Handle0.Handle) : -1;
        return index >= 0 ? index : (int)block->Index;
    }

    // The poll is not in flight any more.
    private void Land(int index)
    {
        ref AfdRegistration landed = ref _registrations[index];
        _inFlight--;
        if (landed.State == AfdPollState.Cancelling)
        {
            Owed--;
        }

        landed.Armed = AfdEvents.None;
        landed.State = AfdPollState.Idle;
    }

    private void Answer(int index, int status, bool report)
    {
        ref AfdRegistration answered = ref _registrations[index];
        AfdPollBlock* block = _blocks[index];

        // Success without a handle: another poll on the same socket has pushed this one out. It is started anew.
        AfdEvents events = status == NtStatus.Success && block->Info.NumberOfHandles > 0 ? block->Info.Handle0.Events : AfdEvents.None;
        if ((events & AfdEvents.LocalClose) != AfdEvents.None || NtStatus.IsClosed(status))
        {
            _localCloses++;
            if (Bug != AfdBug.ClosedKept)
            {
                Drop(index);
            }

            return;
        }

        if (status < 0 && status != NtStatus.Cancelled)
        {
            Fail(index, NtStatus.ToError(status));
            return;
        }

        events = Bug == AfdBug.NotFiltered ? events : events & answered.Want;
        if (report && events != AfdEvents.None)
        {
            if (answered.Ready == AfdEvents.None)
            {
                _ready.Enqueue(index);
            }

            answered.Ready |= events;
        }
        else if (Bug != AfdBug.NotRearmed)
        {
            Queue(index);
        }
    }

    // The poll of one that has ended on the same socket has to land first (A1).
    private bool TryInherit(int index)
    {
        ref AfdRegistration heir = ref _registrations[index];
        if (_dying.Count == 0 || !_dying.TryGetValue(heir.Socket, out int dying) || _registrations[dying].Heir >= 0 || Bug == AfdBug.NoHeir)
        {
            return false;
        }

        _registrations[dying].Heir = index;
        heir.State = AfdPollState.Heir;
        Owed++;
        return true;
    }

    private void Bury(int index)
    {
        ref AfdRegistration dead = ref _registrations[index];
        if (Bug == AfdBug.FreedEarly)
        {
            Free(index);
            return;
        }

        dead.State = AfdPollState.Zombie;
        dead.Want = AfdEvents.None;
        dead.Ready = AfdEvents.None;
        dead.IsQueued = false;
        dead.Heir = -1;
        _dying[dead.Socket] = index;
    }

    private void Exhume(int index)
    {
        ref AfdRegistration dead = ref _registrations[index];
        int heir = dead.Heir;
        if (_dying.TryGetValue(dead.Socket, out int dying) && dying == index)
        {
            _dying.Remove(dead.Socket);
        }

        Free(index);
        if (heir >= 0)
        {
            Owed--;
            _registrations[heir].State = AfdPollState.Idle;
            Queue(heir);
        }
    }

    private void Fail(int index, IvError error)
    {
        _failed.Add(new AfdReady(_registrations[index].Data, AfdEvents.None, error));
        Drop(index);
    }

    // Ends a registration of which nothing is in flight.
    private void Drop(int index)
    {
        nint handle = _registrations[index].Handle;
        if (Find(handle) == index)
        {
            _byHandle.Remove(handle);
        }

        LeaveSocket(index);
        Free(index);
    }

    private void LeaveSocket(int index)
    {
        if (_isExclusive)
        {
            AfdOwners.Leave(_registrations[index].Socket, this);
        }
    }
}
