namespace Ivy.Net;

/// <summary>What a receive learns beside the bytes.</summary>
internal struct SimulatedMessageInfo
{
    /// <summary>The sender; null for a stream's.</summary>
    public SimulatedAddress? From;

    /// <summary>The message was longer than the buffer.</summary>
    public bool IsTruncated;

    /// <summary>The caller wants descriptions; where not, those that come are dropped.</summary>
    public bool WantsRights;

    /// <summary>Descriptions that came along; whoever asked for them releases them.</summary>
    public SimulatedDescription[]? Rights;
}
