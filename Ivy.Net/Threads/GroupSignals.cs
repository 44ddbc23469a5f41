using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>SIGINT and SIGTERM, which stop a group instead of the process.</summary>
internal sealed class GroupSignals : IDisposable
{
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public GroupSignals(IvLoopGroup group)
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

        // On a thread of the runtime.
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            group.Stop();
        }
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }
}
