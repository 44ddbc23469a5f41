using System.Runtime.InteropServices;
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
    public static IvError TryAdd(ChildWatch watch)
    {
        lock (Gate)
        {
            IvError error = TryCatch();
            if (error == IvError.None)
            {
                Watches.Add(watch);
                watch.CollectStops();
            }

            return error;
        }
    }

    /// <summary>Has what the kernel has of a child's stops collected at once, and what is being collected finished.</summary>
    public static void Collect(ChildWatch watch)
    {
        lock (Gate)
        {
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

    /// <summary>
    /// Reaps a child that nobody waits for any more when it ends, so that no zombie stays; then closes its handle.
    /// <see cref="RuntimeSignals.TryPrepare"/> has to have been asked: this can't fail.
    /// </summary>
    public static void Abandon(ChildHandle child)
    {
        lock (Gate)
        {
            _ = TryCatch();

            // It may have ended before it was put on the list, and before the signal was caught.
            if (!child.TryDiscard())
            {
                Abandoned.Add(child);
            }
        }
    }

    /// <summary>As if SIGCHLD had never been caught; for tests.</summary>
    internal static void Forget()
    {
        lock (Gate)
        {
            _registration?.Dispose();
            _registration = null;
        }
    }

    private static IvError TryCatch() =>
        _registration is null ? RuntimeSignals.TryCatch(Constants.SIGCHLD, OnSignal, out _registration) : IvError.None;

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
