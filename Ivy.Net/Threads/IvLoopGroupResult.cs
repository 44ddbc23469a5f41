using System.Globalization;

namespace Ivy.Net;

/// <summary>How an <see cref="IvLoopGroup"/> has ended.</summary>
/// <param name="Accepted">Connections accepted by all loops.</param>
/// <param name="Drained">Of those that were open when it was asked to stop, how many ended before the deadline.</param>
/// <param name="Aborted">How many were reset.</param>
/// <param name="DrainTime">How long it took from the request to the end.</param>
public readonly record struct IvLoopGroupResult(long Accepted, long Drained, long Aborted, TimeSpan DrainTime)
{
    /// <summary>As in <c>4711 accepted, 12 drained, 3 aborted</c>.</summary>
    /// <returns>A text for logs. Allocates.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Accepted} accepted, {Drained} drained, {Aborted} aborted");
}
