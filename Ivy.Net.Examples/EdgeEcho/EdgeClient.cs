// What edge-echo keeps for each connection. A struct: the loop keeps it in its own object of the connection.

namespace Ivy.Net.Examples;

internal struct EdgeClient
{
    public EdgeTotals Totals;
    public Unsent? Unsent;
    public bool HasEnded;
}
