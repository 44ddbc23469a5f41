using System.Net.Sockets;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Support;

/// <summary>A poller over a model, with descriptors to watch, all of which are closed at the end; no loop.</summary>
internal sealed class KqueueRig : IDisposable
{
    private readonly List<nint> _open = [];

    public KqueueRig(KqueueQuirks quirks)
    {
        Model = new KqueueModel(quirks);
        Calls = new KqueueRecorder(Model);
        Poller = new KqueuePoller(Calls);
        Calls.Clear();
    }

    public KqueueModel Model { get; }

    public KqueueRecorder Calls { get; }

    public KqueuePoller Poller { get; }

    public KqueueModelQueue Queue => Model[(int)Poller.BackendHandle];

    public nint Own(nint number)
    {
        _open.Add(number);
        return number;
    }

    public (nint Near, nint Far) Sockets(SocketType type = SocketType.Stream)
    {
        Assert.That(IvNetwork.System.OpenPair(type, out nint near, out nint far), Is.EqualTo(IvError.None));
        return (Own(near), Own(far));
    }

    public (nint Read, nint Write) Pipe()
    {
        (int read, int write) = Native.Pipe();
        return (Own(read), Own(write));
    }

    public void Close(nint number)
    {
        _open.Remove(number);
        IvNetwork.System.Close(number);
    }

    public void Send(nint number, int count = 1) =>
        Assert.That(IvNetwork.System.Write(number, new byte[count]).Bytes, Is.EqualTo(count));

    public void Add(nint number, IvBands want, ulong token) => Assert.That(Poller.Add(number, want, token), Is.EqualTo(IvError.None));

    /// <summary>What a wait that only looks reports, as in <c>1: In, Hangup</c>, in the order of the tokens.</summary>
    public string Look(params ReadOnlySpan<IvChange> changes) => Wait(IvTimestamp.MinValue, 16, changes);

    public string Wait(IvTimestamp deadline, int room, params ReadOnlySpan<IvChange> changes)
    {
        var ready = new IvReady[room];
        int count = Poller.Wait(changes, deadline, ready);
        return string.Join("; ", ready.Take(count).OrderBy(static item => item.Token)
            .Select(static item => item.Error == IvError.None ? $"{item.Token}: {item.Bands}" : $"{item.Token}: {item.Error}"));
    }

    public void Dispose()
    {
        Poller.Dispose();
        foreach (nint number in _open)
        {
            IvNetwork.System.Close(number);
        }
    }
}
