namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>Posts and events, with their producers on other threads.</summary>
internal static class PostAllocations
{
    // In flight at most: more than the loop's pool keeps would be allocated, as IvLoopOptions.PostPoolSize says.
    private const int Window = 512;

    private static readonly Action<Counter> Arrived = static counter => Arrive(counter);

    private static readonly Action<(IvLoop Loop, Counter Counter)> Next = static state =>
    {
        if (state.Counter.Left-- > 0)
        {
            state.Loop.Post(Next!, state);
        }
    };

    public static void Objects(int count) => FromAnotherThread(count, static (loop, counter) =>
        loop.Post(static state => Arrive((Counter)state!), (object)counter));

    public static void References(int count) => FromAnotherThread(count, static (loop, counter) => loop.Post(Arrived, counter));

    public static void Values(int count) => FromAnotherThread(count, static (loop, counter) =>
        loop.Post(static state => Arrive(state.Counter), (Counter: counter, Number: 1L, More: 2.0)));

    public static void OfTheLoop(int count)
    {
        using var loop = new IvLoop();
        var counter = new Counter { Left = count };
        loop.Post(Next, (loop, counter));
        loop.Run();
    }

    public static void EventsOfTheLoop(int count)
    {
        using var loop = new IvLoop();
        using var item = new IvEvent(static item =>
        {
            if (--((Counter)item.State!).Left > 0)
            {
                item.Post();
            }
            else
            {
                item.Unregister();
            }
        })
        {
            State = new Counter { Left = count },
        };
        item.Register();
        item.Post();
        loop.Run();
    }

    public static void EventsBetweenLoops(int count)
    {
        using var ready = new ManualResetEventSlim();
        var left = new Player(count);
        var right = new Player(count) { Other = left };
        left.Other = right;
        var thread = new Thread(() => right.Play(ready.Set));
        thread.Start();
        left.Play(() =>
        {
            ready.Wait();
            right.Item.Post();
        });
        thread.Join();
    }

    public static void RawEvents(int count)
    {
        using var loop = new IvLoop();
        using var raw = new IvEventRaw(static raw =>
        {
            if (--((Counter)raw.State!).Left > 0)
            {
                raw.Post();
            }
            else
            {
                raw.Unregister();
            }
        })
        {
            State = new Counter { Left = count },
        };
        raw.Register();
        raw.Post();
        loop.Run();
    }

    private static void Arrive(Counter counter)
    {
        int left = counter.Left - 1;
        Volatile.Write(ref counter.Left, left);
        if (left == 0)
        {
            IvLoop.Current!.Quit();
        }
    }

    private static void FromAnotherThread(int count, Func<IvLoop, Counter, bool> post)
    {
        using var loop = new IvLoop();
        var counter = new Counter { Left = count };
        var producer = new Thread(() =>
        {
            for (int i = 0; i < count; i++)
            {
                while (i - (count - Volatile.Read(ref counter.Left)) >= Window)
                {
                    Thread.Yield();
                }

                post(loop, counter);
            }
        });
        producer.Start();
        loop.Run(IvRunMode.KeepAlive);
        producer.Join();
    }

    // One of two loops that post to each other.
    private sealed class Player(int count)
    {
        private int _left = count;

        public Player? Other { get; set; }

        public IvEvent Item { get; } = new(static item => ((Player)item.State!).OnPosted());

        public void Play(Action whenReady)
        {
            using var loop = new IvLoop();
            Item.State = this;
            Item.Register();
            whenReady();
            loop.Run();
        }

        private void OnPosted()
        {
            Other!.Item.Post();
            if (--_left == 0)
            {
                Item.Unregister();
            }
        }
    }
}
