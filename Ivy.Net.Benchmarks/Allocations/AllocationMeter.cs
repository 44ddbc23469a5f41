namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>Managed bytes for each operation, of all threads of the process: the slope between N and 2N operations.</summary>
/// <remarks>
/// What is made once (threads, pools, the first growth of an array) is in both and cancels out. The runtime itself allocates at
/// times, so the least of several rounds counts: whatever the operation allocates is in every round.
/// </remarks>
internal static class AllocationMeter
{
    private const int Operations = 20_000;
    private const int Rounds = 5;

    public static double BytesPerOperation(Action<int> run)
    {
        // Long enough for the code to reach its last tier, and for everything that grows to have grown.
        run(Operations * 2);
        double least = double.MaxValue;
        for (int round = 0; round < Rounds && least > 0; round++)
        {
            long once = Measure(run, Operations);
            long twice = Measure(run, Operations * 2);
            least = Math.Min(least, Math.Max(twice - once, 0) / (double)Operations);
        }

        return least;
    }

    private static long Measure(Action<int> run, int operations)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        run(operations);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
