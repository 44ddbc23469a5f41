namespace Ivy.Net;

/// <summary>Who listens to a signal, of the process or of a thread: all shared listeners are called, and one of the exclusive ones.</summary>
/// <remarks>
/// A1: the shared ones are replaced as a whole, never changed: a delivery goes through them while others come and go.
/// A2: an exclusive one is scheduled from being chosen until its handler begins; if its registration ends before, another
/// one is chosen. So a signal is lost only if no exclusive one is left.
/// A3: nothing is posted under the lock.
/// </remarks>
internal sealed class SignalAudience
{
    private readonly Lock _gate = new();
    private readonly List<IvSignal> _exclusive = [];
    private IvSignal[] _shared = [];

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _shared.Length == 0 && _exclusive.Count == 0;
            }
        }
    }

    public void Add(IvSignal listener)
    {
        lock (_gate)
        {
            if (listener.IsExclusive)
            {
                _exclusive.Add(listener);
            }
            else
            {
                Volatile.Write(ref _shared, [.. _shared, listener]);
            }
        }
    }

    /// <summary>Ends a listener's part; a signal that it was chosen for, and has not seen, goes to another one.</summary>
    public void Remove(IvSignal listener)
    {
        bool hadSignal;
        lock (_gate)
        {
            if (!listener.IsExclusive)
            {
                Volatile.Write(ref _shared, Array.FindAll(_shared, other => other != listener));
                return;
            }

            _exclusive.Remove(listener);
            hadSignal = listener.IsScheduled;
            listener.IsScheduled = false;
        }

        if (hadSignal)
        {
            NotifyExclusive();
        }
    }

    /// <summary>Any thread: the signal has come.</summary>
    public void Notify()
    {
        foreach (IvSignal listener in Volatile.Read(ref _shared))
        {
            listener.Post();
        }

        NotifyExclusive();
    }

    /// <summary>An exclusive listener is about to be called. False: what was posted was for an earlier registration of it.</summary>
    public bool Begin(IvSignal listener)
    {
        lock (_gate)
        {
            bool wasScheduled = listener.IsScheduled;
            listener.IsScheduled = false;
            return wasScheduled;
        }
    }

    private void NotifyExclusive()
    {
        IvSignal chosen;
        lock (_gate)
        {
            if (_exclusive.Count == 0)
            {
                return;
            }

            // The one that has been registered longest.
            chosen = _exclusive[0];
            chosen.IsScheduled = true;
        }

        // Refused by a loop that is being disposed: then its registration ends next, and hands over.
        chosen.Post();
    }
}
