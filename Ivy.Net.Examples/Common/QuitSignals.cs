// Ctrl-C (SIGINT) and SIGTERM end the loop instead of the process: Run returns, and the example says goodbye.

using System.Runtime.InteropServices;

namespace Ivy.Net.Examples;

internal sealed class QuitSignals : IDisposable
{
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public QuitSignals(IvLoop loop)
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Quit);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Quit);

        // The runtime calls this on a thread of its own; Quit may be called by any thread.
        void Quit(PosixSignalContext context)
        {
            context.Cancel = true;
            loop.Quit();
        }
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }
}
