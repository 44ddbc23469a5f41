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

    public static void CheckNetwork(IvObject subject, IvLoop loop)
    {
        if (loop.Network is SimulatedNetwork)
        {
            IvFatal.Raise(
                FatalCondition.OtherNetwork,
                $"{subject}: used on {loop}, whose network is {loop.Network.Name}: a simulation has no processes. Watch children on a loop of the system's network.",
                subject);
        }
    }

    public static string? Advice(IvError error) => error switch
    {
        IvError.SignalIgnored => "SIGCHLD was ignored when this program was started, so that the kernel keeps no status of its children. Start it with SIGCHLD at its default: look for a trap or a SIG_IGN in what starts it",
        IvError.ENOSYS => "Children are watched by pidfd_open(2) and waitid(2), which Linux has since 5.4",
        IvError.EPERM => "A filter of system calls (seccomp) seems to forbid pidfd_open(2): let it pass",
        IvError.EMFILE or IvError.ENFILE => "Raise the limit of open files (ulimit -n), or close some",
        IvError.ENOSPC => "Raise /proc/sys/fs/epoll/max_user_watches",
        _ => null,
    };
}
