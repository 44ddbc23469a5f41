using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>What is done to a server, and what its figures are.</summary>
/// <param name="Program">A load generator; it is told the port and the server's process.</param>
/// <param name="Arguments">What else it is told.</param>
internal abstract record ServerLoad(string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>The figures, or why the run does not count.</summary>
    /// <param name="output">What the load generator printed.</param>
    /// <param name="error">Its complaints.</param>
    /// <param name="exitCode">Null if it had to be killed.</param>
    public Sample Judge(string output, string error, int? exitCode)
    {
        string complaint = error.Length == 0 ? string.Empty : $": {error.Split('\n')[0]}";
        if (exitCode is null)
        {
            return Sample.Rejected($"the load did not come to its end{complaint}");
        }

        if (LoadReport.Parse(output) is not { } report)
        {
            return Sample.Rejected($"the load ended with code {exitCode} and without figures{complaint}");
        }

        return exitCode != 0 || report["errors"] > 0
            ? Sample.Rejected($"the load saw {report["errors"]:0} errors{complaint}")
            : Judge(report);
    }

    protected abstract Sample Judge(LoadReport report);
}
