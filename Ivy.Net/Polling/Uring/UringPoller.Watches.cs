using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <content>The descriptors, and their polls.</content>
/// <remarks>
/// <para>W1: a watch has at most one poll in the kernel whose answer counts: taking one back begins a new generation, and answers of
/// older ones find nobody.</para>
/// <para>W2: a watch that is wanted, and whose poll is not armed as it is wanted, is queued, once. What a wait had no room for, and
/// then what it reports, is queued again at the end: so readiness is asked for anew in each turn, and nobody starves.</para>
/// <para>W3: an interest that has become nothing leaves its poll armed: at most one answer without an addressee, no call for an
/// interest that comes back.</para>
/// </remarks>
public sealed unsafe partial class UringPoller
{
    private const int InitialCapacity = 16;

    // What every poll answers, asked for or not, in this kernel interface; epoll(7) leaves the last one out.
    private const uint AlwaysAnswered = Constants.EPOLLERR | Constants.EPOLLHUP | Constants.EPOLLRDHUP;

    private readonly Dictionary<nint, int> _byHandle = [];
    private readonly Queue<int> _queue = new();
    private readonly List<int> _reported = [];
    private readonly Stack<int> _free = new();
    private UringWatch[] _watches = new UringWatch[InitialCapacity];
    private int _watchCount;

    /// <inheritdoc/>
    /// <remarks>Costs no call: the next wait hands it over.</remarks>
    public override IvError Add(nint handle, IvBands want, ulong token)
    {
        if (_byHandle.ContainsKey(handle))
        {
            return IvError.EEXIST;
        }

        if (!_free.TryPop(out int slot))
        {
            if (_watchCount == _watches.Length)
            {
                Array.Resize(ref _watches, _watchCount * 2);
            }

            slot = _watchCount++;
        }

        _byHandle.Add(handle, slot);
        ref UringWatch watch = ref _watches[slot];
        watch.Token = token;
        watch.Fd = (int)handle;
        watch.Want = want;
        watch.Set(UringWatch.State.InUse);
        Enqueue(slot, ref watch);
        if (_shell is not null)
        {
            HandOver();
        }

        return IvError.None;
    }

    /// <inheritdoc/>
    /// <remarks>One call if the kernel holds a poll of it, which would keep the open file, and with it the end of the stream, from the peer.</remarks>
    public override void Remove(nint handle, ulong token)
    {
        if (!_byHandle.TryGetValue(handle, out int slot) || _watches[slot].Token != token)
        {
            return;
        }

        _byHandle.Remove(handle);
        ref UringWatch watch = ref _watches[slot];
        if (watch.Is(UringWatch.State.Armed))
        {
            Disarm(slot, ref watch);
        }

        // Also one that a report has taken back, and that is not handed over yet.
        if (_ring.Pending > 0)
        {
            _ring.SubmitAndSettle();
        }

        // Queued or not, that stays: its place in the queue is that of the slot's next owner.
        watch.Flags &= UringWatch.State.Queued;
        _free.Push(slot);
    }

    private void Apply(in IvChange change)
    {
        if (_byHandle.TryGetValue(change.Handle, out int slot) && _watches[slot].Token == change.Token)
        {
            ref UringWatch watch = ref _watches[slot];
            watch.Want = change.Want;
            watch.Clear(UringWatch.State.HalfClosed);
            Enqueue(slot, ref watch);
        }
    }

    private void Enqueue(int slot, ref UringWatch watch)
    {
        if (watch.Want != IvBands.None && !watch.Is(UringWatch.State.Queued))
        {
            watch.Set(UringWatch.State.Queued);
            _queue.Enqueue(slot);
        }
    }

    // Behind those that there was no room for.
    private void EnqueueReported()
    {
        foreach (int slot in _reported)
        {
            Enqueue(slot, ref _watches[slot]);
        }

        _reported.Clear();
    }

    // Whether there is room left in the answer. What could not be armed is first in the queue for the next wait.
    private bool ArmQueued(Span<IvReady> ready, ref int count)
    {
        ArmWake();

        // Two entries at most for each. More than fit take several calls, and the answers of each are taken away between them.
        int most = _ring.Capacity / 2;
        int chunk = most;
        for (int left = _queue.Count; left > 0; left--)
        {
            if (chunk-- == 0)
            {
                _ring.Submit();
                count = Collect(ready, count);
                chunk = most;
            }

            if (count == ready.Length)
            {
                return false;
            }

            Arm(_queue.Dequeue());
        }

        return count < ready.Length;
    }

    private void ArmWake()
    {
        if (!_isWakeArmed)
        {
            _isWakeArmed = true;
            WritePoll(_wake.Fd, Constants.EPOLLIN, many: true, UringTag.OfWake);
        }
    }

