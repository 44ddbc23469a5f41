using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Many and long: what only shows in a crowd.</summary>
[TestFixtureSource(nameof(Backends))]
[NonParallelizable]
internal sealed class StressTests(ConformanceBackend backend)
{
    // Left for the process itself, its runtime and the test's own.
    private const int Reserve = 500;

    public static IEnumerable<ConformanceBackend> Backends => ConformanceBackend.OfTheKernel;

    [Test]
    [Explicit("some seconds")]
    [Category("Stress")]
    public void As_many_descriptors_as_the_limit_allows_echo() => backend.Run(bench =>
    {
        int pairs = (Math.Min(20_000, (OperatingSystem.IsWindows() ? int.MaxValue : Native.DescriptorLimit())) - Reserve) / 2;
        int rounds = backend == ConformanceBackend.Epoll ? 20 : 3;
        int answers = 0;
        byte[] buffer = new byte[64];
        for (int i = 0; i < pairs; i++)
        {
            (IvSocket near, IvSocket far) = bench.Pair();
            int left = rounds;
            Add(near, fd =>
            {
                IvIoResult result = fd.Socket!.Receive(buffer);
                fd.Socket.Send(buffer.AsSpan(0, result.Bytes));
            });
            Add(far, fd =>
            {
                if (fd.Socket!.Receive(buffer).IsOk)
                {
                    answers++;
                    if (--left > 0)
                    {
                        bench.Send(fd.Socket);
                    }
                }
            });
            bench.Send(far);
        }

        bench.Until(() => answers == pairs * rounds, "all answers come");
        Assert.That(bench.Loop.Counters.Fds, Is.EqualTo(pairs * 2));

        static void Add(IvSocket socket, Action<IvFd> handler) => new IvFd(socket) { HandlerIn = handler }.Register();
    });

    [Test]
    [Explicit("some seconds")]
    [Category("Stress")]
    public void Eight_threads_post_for_seconds_and_nothing_is_lost() => backend.Run(bench =>
    {
        const int threads = 8;
        long[] posted = new long[threads];
        long[] next = new long[threads];
        long wrong = 0;
        int running = threads;
        long end = Environment.TickCount64 + 5000;
        bench.Watch(bench.EventNumber());
        var marks = new IvEvent(_ => { });
        marks.Register();
        Action<(int Thread, long Number)> receive = item => wrong += next[item.Thread]++ == item.Number ? 0 : 1;
        Action wait = LoopThread.Begin(threads, thread =>
        {
            var random = new Random(thread);
            while (Environment.TickCount64 < end)
            {
                for (int burst = random.Next(200); burst >= 0; burst--)
                {
                    bench.Loop.Post(receive, (thread, posted[thread]++));
                    marks.Post();
                }

                Thread.SpinWait(random.Next(5000));
            }

            Interlocked.Decrement(ref running);
            bench.Loop.Post(static _ => { }, null); // a loop that sleeps asks no condition
        });
        bench.Until(() => Volatile.Read(ref running) == 0, "the threads end");
        wait();
        bench.Turn(2);
        Assert.That(next, Is.EqualTo(posted));
        Assert.That(wrong, Is.Zero);
        marks.Dispose();
    });

    [Test]
    [Explicit("some seconds")]
    [Category("Stress")]
    public void A_storm_of_closing_and_opening_calls_nobody_who_is_gone() => backend.Run(bench =>
    {
        const int crowd = 200;
        var random = new Random(4711);
        var sockets = new (IvSocket Near, IvSocket Far, IvFd Fd, int Life)[crowd];
        int lives = 0;
        long calls = 0;
        byte[] buffer = new byte[16];
        for (int i = 0; i < crowd; i++)
        {
            Open(i);
        }

        for (int turn = 0; turn < 50_000; turn++)
        {
            for (int i = 0; i < 5; i++)
            {
                sockets[random.Next(crowd)].Far.Send("x"u8);
            }

            bench.Turn();
        }

        Assert.That(calls, Is.GreaterThan(50_000));
        for (int i = 0; i < crowd; i++)
        {
            Close(i);
        }

        Assert.That(bench.Loop.Counters.Fds, Is.Zero);

        void Open(int index)
        {
            (IvSocket near, IvSocket far) = IvSocket.CreatePair(network: bench.Network);
            int life = ++lives;
            var fd = new IvFd(near)
            {
                HandlerIn = _ =>
                {
                    calls++;
                    Assert.That(sockets[index].Life, Is.EqualTo(life), "a call of a life that is over");
                    Assert.That(near.Receive(buffer).IsOk, Is.True, "a number that means somebody else");
                    if (random.Next(3) == 0)
                    {
                        int victim = random.Next(crowd);
                        Close(victim);
                        Open(victim);
                    }
                },
            };
            fd.Register();
            sockets[index] = (near, far, fd, life);
        }

        void Close(int index)
        {
            sockets[index].Near.Dispose();
            sockets[index].Far.Dispose();
        }
    });
}
