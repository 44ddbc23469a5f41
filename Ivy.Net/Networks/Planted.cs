namespace Ivy.Net;

/// <summary>The switch of the planted bugs. Read in the simulation, and in the loop where a load and a compare are not to be noticed.</summary>
internal static class Planted
{
    /// <summary>The bug that is active in this process; tests that set it do not run in parallel.</summary>
    internal static PlantedBug Active { get; set; }
}
