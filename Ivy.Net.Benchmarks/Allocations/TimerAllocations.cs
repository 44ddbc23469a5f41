namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>Timers and timeouts: started, moved, stopped, fired.</summary>
internal static class TimerAllocations
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static void Fire(int count)
    {
        using var loop = new IvLoop();
        using var timer = new IvTimer(static timer =>
        {
            if (--((Counter)timer.State!).Left > 0)
            {
                timer.Start(TimeSpan.Zero);
            }
        })
        {
            State = new Counter { Left = count },
        };
        timer.Start(TimeSpan.Zero);
        loop.Run();
    }

    public static void Periodic(int count)
    {
        using var loop = new IvLoop();
        using var timer = new IvTimer(static timer =>
        {
            if (--((Counter)timer.State!).Left == 0)
            {
                timer.Stop();
            }
        })
        {
            State = new Counter { Left = count },
        };
        timer.Start(Tick, Tick);
        loop.Run();
    }

    public static void Move(int count)
    {
        using var loop = new IvLoop();
        using var timer = new IvTimer(static _ => { });
        for (int i = 0; i < count; i++)
        {
            // Later and earlier in turn.
            timer.Start(Hour + ((i & 1) * Hour));
        }
    }

    public static void StartStop(int count)
    {
        using var loop = new IvLoop();
        using var timer = new IvTimer(static _ => { });
        for (int i = 0; i < count; i++)
        {
            timer.Start(Hour);
            timer.Stop();
        }
    }

    /// <summary>A hundred at a time, so that the list of expired timers and the heap are used as well.</summary>
    public static void Many(int count)
    {
        using var loop = new IvLoop();
        var timers = new IvTimer[100];
        for (int i = 0; i < timers.Length; i++)
        {
            timers[i] = new IvTimer(static _ => { });
        }

        for (int done = 0; done < count; done += timers.Length)
        {
            for (int i = 0; i < timers.Length; i++)
            {
                timers[i].Start(TimeSpan.FromTicks(i));
            }

            loop.Run();
        }
    }

    public static void TimeoutFire(int count)
    {
        using var loop = new IvLoop();
        using var timeout = new IvTimeout(Tick, static timeout =>
        {
            if (--((Counter)timeout.State!).Left > 0)
            {
                timeout.Start();
            }
        })
        {
            State = new Counter { Left = count },
        };
        timeout.Start();
        loop.Run();
    }

    public static void TimeoutRestart(int count)
    {
        using var loop = new IvLoop();
        using var timeout = new IvTimeout(Hour, static _ => { });
        for (int i = 0; i < count; i++)
        {
            timeout.Start();
        }
    }

    public static void TimeoutStartStop(int count)
    {
        using var loop = new IvLoop();
        using var timeout = new IvTimeout(Hour, static _ => { });
        for (int i = 0; i < count; i++)
        {
            timeout.Start();
            timeout.Stop();
        }
    }
}
