namespace Ivy.Net;

/// <summary>One registration in a <see cref="SimulatedPollSet"/>.</summary>
internal sealed class SimulatedWatch(SimulatedPollSet set, SimulatedDescription description, nint handle)
{
    public SimulatedPollSet Set { get; } = set;

    public SimulatedDescription Description { get; } = description;

    public nint Handle { get; } = handle;

    public SimulatedReadiness Want { get; set; }

    public ulong Token { get; set; }

    /// <summary>Its place in the queue of those that may be ready; null while it is not in it.</summary>
    public LinkedListNode<SimulatedWatch>? Node { get; set; }

    /// <summary>What it is ready for among what it is wanted for; errors and hang-ups come unasked, unless nothing is wanted.</summary>
    public SimulatedReadiness Ready => Want == SimulatedReadiness.None
        ? SimulatedReadiness.None
        : Description.Readiness & (Want | SimulatedReadiness.Err | SimulatedReadiness.Closed);
}
