using System.Globalization;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>Messages that are sent and come back: on connections that stay (load_echo) or on one for each of them (load_churn).</summary>
internal sealed record MessageLoad : ServerLoad
{
    public const string Cpu = "cpu";
    public const string Rate = "rate";
    public const string P50 = "p50";
    public const string P99 = "p99";
    public const string P999 = "p99.9";

    // Of a smoke run: time for each connection to have its turn.
    private const int LeastDuration = 50;

    public MessageLoad(string program, int connections, int size, RunSettings settings)
        : base(program, Of(connections, size, settings)) => (Connections, Size) = (connections, size);

    public int Connections { get; }

    public int Size { get; }

    /// <summary>
    /// Of a server that waits for its clients the CPU per message has the falling asleep and the waking up in it, and depends on how
    /// often it does so: if it used less of its core than this, the run does not count.
    /// </summary>
    public double LeastBusy { get; init; }

    protected override Sample Judge(LoadReport report)
    {
        double messages = report["messages"];
        double seconds = report["seconds"];
        double busy = report["server_cpu_ns"] / 1e9 / seconds;
        if (report["missing_bytes"] > 0)
        {
            return Sample.Rejected($"{report["missing_bytes"]:0} bytes did not come back");
        }

        // The window cuts through messages: by no more than are under way.
        if (messages == 0 || Math.Abs(report["bytes"] - (messages * Size)) > (double)Connections * Size)
        {
            return Sample.Rejected($"{messages:0} messages of {Size} bytes do not make {report["bytes"]:0} bytes");
        }

        if (busy < LeastBusy)
        {
            return Sample.Rejected(string.Create(CultureInfo.InvariantCulture, $"the server was not saturated: it used {busy:0.00} of its core, and the load {report["client_cpu_ns"] / 1e9 / seconds:0.00} of its own"));
        }

        return new Sample
        {
            Values = new Dictionary<string, double>(StringComparer.Ordinal)
            {
                [Cpu] = report["server_cpu_ns"] / messages,
                [Rate] = messages / seconds,
                [P50] = report["p50_us"],
                [P99] = report["p99_us"],
                [P999] = report["p999_us"],
            },
        };
    }

    private static string[] Of(int connections, int size, RunSettings settings) =>
    [
        "--connections", Text(connections), "--size", Text(size),
        "--warm", Text(settings.WarmUp / 1e3), "--seconds", Text(Math.Max(settings.Duration, LeastDuration) / 1e3),
    ];

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
