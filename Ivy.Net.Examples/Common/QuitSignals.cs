// Ctrl-C (SIGINT) and SIGTERM end the loop instead of the process: Run returns, and the example says goodbye.

using System.Runtime.InteropServices;

namespace Ivy.Net.Examples;

internal static class QuitSignals
{
    /// <summary>For this thread's loop. The signals don't keep Run going, and end with the loop.</summary>
    public static void Register()
    {
        foreach (PosixSignal signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM])
        {
            // Not Register: a script that starts an example with & has SIGINT ignored for it, which is no reason not to run.
            new IvSignal(signal, static signal => signal.Loop!.Quit()) { KeepsLoopAlive = false }.TryRegister();
        }
    }
}
