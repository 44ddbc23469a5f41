using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>What keeps a program from having children watched, whoever starts them.</summary>
internal static class ChildErrors
{
    public static void CheckPlatform(IvObject subject)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException(
                $"{subject}: children are watched by pidfd_open(2), which only Linux has. Use System.Diagnostics.Process with EnableRaisingEvents, and call loop.Post in its Exited event.");
        }
    }

    /// <summary>Whether children can be waited for: which the loop, and what has started this process, must allow.</summary>
    public static IvError CheckSystem(IvLoop loop) =>
        loop.Network is SimulatedNetwork ? IvError.EOPNOTSUPP
        : Sys.GetSignalHandler(Constants.SIGCHLD) == Constants.SIG_IGN ? IvError.SignalIgnored
        : IvError.None;

    public static string? Advice(IvError error) => error switch
    {
        IvError.SignalIgnored => "SIGCHLD was ignored when this program was started, so that the kernel keeps no status of its children. Start it with SIGCHLD at its default: look for a trap or a SIG_IGN in what starts it",
        IvError.ENOSYS => "Children are watched by pidfd_open(2) and waitid(2), which Linux has since 5.4",
        IvError.EPERM => "A filter of system calls (seccomp) seems to forbid pidfd_open(2): let it pass",
        IvError.EOPNOTSUPP => "The loop's network is simulated, and a simulation has no children: use a loop of the system's network",
        IvError.EMFILE or IvError.ENFILE => "Raise the limit of open files (ulimit -n), or close some",
        IvError.ENOSPC => "Raise /proc/sys/fs/epoll/max_user_watches",
        _ => null,
    };
}
