namespace Ivy.Net.Edge;

/// <summary>Who ended a connection.</summary>
public enum EdgeCloseReason
{
    /// <summary>The peer: all that it sent has been read. The descriptor is open still, and may be written to.</summary>
    Remote,

    /// <summary>This program, by <see cref="EdgeFd{TState}.Close"/>. The descriptor is closed.</summary>
    Local,
}
