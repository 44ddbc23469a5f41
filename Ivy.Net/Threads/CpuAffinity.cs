using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>The CPUs that threads may run on, and the one that a thread shall.</summary>
internal static class CpuAffinity
{
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>The CPUs of this thread, which those that it starts inherit; by number of processors where the system does not tell.</summary>
    public static int[] Allowed()
    {
        List<int> cpus = [];
        return IsSupported && Sys.GetAffinity(cpus) >= 0 && cpus.Count > 0
            ? [.. cpus]
            : [.. Enumerable.Range(0, Environment.ProcessorCount)];
    }

    /// <summary>This thread runs there from now on.</summary>
    public static IvError Pin(int cpu)
    {
        if (!IsSupported)
        {
            return IvError.ENOSYS;
        }

        int result = Sys.SetAffinity(cpu);
        return result < 0 ? Sys.Error(result) : IvError.None;
    }
}
