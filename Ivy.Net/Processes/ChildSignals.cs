using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>
/// SIGCHLD, caught once for the process and never let go. What it says is only that some child has changed: each one that
/// matters is looked at. It is not cancelled: the runtime's own part, for System.Diagnostics.Process, goes on.
/// </summary>
internal static class ChildSignals
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<ChildWatch> Watches = [];
    private static readonly HashSet<ChildHandle> Abandoned = [];
    private static PosixSignalRegistration? _registration;

    /// <summary>Has the stops and continuations of a child collected from now on, the one that it is in among them.</summary>
    public static void Add(ChildWatch watch)
    {
        lock (Gate)
        {
            EnsureCaught();
            Watches.Add(watch);
            watch.CollectStops();
        }
    }

    /// <summary>Nothing is collected any more on return.</summary>
    public static void Remove(ChildWatch watch)
    {
        lock (Gate)
        {
            Watches.Remove(watch);
        }
    }

    /// <summary>Reaps a child that nobody waits for any more when it ends, so that no zombie stays; then closes its handle.</summary>
    public static void Abandon(ChildHandle child)
    {
        lock (Gate)
        {
            EnsureCaught();

            // It may have ended before it was put on the list, and before the signal was caught.
            if (!child.TryDiscard())
            {
                Abandoned.Add(child);
            }
        }
    }

    private static void EnsureCaught() => _registration ??= PosixSignalRegistration.Create(SignalNumbers.ToPosixSignal(Constants.SIGCHLD), OnSignal);

    // On a thread of the pool.
    private static void OnSignal(PosixSignalContext context)
    {
        lock (Gate)
        {
            foreach (ChildWatch watch in Watches)
            {
                watch.CollectStops();
            }

            Abandoned.RemoveWhere(static child => child.TryDiscard());
        }
    }
}
