using Ivy.Net.Interop.Bsd;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <summary>How an <see cref="EpollPort"/> watches and waits: one engine for each kind of kernel.</summary>
/// <remarks>
/// Any thread may call any member at any time, <see cref="Dispose"/> excepted: the port calls it once, when no thread is inside.
/// Invariants, held by EpollPortTests for each engine:
/// 1. A change reaches the kernel before the call returns, whoever waits meanwhile.
/// 2. An event goes to the registration it was polled for: one of a socket that is removed, or closed and its number given to
///    another, is dropped.
/// 3. Level-triggered: a socket that stays ready is reported by each wait, except after a one-shot report.
/// 4. What does not fit is reported by the next wait, before what was reported already.
/// </remarks>
internal abstract class PortEngine : IDisposable
{
    /// <summary>The engine of this operating system.</summary>
    /// <exception cref="IvException">There is none, or the kernel refused.</exception>
    public static PortEngine Create() =>
        OperatingSystem.IsLinux() ? new LinuxPortEngine()
        : OperatingSystem.IsWindows() ? new AfdPortEngine(AfdApi.System)
        : new KqueuePortEngine(BsdKqueue.OfThisSystem());

    /// <summary>What can be asked for elsewhere, and not here: refused before the engine sees it.</summary>
    public virtual EpollEvents Missing => EpollEvents.None;

    /// <summary>EBADF for what is closed, ENOTSOCK for what is open and no socket.</summary>
    public abstract IvError Check(nint socket);

    /// <summary>Begins to watch; EEXIST if the socket is watched, also while it is disarmed after a one-shot report.</summary>
    public abstract IvError Add(nint socket, EpollEvents events, ulong data);

    /// <summary>Replaces events and data, and arms anew; ENOENT if it is not watched.</summary>
    public abstract IvError Modify(nint socket, EpollEvents events, ulong data);

    /// <summary>Ends watching; ENOENT if it is not watched.</summary>
    public abstract IvError Remove(nint socket);

    /// <summary>Returns with something to report, at the deadline, after a Wake, or after <see cref="End"/>.</summary>
    /// <param name="events">Not empty.</param>
    /// <param name="deadline">Of <see cref="IvTimestamp.System"/>; MinValue only looks.</param>
    /// <param name="count">How many were filled.</param>
    public abstract IvError Wait(Span<EpollPortEvent> events, IvTimestamp deadline, out int count);

    /// <summary>Makes one wait return: one of those at hand, or else the next.</summary>
    public abstract IvError Wake();

    /// <summary>Makes all waits return, those at hand and those to come.</summary>
    public abstract void End();

    /// <inheritdoc/>
    public abstract void Dispose();
}
