namespace Ivy.Net.Tests.Threads;

/// <summary>Threads of a simulated network: started by it, one at a time, the same for the same seed.</summary>
internal sealed class IvThreadSimulationTests
{
    [Test]
    public void A_thread_of_a_simulation_runs_in_virtual_time_and_its_end_is_told([Range(1, 20)] int seed)
    {
        Assert.That(Play((ulong)seed, out List<string> first), Is.EqualTo(Play((ulong)seed, out List<string> second)));
        Assert.That(first, Is.EqualTo(second));
        Assert.That(first, Is.EquivalentTo(["child 0 after 10 s", "child 1 after 10 s", "child 2 threw", "done after 10 s"]));
        Assert.That(first[^1], Is.EqualTo("done after 10 s"));
    }

    [Test]
    public void A_failure_elsewhere_stops_a_child_without_making_it_the_child_s_exception()
    {
        var network = new SimulatedNetwork(1);
        Assert.That(
            () => network.Run(() =>
            {
                using var loop = new IvLoop(new IvLoopOptions { Network = network });
                new IvThread("waits", _ =>
                {
                    using var own = new IvLoop(new IvLoopOptions { Network = network });
                    new IvTimer(static _ => { }).Start(TimeSpan.FromHours(1));
                    own.Run();
                })
                {
                    HandlerExit = static _ => Assert.Fail("told"),
                }.Start();
                new IvTimer(static _ => throw new InvalidDataException("elsewhere")).Start(TimeSpan.FromSeconds(1));
                loop.Run();
            }),
            Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void Outside_of_Run_a_simulation_starts_no_threads_and_the_object_is_as_before()
    {
        var network = new SimulatedNetwork(1);
        using var loop = new IvLoop(new IvLoopOptions { Network = network });
        var thread = new IvThread("child", static _ => { });
        Support.FatalScope.Expect(FatalCondition.SimulationThread, thread.Start);
        Assert.That(thread.IsRegistered, Is.False);
        Assert.That(loop.Counters.Active, Is.Zero);
    }

    private static ulong Play(ulong seed, out List<string> log)
    {
        var network = new SimulatedNetwork(seed);
        List<string> lines = [];
        network.Run(() =>
        {
            using var loop = new IvLoop(new IvLoopOptions { Network = network });
            for (int i = 0; i < 2; i++)
            {
                new IvThread($"child {i}", _ =>
                {
                    using var own = new IvLoop(new IvLoopOptions { Network = network });
                    new IvTimer(static _ => { }).Start(TimeSpan.FromSeconds(10));
                    own.Run();
                })
                {
                    HandlerExit = child => lines.Add($"{child.Name} after {network.Elapsed.TotalSeconds} s"),
                }.Start();
            }

            new IvThread("child 2", static _ => throw new InvalidDataException()) { HandlerExit = child => lines.Add($"{child.Name} threw") }.Start();
            loop.Run();
            lines.Add($"done after {network.Elapsed.TotalSeconds} s");
        });
        log = lines;
        return network.TraceHash;
    }
}
