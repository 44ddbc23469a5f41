using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>From before the fork of a server's process to the first echo from it; the server and its client on both cores, as any program.</summary>
internal sealed class StartSubject : Subject
{
    public const string FirstEcho = "echo";
    public const string Listening = "listening";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly StartLoad _load;
    private readonly RunSettings _settings;

    /// <summary>Makes the subject.</summary>
    /// <param name="server">The program.</param>
    /// <param name="program">load_start.</param>
    /// <param name="settings">Where it runs.</param>
    public StartSubject(EchoServer server, string program, RunSettings settings)
        : base(server.Name, server.Kind)
    {
        _load = new StartLoad(program, server.Command);
        _settings = settings;
        Expected = TimeSpan.FromSeconds(0.1);
    }

    public override Sample Measure(CancellationToken cancel)
    {
        using var process = PinnedProcess.Start([_load.Program, .. _load.Arguments], _settings.BothCores);
        (string output, string error, int? exitCode) = process.WaitForEnd(Patience, cancel);
        return _load.Judge(output, error, exitCode);
    }

    private sealed record StartLoad(string Program, IReadOnlyList<string> Arguments) : ServerLoad(Program, Arguments)
    {
        protected override Sample Judge(LoadReport report) => new()
        {
            Values = new Dictionary<string, double>(StringComparer.Ordinal)
            {
                [FirstEcho] = report["first_echo_ms"],
                [Listening] = report["listening_ms"],
            },
        };
    }
}
