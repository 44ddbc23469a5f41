namespace Ivy.Net;

/// <summary>What is on its way in one direction of a TCP connection.</summary>
internal enum SimulatedSegmentKind
{
    Data,

    /// <summary>The answer to a SYN.</summary>
    Accept,

    /// <summary>The answer to that: the connection is made.</summary>
    Confirm,

    Urgent,
    Finish,
    Reset,
}
