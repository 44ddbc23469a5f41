namespace Ivy.Net.Polling;

/// <summary>Where a registration stands with the kernel.</summary>
internal enum AfdPollState : byte
{
    /// <summary>The block is nobody's.</summary>
    Free,

    /// <summary>No poll is in flight.</summary>
    Idle,

    /// <summary>A poll is in flight.</summary>
    Armed,

    /// <summary>A poll is in flight whose end has been asked for, because it asks for too little.</summary>
    Cancelling,

    /// <summary>No poll is in flight; one of a registration that has ended is, on the same socket.</summary>
    Heir,

    /// <summary>The registration has ended, its poll is in flight still.</summary>
    Zombie,
}
