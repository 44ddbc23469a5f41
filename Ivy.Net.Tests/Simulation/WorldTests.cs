using System.Globalization;

namespace Ivy.Net.Tests.Simulation;

/// <summary>
/// The echo server of the examples in a hostile world, seed by seed. <c>IVY_SIM_SEED=n</c> runs that one seed and prints its
/// timeline; <c>IVY_SIM_SEEDS=n</c> with <c>--filter TestCategory=Simulation</c> runs as many as you have time for.
/// </summary>
[TestFixture]
[NonParallelizable] // planted bugs and the fatal handler are of the whole process
public sealed class WorldTests
{
    private const int DefaultSeeds = 1_000;
    private const int LongSeeds = 10_000;

    private Action<IvFatalInfo>? _fatalHandler;

    [OneTimeSetUp]
    public void SilenceFatal() => _fatalHandler = IvFatal.SetHandler(static _ => { });

    [OneTimeTearDown]
    public void RestoreFatal() => IvFatal.SetHandler(_fatalHandler);

    [TearDown]
    public void RemoveBug() => Planted.Active = PlantedBug.None;

    [Test]
    public void Echo_server_serves_a_thousand_hostile_worlds()
    {
        if (Variable("IVY_SIM_SEED") is { } seed)
        {
            Replay((ulong)seed);
            return;
        }

        var faults = new long[Enum.GetValues<SimulatedFault>().Length];
        long echoed = 0;
        for (ulong i = 0; i < DefaultSeeds; i++)
        {
            World world = RunOrExplain(i);
            echoed += world.Echoed;
            foreach (SimulatedFault fault in Enum.GetValues<SimulatedFault>())
            {
                faults[(int)fault] += world.Network.Faults[fault];
            }
        }

        TestContext.Out.WriteLine($"{echoed} bytes echoed over {DefaultSeeds} seeds; faults: {string.Join(", ", Enum.GetValues<SimulatedFault>().Select(fault => $"{fault} {faults[(int)fault]}"))}");
        foreach (SimulatedFault fault in Enum.GetValues<SimulatedFault>().Except(DatagramFaults))
        {
            Assert.That(faults[(int)fault], Is.GreaterThan(0), $"A simulator that injects no {fault} proves nothing about it.");
        }
    }

    [Test]
    [Explicit("minutes")]
    [Category("Simulation")]
    public void Echo_server_serves_as_many_hostile_worlds_as_there_is_time_for()
    {
        int seeds = Variable("IVY_SIM_SEEDS") ?? LongSeeds;
        for (ulong i = 0; i < (ulong)seeds; i++)
        {
            RunOrExplain(i);
        }

        TestContext.Out.WriteLine($"{seeds} seeds");
    }

    [Test]
    public void Same_seed_is_the_same_run_to_the_last_byte([Values(0UL, 7UL, 4711UL)] ulong seed)
    {
        (string firstText, ulong firstHash) = Timeline(seed);
        (string secondText, ulong secondHash) = Timeline(seed);

        Assert.Multiple(() =>
        {
            Assert.That(secondText, Is.EqualTo(firstText));
            Assert.That(secondHash, Is.EqualTo(firstHash));
            Assert.That(Timeline(seed + 1).Hash, Is.Not.EqualTo(firstHash));
        });
    }

    [Test]
    public void Planted_bug_is_found_within_a_thousand_seeds([ValueSource(nameof(Bugs))] string bug)
    {
        Planted.Active = Enum.Parse<PlantedBug>(bug);
        for (ulong seed = 0; seed < DefaultSeeds; seed++)
        {
            try
            {
                new World(seed, World.Hostile).Run();
            }
            catch (Exception found)
            {
                TestContext.Out.WriteLine($"{bug}: found by seed {seed}: {found.Message.Split('\n')[0]}");
                return;
            }
        }

        Assert.Fail($"{bug} was not found by {DefaultSeeds} seeds.");
    }

    private static string[] Bugs => [.. Enum.GetNames<PlantedBug>().Where(static bug => bug != nameof(PlantedBug.None))];

    // The world has no UDP; those are shown by the tests of the simulated network.
    private static SimulatedFault[] DatagramFaults => [SimulatedFault.LostDatagram, SimulatedFault.DuplicatedDatagram, SimulatedFault.ReorderedDatagram];

    private static World RunOrExplain(ulong seed)
    {
        var world = new World(seed, World.Hostile);
        try
        {
            world.Run();
        }
        catch (Exception failure)
        {
            throw new AssertionException($"seed {seed} (replay it with IVY_SIM_SEED={seed}): {failure.Message}", failure);
        }

        return world;
    }

    private static void Replay(ulong seed)
    {
        var world = new World(seed, World.Hostile);
        world.Network.Trace = static happened => TestContext.Out.WriteLine(happened.ToString());
        world.Run();
        TestContext.Out.WriteLine($"seed {seed}: {world.Network.Elapsed} of virtual time, {world.Echoed} bytes echoed, faults: {world.Network.Faults}");
    }

    private static (string Text, ulong Hash) Timeline(ulong seed)
    {
        var world = new World(seed, World.Hostile);
        var text = new System.Text.StringBuilder();
        world.Network.Trace = happened => text.AppendLine(happened.ToString());
        world.Run();
        return (text.ToString(), world.Network.TraceHash);
    }

    private static int? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
