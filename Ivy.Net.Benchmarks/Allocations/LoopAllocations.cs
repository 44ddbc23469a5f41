namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>Turns, tasks, and changes of interest.</summary>
internal static class LoopAllocations
{
    public static void Turns(int count)
    {
        using var loop = new IvLoop();
        using var keep = new IvEvent(static _ => { });
        keep.Register();
        for (int i = 0; i < count; i++)
        {
            loop.Run(IvRunMode.NonBlocking);
        }
    }

    public static void TurnsThatWait(int count)
    {
        using var loop = new IvLoop();
        using var timer = new IvTimer(static _ => { });
        for (int i = 0; i < count; i++)
        {
            timer.Start(TimeSpan.FromTicks(1));
            loop.Run(IvRunMode.Once);
        }
    }

    public static void TurnsWithHooks(int count)
    {
        using var loop = new IvLoop(new IvLoopOptions { UnhandledException = static _ => { }, SlowCallback = TimeSpan.FromHours(1) });
        Repeat(loop, count);
    }

    public static void Tasks(int count)
    {
        using var loop = new IvLoop();
        Repeat(loop, count);
    }

    public static void InterestToggles(int count)
    {
        using var loop = new IvLoop();
        using var raw = new IvEventRaw(static _ => { });
        using var fd = new IvFd(raw.Handle) { SetsNonBlocking = false };
        fd.Register();
        Action<IvFd> handler = static _ => { };
        for (int i = 0; i < count; i++)
        {
            fd.HandlerIn = (i & 1) == 0 ? handler : null;
            loop.Run(IvRunMode.NonBlocking);
        }
    }

    /// <summary>A descriptor that is registered, found ready, and unregistered.</summary>
    public static void Cascade(int count)
    {
        using var loop = new IvLoop();
        using var raw = new IvEventRaw(static _ => { });
        using var fd = new IvFd(raw.Handle) { SetsNonBlocking = false, HandlerIn = static fd => fd.Unregister() };
        raw.Post();
        for (int i = 0; i < count; i++)
        {
            fd.Register();
            loop.Run();
        }
    }

    private static void Repeat(IvLoop loop, int count)
    {
        var counter = new Counter { Left = count };
        using var task = new IvTask(static task =>
        {
            if (--((Counter)task.State!).Left > 0)
            {
                task.Register();
            }
        })
        {
            State = counter,
        };
        task.Register();
        loop.Run();
    }
}
