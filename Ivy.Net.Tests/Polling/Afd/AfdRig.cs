using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>A poller of AFD, of the model or of the system, without a loop.</summary>
internal sealed class AfdRig : IDisposable
{
    private readonly IvReady[] _ready = new IvReady[128];
    private readonly Dictionary<ulong, (nint Handle, IvBands Want)> _told = [];

    public AfdRig(AfdModel model, AfdBug bug = AfdBug.None) => Poller = new AfdPoller(model, bug);

    public AfdRig() => Poller = new AfdPoller();

    public AfdPoller Poller { get; }

    public AfdCounters Counters => Poller.Counters;

    public void Add(nint handle, IvBands want, ulong token) => Assert.That(TryAdd(handle, want, token), Is.EqualTo(IvError.None));

    public IvError TryAdd(nint handle, IvBands want, ulong token)
    {
        IvError error = Poller.Add(handle, want, token);
        if (error == IvError.None)
        {
            _told[token] = (handle, want);
        }

        return error;
    }

    public void Remove(nint handle, ulong token)
    {
        _told.Remove(token);
        Poller.Remove(handle, token);
    }

    public IvChange Change(ulong token, IvBands want)
    {
        (nint handle, IvBands from) = _told[token];
        _told[token] = (handle, want);
        return new IvChange(handle, token, from, want);
    }

    /// <summary>A wait that only looks, as "token bands", by token.</summary>
    public List<string> Look(params ReadOnlySpan<IvChange> changes) => Wait(IvTimestamp.MinValue, _ready.Length, changes);

    /// <summary>A wait that lasts until there is something, or for too long.</summary>
    public List<string> Wait(params ReadOnlySpan<IvChange> changes) => Wait(IvTimestamp.System + TimeSpan.FromSeconds(20), _ready.Length, changes);

    public List<string> Wait(IvTimestamp deadline, int room, params ReadOnlySpan<IvChange> changes)
    {
        int count = Poller.Wait(changes, deadline, _ready.AsSpan(0, room));
        return [.. _ready.Take(count).OrderBy(ready => ready.Token).Select(ready => ready.Error == IvError.None ? $"{ready.Token} {ready.Bands}" : $"{ready.Token} {ready.Error}")];
    }

    /// <summary>As many waits that only look as it takes to answer everything that is under way.</summary>
    public List<string> Settle(params ReadOnlySpan<IvChange> changes)
    {
        Look(changes);
        return Look();
    }

    public void Dispose() => Poller.Dispose();
}
