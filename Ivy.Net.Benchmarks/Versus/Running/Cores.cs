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

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nuint size, byte[] mask);
}
