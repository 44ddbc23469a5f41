using System.Runtime.InteropServices;

namespace Ivy.Net.Polling;

/// <summary>A descriptor's registration.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct KqueueWatch
{
    public ulong Token;
    public IvBands Want;
    public Knote Read;
    public Knote Write;
    public Knote Urgent;
    public bool IsRegistered;

    /// <summary>A pipe that nobody reads: its kernel keeps no knote for writing, so it is reported from here.</summary>
    public bool IsBroken;

    /// <summary>An end was seen that takes other knotes to tell of: they are set before the next wait.</summary>
    public bool IsStale;

    /// <summary>The end of reading was seen, and whether that of writing was too decides what it is.</summary>
    public bool AsksForBothEnds;

    /// <summary>Null until somebody had to know.</summary>
    public bool? IsSocket;

    /// <summary>The batch that <see cref="Signs"/> is of.</summary>
    public ulong Batch;
    public KqueueSigns Signs;

    /// <summary>What a quiet knote has said, which it says once.</summary>
    public KqueueSigns Said;
}
