using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>An engine under an EpollPort: all of them pass the same tests, with real sockets.</summary>
public sealed record PortKind(string Name, PortRules Rules, Func<EpollPort> Open)
{
    /// <summary>The engine of this system, on its kernel.</summary>
    public static readonly PortKind System = new(
        "system",
        OperatingSystem.IsLinux() ? PortRules.Linux : OperatingSystem.IsWindows() ? PortRules.Windows : PortRules.Bsd,
        static () => new EpollPort());

    private static readonly PortKind[] Models =
    [
        new("AFD model", PortRules.Windows, static () => new EpollPort(new AfdPortEngine(new AfdOverLinux()))),
        OfModel(KqueueQuirks.Darwin),
        OfModel(KqueueQuirks.FreeBsd),
    ];

    /// <summary>The models are made of Linux' own calls.</summary>
    public static IEnumerable<PortKind> All { get; } = OperatingSystem.IsLinux() ? [System, .. Models] : [System];

    /// <summary>Those that allocate nothing themselves.</summary>
    public static IEnumerable<PortKind> Frugal => All.Where(static kind => kind.Rules != PortRules.Windows || kind == System);

    public bool IsModel => this != System;

    /// <summary>What can be asked for nowhere but elsewhere.</summary>
    public EpollEvents Missing { get; init; }

    /// <summary>All that can be asked for, but the flag.</summary>
    public EpollEvents Everything => PortBench.Everything & ~Missing;

    public override string ToString() => Name;

    private static PortKind OfModel(KqueueQuirks quirks) =>
        new($"kqueue model of {quirks}", PortRules.Bsd, () => new EpollPort(new KqueuePortEngine(new KqueueModel(quirks) { HasManyThreads = true })))
        {
            Missing = quirks.Dialect.UrgentFilter == 0 ? EpollEvents.Pri | EpollEvents.RdBand : EpollEvents.None,
        };
}
