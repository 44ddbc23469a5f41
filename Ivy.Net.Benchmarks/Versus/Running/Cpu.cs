using System.Runtime.InteropServices;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>What the process has used: clock_gettime(2) and getrusage(2).</summary>
internal static unsafe partial class Cpu
{
    private const int ClockProcessCpuTime = 2;
    private const int RusageSelf = 0;

    // struct rusage of 64-bit Linux: two struct timeval, then longs, of which the second to last counts voluntary context switches.
    private const int RusageLongs = 18;
    private const int VoluntarySwitches = 16;

    /// <summary>Nanoseconds of CPU time of all threads of this process.</summary>
    public static long OfProcess()
    {
        long* time = stackalloc long[2];
        _ = clock_gettime(ClockProcessCpuTime, time);
        return (time[0] * 1_000_000_000) + time[1];
    }

    /// <summary>How often threads of this process have gone to sleep.</summary>
    public static long Sleeps()
    {
        long* usage = stackalloc long[RusageLongs];
        _ = getrusage(RusageSelf, usage);
        return usage[VoluntarySwitches];
    }

    // SAFETY: both write into the caller's stack, no more than the structure that it has room for.
    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, long* time);

    [LibraryImport("libc")]
    private static partial int getrusage(int who, long* usage);
}
