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

    public IdleLoad(string program, int connections, double settle, double seconds)
        : base(program, ["--connections", Text(connections), "--warm", Text(settle), "--seconds", Text(seconds)]) => _connections = connections;

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
    private double Grown(LoadReport report, string key) => Math.Max(0, (report[$"{key}_after"] - report[$"{key}_before"]) / _connections);

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
