namespace Ivy.Net;

/// <summary>The switch of the planted bugs. Read only on paths of the simulation or ones that are not hot.</summary>
internal static class Planted
{
    /// <summary>The bug that is active in this process; tests that set it do not run in parallel.</summary>
    internal static PlantedBug Active { get; set; }
}
