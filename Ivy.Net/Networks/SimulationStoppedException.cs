namespace Ivy.Net;

/// <summary>
/// Unwinds the other threads of a simulation after one of them failed. Thrown by every wait from then on, so that a handler
/// that catches everything does not hold the end up for long. Never leaves SimulatedNetwork.Run.
/// </summary>
internal sealed class SimulationStoppedException : Exception
{
    public SimulationStoppedException()
        : base("Another thread of the simulation failed, and this one is being stopped.")
    {
    }
}
