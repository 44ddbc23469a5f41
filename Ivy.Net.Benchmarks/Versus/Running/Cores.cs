using System.Globalization;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>Where things run: sched_setaffinity(2).</summary>
internal static partial class Cores
{
    // As many as the kernel is built for at most.
    private const int Most = 8192;

    public static int[] OfThisThread()
    {
        List<int> cores = [];
        int result = Sys.GetAffinity(cores);
        return result < 0 ? throw new VersusException($"sched_getaffinity: {Sys.Error(result)}") : [.. cores];
    }

    /// <summary>From now on this thread, and what it starts, runs on these.</summary>
    public static void Pin(IReadOnlyList<int> cores)
    {
        byte[] mask = new byte[Most / 8];
        foreach (int core in cores)
        {
            mask[core / 8] |= (byte)(1 << (core % 8));
        }

        if (sched_setaffinity(0, (nuint)mask.Length, mask) != 0)
        {
            throw new VersusException($"The process may not run on core {string.Join(',', cores)}; choose others by --cores.");
        }
    }

    /// <summary>From now on the main thread of this process runs on one core; any thread may say so.</summary>
    public static void PinMainThread(int core)
    {
        byte[] mask = new byte[Most / 8];
        mask[core / 8] = (byte)(1 << (core % 8));
        _ = sched_setaffinity(Environment.ProcessId, (nuint)mask.Length, mask);
    }

    /// <summary>From now on all threads of this process, and those that they start, run on one core.</summary>
    public static void PinProcess(int core) => PinProcess(Environment.ProcessId, core);

    /// <summary>Those of another process.</summary>
    public static void PinProcess(int process, int core)
    {
        byte[] mask = new byte[Most / 8];
        mask[core / 8] = (byte)(1 << (core % 8));
        foreach (string thread in Directory.EnumerateDirectories($"/proc/{process}/task"))
        {
            // One that has ended meanwhile does not matter.
            _ = sched_setaffinity(int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture), (nuint)mask.Length, mask);
        }
    }

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nuint size, byte[] mask);
}
