using Ivy.Net.Polling;

namespace Ivy.Net;

/// <summary>Descriptors of regular files, which no backend watches: they count as ready in each turn.</summary>
internal sealed class AlwaysReadyList(IvLoop loop)
{
    private readonly List<IvFd> _fds = [];

    // A turn's copy, because a handler may register and unregister any of them. What it registers waits for the next turn.
    private readonly List<IvFd> _turn = [];
    private ulong _lastToken;
    private int _last = -1;

    /// <summary>Whether one of them wants to be called: then the loop does not sleep.</summary>
    public bool IsReady => _fds.Count > 0 && _fds.Exists(static fd => (fd.Interest & (IvBands.In | IvBands.Out)) != 0);

    public IvError Add(IvFd fd)
    {
        if (_fds.Exists(other => other.Handle == fd.Handle))
        {
            return IvError.EEXIST;
        }

        fd.AttachAlwaysReady(++_lastToken);
        _fds.Add(fd);
        return IvError.None;
    }

    public void Remove(IvFd fd) => _fds.Remove(fd);

    /// <summary>Calls each once; false if Break ended it early.</summary>
    public bool Dispatch()
    {
        if (_fds.Count == 0)
        {
            return true;
        }

        ulong newest = _lastToken;
        _turn.AddRange(_fds);
        try
        {
            int count = _turn.Count;
            for (int i = 0; i < count; i++)
            {
                // Goes on behind the one that was called last, also after a Break or an exception.
                _last = (_last + 1) % count;
                IvFd fd = _turn[_last];
                if (!_fds.Contains(fd) || fd.Token > newest)
                {
                    continue;
                }

                fd.Dispatch(loop, IvBands.In | IvBands.Out);
                if (loop.IsBroken)
                {
                    return false;
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
        for (int i = _fds.Count - 1; i >= 0; i--)
        {
            action(state, _fds[i]);
        }
    }
}
