using System.Globalization;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Interop;

/// <summary>What signals are called, and which of them a program may have: signal(7).</summary>
internal static class SignalNumbers
{
    // In the order of their numbers, from 1.
    private static readonly string[] LinuxNames =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    private static readonly string[] BsdNames =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE", "ALRM", "TERM", "URG",
        "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "IO", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "INFO", "USR1", "USR2",
    ];

    // What the runtime has on Windows, where the others do not exist.
    private static readonly string[] WindowsNames = ["HUP", "INT", "QUIT", "", "", "", "", "", "", "", "", "", "", "", "TERM"];

    private static readonly string[] Names = OperatingSystem.IsLinux() ? LinuxNames : OperatingSystem.IsWindows() ? WindowsNames : BsdNames;

    private static readonly (int First, int Last) RealTime = OperatingSystem.IsLinux() ? Sys.RealTimeSignals() : (int.MaxValue, 0);

    /// <summary>The highest number.</summary>
    public static int Last => Math.Max(Names.Length, RealTime.Last);

    /// <summary>The number of a signal that is given as .NET names it (below 0), or by its number; 0 if this system has no such signal.</summary>
    public static int Resolve(PosixSignal signal)
    {
        if (signal >= 0)
        {
            return (int)signal > Last || ((int)signal is var number && number >= 1 && number <= Names.Length && Names[number - 1].Length == 0) ? 0 : (int)signal;
        }

        string? name = Enum.GetName(signal);
        return name is null ? 0 : Array.IndexOf(Names, name[3..]) + 1;
    }

    /// <summary>The signal as .NET names it, or its number where .NET has no name for it.</summary>
    public static PosixSignal ToPosixSignal(int number) =>
        Enum.TryParse(NameOf(number), out PosixSignal named) && named < 0 ? named : (PosixSignal)number;

    /// <summary>As in <c>SIGTERM</c>, <c>SIGRTMIN+3</c>, <c>signal 70</c>.</summary>
    public static string NameOf(int number)
    {
        if (number >= 1 && number <= Names.Length && Names[number - 1].Length != 0)
        {
            return $"SIG{Names[number - 1]}";
        }

        return number >= RealTime.First && number <= RealTime.Last
            ? number == RealTime.First ? "SIGRTMIN" : string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{number - RealTime.First}")
            : string.Create(CultureInfo.InvariantCulture, $"signal {number}");
    }

    /// <summary>Why a program can't have a signal; null if it can.</summary>
    public static string? WhyReserved(int number) => NameOf(number) switch
    {
        "SIGKILL" or "SIGSTOP" => "no program can catch it",
        "SIGSEGV" or "SIGBUS" or "SIGFPE" or "SIGILL" => "the program's own instructions raise it, and the .NET runtime makes exceptions of it",
        "SIGTRAP" or "SIGABRT" => "it belongs to the .NET runtime: to its debugger, and to the end of a process that can't go on",
        "SIGRTMIN" => "the .NET runtime suspends threads by it; real-time signals are free from SIGRTMIN+1 on",
        _ when number > Names.Length && number < RealTime.First => "the C library uses it for itself",
        _ => null,
    };

    /// <summary>Whether the runtime itself does something when the process gets it: reaps children, restores the terminal.</summary>
    public static bool IsUsedByRuntime(int number) =>
        NameOf(number) is "SIGCHLD" or "SIGCONT" or "SIGWINCH" or "SIGTTIN" or "SIGTTOU" or "SIGTSTP";
}
