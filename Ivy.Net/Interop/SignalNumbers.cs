using System.Globalization;

namespace Ivy.Net.Interop;

/// <summary>What signals are called: signal(7).</summary>
internal static class SignalNumbers
{
    // In the order of their numbers, from 1.
    private static readonly string[] LinuxNames =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>As in <c>SIGTERM</c>, <c>signal 70</c>.</summary>
    public static string NameOf(int number) =>
        number >= 1 && number <= LinuxNames.Length ? $"SIG{LinuxNames[number - 1]}" : string.Create(CultureInfo.InvariantCulture, $"signal {number}");
}
