using System.Globalization;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>Connections that have each echoed one message, and then do nothing.</summary>
internal sealed record IdleLoad : ServerLoad
{
    public const string Resident = "resident";
    public const string Anonymous = "anonymous";
    public const string Cpu = "cpu";

    private readonly int _connections;

    /// <summary>What is opened, and when the memory is read.</summary>
    /// <param name="program">The program of Peers/load_idle.c.</param>
    /// <param name="connections">How many.</param>
    /// <param name="first">How many of them are open before the memory is read: what a server needs to serve at all is no connection's.</param>
    /// <param name="settle">For what a server does after some connections, in seconds: between the parts in which the first ones come, and before each reading.</param>
    /// <param name="seconds">For how long nothing happens.</param>
    public IdleLoad(string program, int connections, int first, double settle, double seconds)
        : base(program, ["--connections", Text(connections), "--first", Text(first), "--warm", Text(settle), "--seconds", Text(seconds)]) =>
        _connections = connections;

    protected override Sample Judge(LoadReport report) => report["connections"] != _connections
        ? Sample.Rejected($"{report["connections"]:0} connections were opened instead of {_connections}")
        : new Sample
        {
            Values = new Dictionary<string, double>(StringComparer.Ordinal)
            {
                [Resident] = Grown(report, "resident"),
                [Anonymous] = Grown(report, "anonymous"),
                [Cpu] = report["server_cpu_ns"] / 1e3 / report["seconds"],
            },
        };

    // A server may have given back more than its connections took.
    private double Grown(LoadReport report, string key) => Math.Max(0, (report[$"{key}_after"] - report[$"{key}_before"]) / (_connections - report["first"]));

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
