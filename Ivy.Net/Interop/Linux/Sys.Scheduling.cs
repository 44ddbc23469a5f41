namespace Ivy.Net.Interop.Linux;

/// <content>On which CPUs threads run.</content>
internal static unsafe partial class Sys
{
    // 8192 CPUs, the most that a kernel is built for; with less room it would say EINVAL.
    private const int CpuMaskSize = 1024;
    private const int CpusPerWord = 64;

    /// <summary>sched_getaffinity(2) of this thread: the CPUs that it may run on, in ascending order.</summary>
    public static int GetAffinity(List<int> cpus)
    {
        ulong* mask = stackalloc ulong[CpuMaskSize / sizeof(ulong)];
        new Span<ulong>(mask, CpuMaskSize / sizeof(ulong)).Clear();
        int result = Fault(SysCall.SchedGetAffinity, -1);
        result = result < 0 ? result : Checked(Libc.sched_getaffinity(0, CpuMaskSize, (byte*)mask));
        if (result >= 0)
        {
            for (int cpu = 0; cpu < CpuMaskSize * 8; cpu++)
            {
                if ((mask[cpu / CpusPerWord] & (1UL << (cpu % CpusPerWord))) != 0)
                {
                    cpus.Add(cpu);
                }
            }
        }

        return result;
    }

    /// <summary>sched_setaffinity(2): this thread runs on one CPU from now on.</summary>
    public static int SetAffinity(int cpu)
    {
        if (cpu is < 0 or >= CpuMaskSize * 8)
        {
            return -(int)IvError.EINVAL;
        }

        ulong* mask = stackalloc ulong[CpuMaskSize / sizeof(ulong)];
        new Span<ulong>(mask, CpuMaskSize / sizeof(ulong)).Clear();
        mask[cpu / CpusPerWord] = 1UL << (cpu % CpusPerWord);
        int result = Fault(SysCall.SchedSetAffinity, -1);
        return result < 0 ? result : Checked(Libc.sched_setaffinity(0, CpuMaskSize, (byte*)mask));
    }
}
