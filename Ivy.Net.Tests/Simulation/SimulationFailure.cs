namespace Ivy.Net.Tests.Simulation;

/// <summary>Something that must never happen has happened in a simulated world.</summary>
internal sealed class SimulationFailure(string message) : Exception(message);
