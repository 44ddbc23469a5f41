namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>Work on the threads of a pool, and what each loop has of its own.</summary>
internal static class WorkAllocations
{
    // In flight at most: more than the library keeps for reuse would be allocated.
    private const int Window = 256;

    private static readonly IvLoopLocal<Counter> Local = new(static _ => new Counter());

    private static readonly Action<Job, CancellationToken> Work = static (job, _) => job.Work();
    private static readonly Action<Job, CancellationToken> Continue = static (job, token) => job.Pool.SubmitContinuation(Work, Next!, job, token);
    private static readonly Action<Job, IvWorkResult> Next = static (job, _) => job.SubmitNext(Work, Next!);
    private static readonly Action<Job, IvWorkResult> NextChain = static (job, _) => job.SubmitNext(Continue, Next);

    private static readonly Action<(Job Job, long Number), CancellationToken> WorkOfValue = static (value, _) => value.Job.Work();

    private static readonly Action<(Job Job, long Number), IvWorkResult> NextOfValue = static (value, _) =>
    {
        if (value.Job.TryCount())
        {
            value.Job.Pool.Submit(WorkOfValue, NextOfValue!, (value.Job, value.Number + 1));
        }
    };

    public static void References(int count) => Run(count, static job => job.SubmitNext(Work, Next));

    public static void Continuations(int count) => Run(count, static job => job.SubmitNext(Continue, NextChain));

    public static void Values(int count) => Run(count, static job => NextOfValue((job, 0), default));

    public static void LoopLocals(int count)
    {
        using var loop = new IvLoop();
        for (int i = 0; i < count; i++)
        {
            Local.Value.Left++;
        }
    }

    private static void Run(int count, Action<Job> submit)
    {
        using var loop = new IvLoop();
        var pool = new IvWorkPool(new IvWorkPoolOptions { MaxThreads = 2, IdleTime = Timeout.InfiniteTimeSpan });
        var job = new Job(pool, count);
        for (int i = 0; i < Window; i++)
        {
            submit(job);
        }

        loop.Run();
    }

    private sealed class Job(IvWorkPool pool, int count)
    {
        private int _left = count;
        private int _worked;

        public IvWorkPool Pool => pool;

        public void Work() => Interlocked.Increment(ref _worked);

        public void SubmitNext(Action<Job, CancellationToken> work, Action<Job, IvWorkResult> completion)
        {
            if (TryCount())
            {
                pool.Submit(work, completion, this);
            }
        }

        public bool TryCount()
        {
            if (_left == 0)
            {
                pool.Close();
                return false;
            }

            _left--;
            return true;
        }
    }
}
