using System.Runtime.ExceptionServices;

namespace Ivy.Net.Tests.Support;

/// <summary>Runs a test's body on a fresh thread with a fresh loop of a real backend, under a watchdog.</summary>
/// <remarks>When time is up the loop is asked for its dump: one that sleeps gives it, one that is stuck in a handler gives its counters.</remarks>
internal static class LoopThread
{
    /// <summary>How long anything may take. Nothing is expected to: it is for what would else hang for ever.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static void Run(Action<IvLoop> body) => Run(new IvLoopOptions(), body);

    public static void Run(IvLoopOptions options, Action<IvLoop> body)
    {
        IvLoop? loop = null;
        Thread thread = Start(() =>
        {
            using var made = new IvLoop(options);
            Volatile.Write(ref loop, made);
            body(made);
        }, out Func<ExceptionDispatchInfo?> failure);

        if (!thread.Join(Patience))
        {
            Assert.Fail($"The loop's thread did not end within {Patience}.\n{Describe(Volatile.Read(ref loop))}");
        }

        failure()?.Throw();
    }

    /// <summary>Runs something on a thread without a loop, and hands on what it throws.</summary>
    public static void Elsewhere(Action body)
    {
        Thread thread = Start(body, out Func<ExceptionDispatchInfo?> failure);
        if (!thread.Join(Patience))
        {
            Assert.Fail($"The other thread did not end within {Patience}.");
        }

        failure()?.Throw();
    }

    /// <summary>Starts something on threads of its own; the result waits for them and hands on what they throw.</summary>
    public static Action Begin(int count, Action<int> body, TimeSpan? patience = null)
    {
        var threads = new List<(Thread Thread, Func<ExceptionDispatchInfo?> Failure)>();
        for (int i = 0; i < count; i++)
        {
            int number = i;
            threads.Add((Start(() => body(number), out Func<ExceptionDispatchInfo?> failure), failure));
        }

        return () =>
        {
            foreach ((Thread thread, Func<ExceptionDispatchInfo?> failure) in threads)
            {
                if (!thread.Join(patience ?? Patience))
                {
                    Assert.Fail($"A thread did not end within {patience ?? Patience}.");
                }

                failure()?.Throw();
            }
        };
    }

    private static Thread Start(Action body, out Func<ExceptionDispatchInfo?> failure)
    {
        ExceptionDispatchInfo? thrown = null;
        var thread = new Thread(() =>
        {
            try
            {
                body();
            }
            catch (Exception exception)
            {
                thrown = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        failure = () => thrown;
        return thread;
    }

    private static string Describe(IvLoop? loop)
    {
        if (loop is null)
        {
            return "It had not made its loop yet.";
        }

        using var writer = new StringWriter();
        using var done = new ManualResetEventSlim();
        loop.Post(
            static state =>
            {
                state.Loop.Dump(state.Writer);
                state.Done.Set();
                state.Loop.Quit();
            },
            (Loop: loop, Writer: writer, Done: done));
        return done.Wait(TimeSpan.FromSeconds(2)) ? writer.ToString() : $"It is stuck in a handler. {loop.Counters}";
    }
}
