using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>What a loop has done so far, and what is registered on it: a snapshot that any thread may take.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IvLoopCounters
{
    /// <summary>Turns that were begun.</summary>
    public long Turns { get; init; }

    /// <summary>Calls of the poller's Wait.</summary>
    public long Polls { get; init; }

    /// <summary>Descriptors that were reported ready.</summary>
    public long Events { get; init; }

    /// <summary>Posts that were taken from the queue: of <see cref="IvEvent"/> and of <see cref="IvLoop.Post(Action{object?}, object?)"/>.</summary>
    public long Posts { get; init; }

    /// <summary>How often another thread had to wake the loop: one system call each.</summary>
    public long Wakeups { get; init; }

    /// <summary>Ready descriptors whose registration had ended in the same batch, and which were dropped.</summary>
    public long Stale { get; init; }

    /// <summary>How often the poll set was rebuilt, because a closed descriptor went on being reported through a duplicate.</summary>
    public long Rebuilds { get; init; }

    /// <summary>Time spent waiting: the rest is work.</summary>
    public TimeSpan WaitTime { get; init; }

    /// <summary>Registered <see cref="IvFd"/>s.</summary>
    public int Fds { get; init; }

    /// <summary>Registered <see cref="IvTimer"/>s.</summary>
    public int Timers { get; init; }

    /// <summary>Registered <see cref="IvTimeout"/>s.</summary>
    public int Timeouts { get; init; }

    /// <summary>Queued <see cref="IvTask"/>s.</summary>
    public int Tasks { get; init; }

    /// <summary>Registered <see cref="IvEvent"/>s.</summary>
    public int RegisteredEvents { get; init; }

    /// <summary>Registered <see cref="IvEventRaw"/>s.</summary>
    public int RawEvents { get; init; }

    /// <summary>Registered <see cref="IvListener"/>s.</summary>
    public int Listeners { get; init; }

    /// <summary>Registered <c>IvSignal</c>s.</summary>
    public int Signals { get; init; }

    /// <summary>Registered <c>IvWait</c>s.</summary>
    public int Waits { get; init; }

    /// <summary>Registered <c>IvProcess</c>es.</summary>
    public int Processes { get; init; }

    /// <summary>Registered <c>IvThread</c>s.</summary>
    public int Threads { get; init; }

    /// <summary>Registered <c>IvWorkPool</c>s.</summary>
    public int WorkPools { get; init; }

    /// <summary>Registered <c>IvInotify</c>s and <c>IvFileTreeWatch</c>es.</summary>
    public int Inotifies { get; init; }

    /// <summary>Registered <c>IvRelay</c>s.</summary>
    public int Relays { get; init; }

    /// <summary>Registered <c>IvHandle</c>s.</summary>
    public int Handles { get; init; }

    /// <summary>Registered <c>IvCompletionSocket</c>s.</summary>
    public int CompletionSockets { get; init; }

    /// <summary>Registered <c>IvCompletionListener</c>s.</summary>
    public int CompletionListeners { get; init; }

    /// <summary>Registered objects that keep the loop alive.</summary>
    public int Active { get; init; }
}
