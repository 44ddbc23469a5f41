namespace Ivy.Net.Interop.Bsd;

/// <summary>The kqueue of FreeBSD 12 and later: its struct kevent is twice as long, so what passes is copied.</summary>
internal sealed unsafe class FreeBsdKqueue : BsdKqueue
{
    // A wakeup is one change without room.
    private const int OnStack = 8;

    // Any number of threads may wait.
    [ThreadStatic]
    private static FreeBsdKqueueEvent[]? _buffer;

    public override KqueueDialect Dialect => KqueueDialect.FreeBsd;

    public override int Exchange(int queue, ReadOnlySpan<KqueueEvent> changes, Span<KqueueEvent> events, long nanoseconds)
    {
        if (changes.Length <= OnStack && events.Length <= OnStack)
        {
            FreeBsdKqueueEvent* room = stackalloc FreeBsdKqueueEvent[OnStack];
            return Exchange(queue, changes, events, nanoseconds, room);
        }

        int needed = Math.Max(changes.Length, events.Length);
        if (_buffer is not { } buffer || buffer.Length < needed)
        {
            _buffer = buffer = GC.AllocateUninitializedArray<FreeBsdKqueueEvent>(needed, pinned: true);
        }

        // SAFETY: the buffer has room for the longer of the two, and is pinned for the call.
        fixed (FreeBsdKqueueEvent* room = buffer)
        {
            return Exchange(queue, changes, events, nanoseconds, room);
        }
    }

    /// <summary>Into the kernel's layout.</summary>
    internal static void Widen(ReadOnlySpan<KqueueEvent> from, Span<FreeBsdKqueueEvent> to)
    {
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = new FreeBsdKqueueEvent { Event = from[i] };
        }
    }

    /// <summary>Out of it.</summary>
    internal static void Narrow(ReadOnlySpan<FreeBsdKqueueEvent> from, Span<KqueueEvent> to)
    {
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = from[i].Event;
        }
    }

    // One buffer for both ways: the kernel reads each change before it writes the answer to it, and events come after all changes.
    private static int Exchange(int queue, ReadOnlySpan<KqueueEvent> changes, Span<KqueueEvent> events, long nanoseconds, FreeBsdKqueueEvent* room)
    {
        Widen(changes, new Span<FreeBsdKqueueEvent>(room, changes.Length));
        int count = Call(queue, room, changes.Length, room, events.Length, nanoseconds);
        Narrow(new ReadOnlySpan<FreeBsdKqueueEvent>(room, Math.Max(count, 0)), events);
        return count;
    }
}
