namespace Ivy.Net.Polling;

/// <summary>A handle of AFD, through which the polls of a few sockets go.</summary>
internal sealed class AfdDevice(nint handle, bool skips)
{
    public nint Handle { get; } = handle;

    /// <summary>Whether a poll that is answered at once posts no packet.</summary>
    public bool Skips { get; } = skips;

    /// <summary>How many registrations have their place here, ended ones whose packet is to come among them.</summary>
    public int Used { get; set; }

    /// <summary>Where it stands in the list of those with room; -1 if it is full.</summary>
    public int Position { get; set; } = -1;
}
