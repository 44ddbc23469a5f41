using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Support;

/// <summary>Another poller that knows levels only, as poll(2) does: what sits on it has to make edges of them.</summary>
internal sealed class LevelPoller(IvPoller inner) : IvPoller
{
    public override string Name => $"{inner.Name}-levels";

    public override IvTimestamp Now => inner.Now;

    public override nint BackendHandle => inner.BackendHandle;

    public override bool ValidatesHandles => inner.ValidatesHandles;

    internal override long CoarseNow => inner.CoarseNow;

    public override IvError Add(nint handle, IvBands want, ulong token)
    {
        Assert.That(want & IvBands.Edge, Is.EqualTo(IvBands.None), "a poller without edges never sees the flag");
        return inner.Add(handle, want, token);
    }

    public override void Remove(nint handle, ulong token) => inner.Remove(handle, token);

    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready) => inner.Wait(changes, deadline, ready);

    public override void Wake() => inner.Wake();

    public override bool Reset() => inner.Reset();

    public override bool Holds(nint handle, ulong token) => inner.Holds(handle, token);

    internal override void OnPosted() => inner.OnPosted();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }
}
