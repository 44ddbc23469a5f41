namespace Ivy.Net;

/// <summary>A callback that held its loop for longer than <see cref="IvLoopOptions.SlowCallback"/>.</summary>
/// <param name="Loop">The loop.</param>
/// <param name="Subject">The object whose handler it was, null for a posted callback.</param>
/// <param name="Name">The object's name, or the method of a posted callback.</param>
/// <param name="Duration">How long it ran.</param>
public sealed record IvSlowCallback(IvLoop Loop, IvObject? Subject, string? Name, TimeSpan Duration)
{
    /// <summary>As in <c>IvLoop "main": IvFd 17 ("upstream") ran for 250 ms</c>.</summary>
    /// <returns>A text for logs.</returns>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Loop}: {Subject?.ToString() ?? Name ?? "a posted callback"} ran for {Duration.TotalMilliseconds:F0} ms; nothing else of the loop ran meanwhile");
}
