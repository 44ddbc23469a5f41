using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>A relay in hostile simulated worlds, seed by seed: short calls, spurious readiness, delays and resets at any moment.</summary>
internal sealed class RelaySimulationTests
{
    private const int DefaultSeeds = 300;
    private const int LongSeeds = 10_000;
    private const int ThereBytes = 30_000;
    private const int BackBytes = 20_000;

    private static readonly SimulatedNetworkOptions Faithful = SimulatedNetworkOptions.Hostile
        .With(SimulatedFault.ConnectionReset, 0)
        .With(SimulatedFault.FailedConnect, 0)
        .With(SimulatedFault.DescriptorExhaustion, 0);

    private static readonly SimulatedNetworkOptions Resetting = Faithful.With(SimulatedFault.ConnectionReset, 0.01);

    [Test]
    [Category("M1")]
    public void Whatever_the_network_does_short_of_a_reset_all_bytes_and_both_ends_arrive() => Check(DefaultSeeds, Faithful, AssertWhole);

    [Test]
    [Category("M2")]
    public void After_a_reset_both_sides_learn_of_it_and_what_they_have_is_what_was_sent_first() => CheckResets(DefaultSeeds);

    [Test]
    [Explicit("minutes")]
    [Category("Simulation")]
    public void The_same_in_as_many_worlds_as_there_is_time_for()
    {
        Check(LongSeeds, Faithful, AssertWhole);
        CheckResets(LongSeeds);
    }

    private static void CheckResets(int seeds)
    {
        int resets = 0;
        Check(seeds, Resetting, rig =>
        {
            if (rig.Relay.Error == IvError.None)
            {
                // A peer may be reset after the relay has done its part: it has less then, and an error instead of the end.
                return;
            }

            resets++;
            Assert.That(rig.Relay.FailedSocket, Is.Not.Null);
        });
        Assert.That(resets, Is.GreaterThan(seeds / 20), "a simulator that resets nothing proves nothing");
    }

    private static void AssertWhole(RelayRig rig)
    {
        Assert.That(rig.Relay.Error, Is.EqualTo(IvError.None));
        Assert.That((rig.Relay.BytesAToB, rig.Relay.BytesBToA), Is.EqualTo(((long)ThereBytes, (long)BackBytes)));
    }

    private static void Check(int seeds, SimulatedNetworkOptions options, Action<RelayRig> check)
    {
        bool mayReset = options[SimulatedFault.ConnectionReset] > 0;
        for (ulong seed = 0; seed < (ulong)seeds; seed++)
        {
            ulong chosen = seed;
            try
            {
                LoopThread.Run(new IvLoopOptions { Network = new SimulatedNetwork(chosen, options) }, loop => Converse(loop, mayReset, check));
            }
            catch (Exception failure)
            {
                throw new AssertionException($"seed {chosen}: {failure.Message}", failure);
            }
        }
    }

    private static void Converse(IvLoop loop, bool mayReset, Action<RelayRig> check)
    {
        using var bench = new Bench(ConformanceBackend.Simulated) { Loop = loop };
        using var rig = new RelayRig(bench);
        StreamPeer client = rig.Peer(rig.Client, ThereBytes);
        StreamPeer server = rig.Peer(rig.Server, BackBytes);
        rig.Relay.IdleTimeout = TimeSpan.FromMinutes(1);
        rig.Relay.Register();

        // A peer that has failed reads no more; the other one and the relay hear of it.
        loop.RunUntil(() => rig.HasEnded && client.IsOver && server.IsOver, TimeSpan.FromMinutes(10));
        Assert.That(rig.Ends, Is.EqualTo(1), "the relay ends");
        Assert.That(client.IsOver && server.IsOver, Is.True, "and both peers hear of it");
        if (!mayReset)
        {
            Assert.That((server.Received, server.SawEnd, client.Received, client.SawEnd), Is.EqualTo((ThereBytes, true, BackBytes, true)));
        }

        // An end that comes before everything has come would be a lie.
        Assert.That(!server.SawEnd || server.Received == ThereBytes, Is.True);
        Assert.That(!client.SawEnd || client.Received == BackBytes, Is.True);
        check(rig);
    }
}
