namespace Ivy.Net;

/// <summary>The kinds of objects that a loop counts; the names, with Iv before them, are those of the types.</summary>
internal enum ObjectKind : byte
{
    Fd,
    Timer,
    Timeout,
    Task,
    Event,
    EventRaw,
    Listener,
    Signal,
    Wait,
    Process,
    Thread,
    WorkPool,
    Inotify,
    FileTreeWatch,
    Relay,
    Handle,
    CompletionSocket,
    CompletionListener,
}
