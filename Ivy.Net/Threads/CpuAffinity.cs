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
        if (!IsSupported || Sys.GetAffinity(cpus) < 0)
        {
            for (int i = 0; i < Environment.ProcessorCount; i++)
            {
                cpus.Add(i);
            }
        }

        return [.. cpus];
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
