// A poller around another one: it does what the inner one does, and writes down every call. The loop knows no difference.

using Ivy.Net.Polling;

namespace Ivy.Net.Examples;

internal sealed class TracingPoller(IvPoller inner, TextWriter trace) : IvPoller
{
    public override string Name => $"tracing-{inner.Name}";

    public override IvTimestamp Now => inner.Now;

    public override nint BackendHandle => inner.BackendHandle;

    public override bool ValidatesHandles => inner.ValidatesHandles;

    public override bool HasEdges => inner.HasEdges;

    public override IvError Add(nint handle, IvBands want, ulong token)
    {
        IvError error = inner.Add(handle, want, token);
        trace.WriteLine($"add {handle} for {want}: {(error == IvError.None ? "ok" : error.Describe())}");
        return error;
    }

    public override void Remove(nint handle, ulong token)
    {
        inner.Remove(handle, token);
        trace.WriteLine($"remove {handle}");
    }

    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        foreach (IvChange change in changes)
        {
            trace.WriteLine($"change {change.Handle} from {change.From} to {change.Want}");
        }

        int count = inner.Wait(changes, deadline, ready);
        trace.WriteLine($"wait: {count} ready");
        foreach (IvReady one in ready[..count])
        {
            trace.WriteLine($"  token {one.Token:x}: {one.Bands}");
        }

        return count;
    }

    // Any thread: the writer must be one that may be used by all of them, as Console.Out is.
    public override void Wake()
    {
        trace.WriteLine("wake");
        inner.Wake();
    }

    public override bool Reset() => inner.Reset();

    public override bool Holds(nint handle, ulong token) => inner.Holds(handle, token);

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }
}
