using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>An engine under an EpollPort: all of them pass the same tests, with real sockets.</summary>
public sealed record PortKind(string Name, Func<EpollPort> Open)
{
    public static readonly PortKind System = new("system", static () => new EpollPort());

    public static IEnumerable<PortKind> All { get; } = [System];

    public override string ToString() => Name;
}
