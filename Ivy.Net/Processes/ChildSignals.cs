using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>
/// SIGCHLD, caught once for the process and never let go. What it says is only that some child has changed: everyone who is
/// told looks at its own. It is not cancelled: the runtime's own part, for System.Diagnostics.Process, goes on.
/// </summary>
internal static class ChildSignals
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<IvEvent> Listeners = [];
    private static readonly HashSet<ChildHandle> Abandoned = [];
    private static PosixSignalRegistration? _registration;

    /// <summary>Posts the event whenever a child of the process has changed.</summary>
    public static void Add(IvEvent listener)
    {
        lock (Gate)
        {
            EnsureCaught();
            Listeners.Add(listener);
        }
    }

    public static void Remove(IvEvent listener)
    {
        lock (Gate)
        {
            Listeners.Remove(listener);
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

    private static void EnsureCaught() => _registration ??= PosixSignalRegistration.Create(PosixSignal.SIGCHLD, OnSignal);

    private static void OnSignal(PosixSignalContext context)
    {
        lock (Gate)
        {
            foreach (IvEvent listener in Listeners)
            {
                listener.Post();
            }

            Abandoned.RemoveWhere(static child => child.TryDiscard());
        }
    }
}
