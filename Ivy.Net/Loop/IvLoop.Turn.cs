using Ivy.Net.Polling;

namespace Ivy.Net;

/// <content>
/// The turn. Order: expired timers, tasks, exit check, wait, posts, descriptors, completions. What Break or an exception leaves of a
/// phase is kept in that phase's own list (the batch in Posts, _ready from _readyIndex on, the expired timers, the task round) and
/// runs first in the next Run: that is why nothing here is ever undone.
/// </content>
public sealed partial class IvLoop
{
    // A registration that has ended is reported in the batch at hand, and never after; twice in later waits is a ghost.
    private const int GhostWaits = 2;

    private readonly IvReady[] _ready;
    private IvCompletions? _completions;
    private int _readyIndex;
    private int _readyCount;
    private bool _isWaiting;
    private bool _isBatchOpen;
    private bool _hasGhost;
    private int _ghostWaits;
    private bool _ghostReported;
    private long _turns;
    private long _polls;
    private long _events;
    private long _stale;
    private long _rebuilds;
    private long _waitNanoseconds;

    // Before: the count of handlers when Run began; Once waits only if none has run since.
    private void TurnMany(IvRunMode mode, IvTimestamp limit, Func<bool>? until, long before)
    {
        if (!DispatchBatch())
        {
            return;
        }

        while (true)
        {
            _turns++;

            // After an exception only the rest: what arms itself anew and throws must not keep Run from the exit check and the wait.
            bool begin = !_wasThrownOut;
            _wasThrownOut = false;
            if (!Timers.RunDue(begin) || !Tasks.RunRound(begin))
            {
                return;
            }

            // The condition first: it may call Quit or Break itself.
            if ((until is not null && until()) || IsQuitting || _break || !IsAlive(mode))
            {
                return;
            }

            bool mayWait = mode switch
            {
                IvRunMode.NonBlocking => false,
                IvRunMode.Once => Dispatched == before,
                _ => true,
            };
            if (!TryGoOnWithPosts(mode))
            {
                Wait(mayWait && begin ? WaitDeadline(limit) : IvTimestamp.MinValue);
            }

            if (!DispatchBatch() || !Fds.AlwaysReady.Dispatch())
            {
                return;
            }

            if (mode == IvRunMode.NonBlocking)
            {
                return;
            }

            if (mode == IvRunMode.Once || (limit != IvTimestamp.MaxValue && _poller.Now >= limit))
            {
                // What expired during the wait runs before Run returns.
                _isNowValid = false;
                _ = Timers.RunDue() && Tasks.RunRound();
                return;
            }
        }
    }

    // NonBlocking looks at the descriptors whatever keeps the loop alive: it can't hang, and a loop inside another one must.
    private bool IsAlive(IvRunMode mode) => Active > 0 || mode is IvRunMode.KeepAlive or IvRunMode.NonBlocking || Posts.HasPosts || HasLeftovers;

    private IvTimestamp WaitDeadline(IvTimestamp limit)
    {
        if (!Tasks.IsEmpty || Fds.AlwaysReady.IsReady)
        {
            return IvTimestamp.MinValue;
        }

        long deadline = Timers.NextDeadline();
        return deadline < limit.Nanoseconds ? new IvTimestamp(deadline) : limit;
    }

