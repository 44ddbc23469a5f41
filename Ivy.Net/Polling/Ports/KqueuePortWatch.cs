using System.Runtime.InteropServices;

namespace Ivy.Net.Polling;

/// <summary>What a kqueue has of a socket of a port, and what it has said of it.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct KqueuePortWatch
{
    public Knote Read;
    public Knote Write;
    public Knote Urgent;

    /// <summary>False after a one-shot report: nothing more is told until the next Modify.</summary>
    public bool IsArmed;

    /// <summary>The peer has sent its end: a quiet knote says it once.</summary>
    public bool HasEnded;

    /// <summary>The connection has failed or was reset: the kernel says so only while the error is pending.</summary>
    public bool HasFailed;

    /// <summary>The batch that <see cref="Seen"/> is of.</summary>
    public ulong Batch;
    public EpollEvents Seen;
}
