namespace Ivy.Net;

/// <summary>What a <see cref="WorkPoolThread"/> is to do next.</summary>
internal enum WorkPoolThreadState
{
    /// <summary>There is more work, or a kick on its way.</summary>
    Working,

    /// <summary>Wait for a kick.</summary>
    Idle,

    /// <summary>End.</summary>
    Retired,
}