    private void Wait(IvTimestamp deadline)
    {
        ReadOnlySpan<IvChange> changes = Fds.TakeChanges();
        bool spins = _spinNanoseconds > 0;
        if (deadline != IvTimestamp.MinValue && ((spins ? Posts.HasReady : !Posts.TrySleep()) || IsQuitting))
        {
            deadline = IvTimestamp.MinValue;
        }

        _polls++;
        _running = null;
        _isWaiting = true;
        _isNowValid = false;
        _hasRefusals = false;

        // By the coarse clock: over many waits its error averages out, and the exact one is read only for timers.
        bool mayBlock = deadline != IvTimestamp.MinValue;
        long before = mayBlock ? _poller.CoarseNow : 0;
        int count = mayBlock && spins ? SpinAndWait(changes, deadline) : _poller.Wait(changes, deadline, _ready);
        _waitNanoseconds += mayBlock ? _poller.CoarseNow - before : 0;
        _isWaiting = false;
        if ((uint)count > (uint)_ready.Length)
        {
            IvFatal.Raise(FatalCondition.PollerBroken, $"{this}: the poller {_poller.Name} reported {count} ready descriptors in a batch of {_ready.Length}. Wait must return how many entries it filled; see IvPoller(3).", this);
        }

        _hasReported |= count > 0;
        _readyIndex = 0;
        _readyCount = count;
        _isBatchOpen = true;
        bool hasPosts = TakePosts();
        _looksOfFlood = count == 0 && hasPosts && !HasCompletions ? _looksOfFlood + 1 : 0;
    }

    // Posts, then ready descriptors; false if Break ended it early.
    private bool DispatchBatch()
    {
        while (Posts.TryTakeNext(out object? target, out object? state))
        {
            RunPost(target, state);
            if (_break)
            {
                return false;
            }
        }

        while (_readyIndex < _readyCount)
        {
            IvReady ready = _ready[_readyIndex++];
            if (_readyIndex < _readyCount)
            {
                PrefetchNext();
            }

            _events++;
            if (Fds.Find(ready.Token, out bool ghost) is { } fd)
            {
                if (ready.Error == IvError.None)
                {
                    fd.Dispatch(this, ready.Bands);
                }
                else
                {
                    fd.DispatchRefused(this, ready.Error);
                }

                if (_break)
                {
                    return false;
                }
            }
            else
            {
                _stale++;
                _hasGhost |= ghost;
            }
        }

        if (_completions is { HasReady: true } && !DispatchCompletions())
        {
            return false;
        }

        if (_hasGhost)
        {
            ExpelGhosts();
        }
        else if (_isBatchOpen && _readyCount < _ready.Length)
        {
            // All that was ready has been seen, and no ghost among it.
            _ghostWaits = 0;
        }

        // A Run begins with what the last one left, mostly nothing: that is no new look.
        _isBatchOpen = false;
        return !Fds.HasRefused || Fds.DispatchRefused();
    }

    // With thousands of connections none of their objects is near any more when their turn comes, and each line of one costs as much as a
    // small handler. Two reports ahead what is watched, one ahead what that refers to; the first two of a batch are not so lucky.
    private void PrefetchNext()
    {
        if (_readyIndex + 1 < _readyCount)
        {
            Fds.Guess(_ready[_readyIndex + 1].Token)?.Prefetch();
        }

        Fds.Guess(_ready[_readyIndex].Token)?.PrefetchSource();
    }

    // As many as a batch of descriptors at most: the engine keeps the rest for the next turn, which does not wait then.
    private bool DispatchCompletions()
    {
        for (int left = _ready.Length; left > 0 && _completions!.HasReady; left--)
        {
            _events++;
            _completions.DispatchOne();
            if (_break)
            {
                return false;
            }
        }

        return true;
    }

    // A closed descriptor whose duplicate is open goes on being reported, and can't be taken out by its number any more.
    private void ExpelGhosts()
    {
        _hasGhost = false;
        if (++_ghostWaits < GhostWaits)
        {
            return;
        }

        _ghostWaits = 0;
        if (!Fds.TryRebuild())
        {
            return;
        }

        _rebuilds++;
        if (!_ghostReported)
        {
            _ghostReported = true;
            Warn($"{this}: a descriptor was closed while it was registered, and a duplicate of it is still open: the kernel went on reporting it, so the poll set has been rebuilt. Unregister a descriptor before closing it; see IvFd(3). Later ones are only counted (Counters.Rebuilds).");
        }
    }
}
