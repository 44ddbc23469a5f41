using Ivy.Net.Polling;

namespace Ivy.Net;

/// <summary>The descriptors of a loop that no backend takes and that asked to be called all the same, in each turn: files.</summary>
internal sealed class AlwaysReadyFds(IvLoop loop)
{
    private readonly List<IvFd> _all = [];
    private readonly List<IvFd> _turn = [];
    private ulong _lastToken;

    /// <summary>Whether one of them wants to be called: then the loop does not sleep.</summary>
    public bool AreWanted => _all.Count > 0 && _all.Exists(static fd => (fd.Interest & (IvBands.In | IvBands.Out)) != 0);

    public IvError Add(IvFd fd)
    {
        foreach (IvFd other in _all)
        {
            if (other.Handle == fd.Handle)
            {
                return IvError.EEXIST;
            }
        }

        fd.AttachAlwaysReady(++_lastToken);
        _all.Add(fd);
        return IvError.None;
    }

    public void Remove(IvFd fd) => _all.Remove(fd);

    /// <summary>Calls each of them once; false if Break ended it early.</summary>
    public bool Dispatch()
    {
        if (_all.Count == 0)
        {
            return true;
        }

        // From a copy: a handler may register and unregister any of them. What it registers waits for the next turn.
        ulong newest = _lastToken;
        _turn.AddRange(_all);
        try
        {
            foreach (IvFd fd in _turn)
            {
                if (_all.Contains(fd) && fd.Token <= newest)
                {
                    fd.Dispatch(loop, IvBands.In | IvBands.Out);
                    if (loop.IsBroken)
                    {
                        return false;
                    }
                }
            }
        }
        finally
        {
            _turn.Clear();
        }

        return true;
    }

    public void ForEach<TState>(TState state, Action<TState, IvFd> action)
    {
        for (int i = _all.Count - 1; i >= 0; i--)
        {
            action(state, _all[i]);
        }
    }
}
