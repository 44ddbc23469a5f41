using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>SIGINT and SIGTERM, which stop a group instead of the process.</summary>
internal sealed class GroupSignals : IDisposable
{
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public GroupSignals(IvLoopGroup group)
    {
        // On a thread of the runtime.
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => OnSignal(group, context));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => OnSignal(group, context));
    }

    /// <summary>Which of the two will never come, null if none: the runtime takes no signal over that was ignored before, and says nothing.</summary>
    public static string? Ignored => OperatingSystem.IsLinux()
        ? (IsIgnored(Constants.SIGINT), IsIgnored(Constants.SIGTERM)) switch
        {
            (true, true) => "SIGINT and SIGTERM",
            (true, false) => "SIGINT",
            (false, true) => "SIGTERM",
            _ => null,
        }
        : null;

    /// <summary>Stops the group, or has it abort. If that did not help either, the signal does what it does without a group.</summary>
    public static void OnSignal(IvLoopGroup group, PosixSignalContext context)
    {
        context.Cancel = !group.IsAskedToAbort;
        group.Stop();
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private static bool IsIgnored(int signal) => Sys.GetSignalHandler(signal) == Constants.SIG_IGN;
}
