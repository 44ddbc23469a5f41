namespace Ivy.Net.Interop.Bsd;

/// <summary>The kqueue of macOS: its struct kevent is <see cref="KqueueEvent"/>, so nothing is copied.</summary>
internal sealed class DarwinKqueue : BsdKqueue
{
    public override KqueueDialect Dialect => KqueueDialect.Darwin;

    public override unsafe int Exchange(int queue, ReadOnlySpan<KqueueEvent> changes, Span<KqueueEvent> events, long nanoseconds)
    {
        // SAFETY: both spans are pinned for the call, and the kernel is told their lengths.
        fixed (KqueueEvent* first = changes)
        fixed (KqueueEvent* room = events)
        {
            return Call(queue, first, changes.Length, room, events.Length, nanoseconds);
        }
    }
}