    private void Arm(int slot)
    {
        ref UringWatch watch = ref _watches[slot];
        watch.Clear(UringWatch.State.Queued);
        if (!watch.Is(UringWatch.State.InUse) || watch.Want == IvBands.None)
        {
            return;
        }

        uint mask = EpollMask.Of(watch.Want);
        bool many = watch.Is(UringWatch.State.HalfClosed);
        if (watch.Is(UringWatch.State.Armed))
        {
            if (watch.ArmedMask == mask && watch.Is(UringWatch.State.Many) == many)
            {
                return;
            }

            Disarm(slot, ref watch);
        }

        watch.ArmedMask = mask;
        watch.Set(UringWatch.State.Armed);
        if (many)
        {
            watch.Set(UringWatch.State.Many);
        }
        else
        {
            watch.Clear(UringWatch.State.Many);
        }

        WritePoll(watch.Fd, mask, many, UringTag.Of(UringTag.Watch, slot, watch.Generation));
    }

    // In the queue of the kernel; whoever needs it done now submits.
    private void Disarm(int slot, ref UringWatch watch)
    {
        UringSubmission* entry = _ring.Next();
        entry->Operation = UringConstants.IORING_OP_POLL_REMOVE;
        entry->Fd = -1;
        entry->Address = UringTag.Of(UringTag.Watch, slot, watch.Generation);
        entry->UserData = UringTag.OfNobody;
        watch.Generation = (watch.Generation + 1) & UringTag.GenerationMask;
        watch.Clear(UringWatch.State.Armed | UringWatch.State.Many);
    }

    private void WritePoll(int fd, uint mask, bool many, ulong tag)
    {
        UringSubmission* entry = _ring.Next();
        entry->Operation = UringConstants.IORING_OP_POLL_ADD;
        entry->Fd = fd;
        entry->OperationFlags = mask;
        entry->Length = many ? UringConstants.IORING_POLL_ADD_MULTI : 0;
        entry->UserData = tag;
    }

    // Takes all answers away. Those of watches for which there is no room are asked for anew.
    private int Collect(Span<IvReady> ready, int count)
    {
        while (_ring.TryTake(out UringCompletion answer))
        {
            switch (UringTag.Kind(answer.UserData))
            {
                case UringTag.Watch:
                    count = CollectWatch(answer, ready, count);
                    break;
                case UringTag.Operation:
                    _completions!.Enqueue(answer);
                    break;
                case UringTag.Wake:
                    _isWoken = true;
                    _isWakeArmed = (answer.Flags & UringConstants.IORING_CQE_F_MORE) != 0;
                    break;
            }
        }

        return count;
    }

    private int CollectWatch(UringCompletion answer, Span<IvReady> ready, int count)
    {
        int slot = UringTag.Slot(answer.UserData);
        ref UringWatch watch = ref _watches[slot];
        if (UringTag.Generation(answer.UserData) != watch.Generation || !watch.Is(UringWatch.State.Armed))
        {
            return count;
        }

        if ((answer.Flags & UringConstants.IORING_CQE_F_MORE) == 0)
        {
            watch.Clear(UringWatch.State.Armed | UringWatch.State.Many);
        }

        if (watch.Want == IvBands.None)
        {
            return count;
        }

        IvReady report;
        if (answer.Result < 0)
        {
            // Closed while it was registered, most likely: said once, and dropped.
            report = new IvReady(watch.Token, IvBands.None, Sys.Error(answer.Result));
            watch.Want = IvBands.None;
            if (count == ready.Length)
            {
                _refused.Add(report);
                return count;
            }
        }
        else
        {
            uint events = (uint)answer.Result & (EpollMask.Of(watch.Want) | (AlwaysAnswered & ~Constants.EPOLLRDHUP));
            if (events == 0)
            {
                Mute(slot, ref watch);
                return count;
            }

            report = new IvReady(watch.Token, EpollMask.ToBands(events));
            if (watch.Is(UringWatch.State.Armed))
            {
                Disarm(slot, ref watch);
            }

            if (count == ready.Length)
            {
                Enqueue(slot, ref watch);
                return count;
            }

            _reported.Add(slot);
        }

        ready[count++] = report;
        return count;
    }

    // The peer has closed its side, nobody asked, and a poll for one answer would say so again and again. One for many says it
    // once, and goes on to wait for what is wanted.
    private void Mute(int slot, ref UringWatch watch)
    {
        if (!watch.Is(UringWatch.State.Armed))
        {
            watch.Set(UringWatch.State.HalfClosed);
            Enqueue(slot, ref watch);
        }
    }
}
