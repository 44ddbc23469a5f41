// What all connections of edge-echo have in common.

namespace Ivy.Net.Examples;

internal sealed class EdgeTotals
{
    public long Messages { get; set; }

    public long Bytes { get; set; }
}
