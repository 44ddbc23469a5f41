namespace Ivy.Net.Tests.Conformance;

/// <summary>Row B13 where there are no system calls: the simulation's own faults change nothing that is seen.</summary>
internal sealed class HostileSimulationTests
{
    [Test]
    [Category("B13")]
    public void Short_and_interrupted_calls_of_a_hostile_simulation_are_not_noticed()
    {
        SimulatedNetworkOptions hostile = SimulatedNetworkOptions.Hostile
            .With(SimulatedFault.ConnectionReset, 0)
            .With(SimulatedFault.FailedConnect, 0)
            .With(SimulatedFault.DescriptorExhaustion, 0);
        ConformanceBackend.Simulated.Run(
            bench =>
            {
                new EchoSession(bench, messages: 100).Run();
                Assert.That(bench.Simulation.Faults[SimulatedFault.ShortRead], Is.Positive);
                Assert.That(bench.Simulation.Faults[SimulatedFault.ShortWrite], Is.Positive);
                Assert.That(bench.Simulation.Faults[SimulatedFault.SpuriousReadiness], Is.Positive);
                Assert.That(bench.Simulation.Faults[SimulatedFault.InterruptedWait], Is.Positive);
            },
            simulation: hostile);
    }
}
