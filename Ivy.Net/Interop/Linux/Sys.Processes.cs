using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <content>Children, by pidfd.</content>
internal static unsafe partial class Sys
{
    // One number on every architecture, as all calls since Linux 5.0 have.
    private const nint PidfdSendSignalNumber = 424;
    private const nint PidfdOpenNumber = 434;

    // The C library's waitid leaves the resource usage out.
    private static readonly nint WaitIdNumber = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 247,
        Architecture.X86 => 284,
        Architecture.Arm => 280,
        Architecture.S390x => 281,
        Architecture.Ppc64le => 272,
        _ => 95, // the generic table: arm64, riscv64, loongarch64
    };

    /// <summary>A descriptor that stands for a process, even one that has ended and waits to be reaped; close-on-exec.</summary>
    public static int PidfdOpen(int process)
    {
        int fault = Fault(SysCall.PidfdOpen, -1);
        return fault != 0 ? fault : (int)Checked(Libc.syscall(PidfdOpenNumber, process, 0, 0, 0, 0));
    }

    /// <summary>ESRCH once the process has been reaped, whoever has its number by then.</summary>
    public static int PidfdSendSignal(int pidfd, int signal)
    {
        int fault = Fault(SysCall.PidfdSendSignal, pidfd);
        return fault != 0 ? fault : (int)Checked(Libc.syscall(PidfdSendSignalNumber, pidfd, signal, 0, 0, 0));
    }

    /// <summary>kill(2) of a whole process group.</summary>
    public static int KillGroup(int group, int signal)
    {
        int fault = Fault(SysCall.Kill, -1);
        return fault != 0 ? fault : Checked(Libc.kill(-group, signal));
    }

    /// <summary>waitid(2) of one child.</summary>
    /// <returns>1 if the child has such a state, 0 if not, or a negative errno.</returns>
    public static int WaitId(int pidfd, int options, out ChildState state, out ResourceUsage usage)
    {
        ChildState found = default;
        ResourceUsage used = default;
        int result;
        do
        {
            result = Fault(SysCall.WaitId, pidfd);
            if (result == 0)
            {
                result = (int)Checked(Libc.syscall(WaitIdNumber, Constants.P_PIDFD, pidfd, (nint)(&found), options, (nint)(&used)));
            }
        }
        while (result == -EINTR);
        state = found;
        usage = used;
        return result < 0 ? result : found.ProcessId == 0 ? 0 : 1;
    }

    /// <summary>The status, as wait(2) encodes it, of a process that somebody has reaped (Linux 6.15).</summary>
    /// <returns>0 or a negative errno.</returns>
    public static int PidfdExitStatus(int pidfd, out int status)
    {
        var info = new PidfdInfo { Mask = Constants.PIDFD_INFO_EXIT };
        int result = Fault(SysCall.PidfdGetInfo, pidfd);
        if (result == 0)
        {
            result = Checked(Libc.ioctl_pointer(pidfd, Constants.PIDFD_GET_INFO, &info));
        }

        status = info.ExitStatus;
        return result < 0 ? result : (info.Mask & Constants.PIDFD_INFO_EXIT) == 0 ? -(int)IvError.ENODATA : 0;
    }

    /// <summary>For a child that can't be watched: ends it, and waits until it has. If it is no child any more its number is left alone.</summary>
    public static void KillAndReap(int process)
    {
        if (Libc.syscall(WaitIdNumber, Constants.P_PID, process, 0, Constants.WEXITED | Constants.WNOHANG | Constants.WNOWAIT, 0) < 0)
        {
            return;
        }

        _ = Libc.kill(process, Constants.SIGKILL);
        nint result;
        do
        {
            result = Checked(Libc.syscall(WaitIdNumber, Constants.P_PID, process, 0, Constants.WEXITED, 0));
        }
        while (result == -EINTR);
    }

    /// <summary>Whether this process may execute a file, with the rights that it has now.</summary>
    public static bool MayExecute(byte* path) => Libc.faccessat(Constants.AT_FDCWD, path, Constants.X_OK, Constants.AT_EACCESS) == 0;

    public static int Open(byte* path, int flags)
    {
        int result;
        do
        {
            result = Fault(SysCall.Open, -1);
            if (result == 0)
            {
                result = Checked(Libc.open(path, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }
}
