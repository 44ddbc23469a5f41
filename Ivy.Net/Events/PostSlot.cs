using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>One post, as its queue holds it: four of them share a cache line.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct PostSlot
{
    /// <summary>The callback, or a <see cref="PostNode"/>. Null: free, or claimed and not written yet.</summary>
    public object? Target;

    /// <summary>What the callback gets.</summary>
    public object? State;
}
