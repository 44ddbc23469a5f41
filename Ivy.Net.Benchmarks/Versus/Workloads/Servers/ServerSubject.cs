using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>
/// A server, started afresh for each measurement on a core of its own, and loaded from another one. One in C# has both cores until its code is compiled
/// for the last time, under the same load, of which nothing is counted.
/// </summary>
internal sealed class ServerSubject : Subject
{
    // Beyond any of the loads: it hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // A server listens within a second; on a machine that does something else at the same time, later. A warm-up has a bound of its own.
    private static readonly TimeSpan PatienceWithLine = TimeSpan.FromSeconds(20);

    // Longer than a warm-up may take.
    private static readonly string[] UntilKilled = ["--warm", "0", "--seconds", "60"];

    private readonly EchoServer _server;
    private readonly ServerLoad _load;
    private readonly RunSettings _settings;

    /// <summary>Makes the subject.</summary>
    /// <param name="server">The program.</param>
    /// <param name="load">What is done to it.</param>
    /// <param name="settings">Where both run.</param>
    public ServerSubject(EchoServer server, ServerLoad load, RunSettings settings)
        : base(server.Name, server.Kind)
    {
        _server = server;
        _load = load;
        _settings = settings;
        Expected = settings.Expected(server.SaysWhenWarm ? server.Kind : SubjectKind.Bare);
    }

    public override Sample Measure(CancellationToken cancel)
    {
        using var process = PinnedProcess.Start(_server.Command, _server.SaysWhenWarm ? _settings.BothCores : _settings.OneCore);
        string? line = NextLine(process, cancel);
        if (Announcement.PortIn(line) is not { } port)
        {
            process.Kill();
            return Sample.Rejected($"the server did not say what it is listening on{(line is null ? string.Empty : $", but: {line}")}{Complaint(process)}");
        }

        if (_server.SaysWhenWarm)
        {
            if (WarmUp(process, port, cancel) is { } why)
            {
                process.Kill();
                return Sample.Rejected($"{why}{Complaint(process)}");
            }

            Cores.PinProcess(process.Id, _settings.SubjectCore);
        }

        using PinnedProcess client = StartLoad(process, port);
        (string output, string error, int? exitCode) = client.WaitForEnd(Patience, cancel);
        Sample sample = _load.Judge(output, error, exitCode);
        return process.HasExited ? Sample.Rejected($"{sample.Rejection ?? "the load saw no error"}; the server ended in the middle of it{Complaint(process)}") : sample;
    }

    // Null, or why it did not come to its end.
    private string? WarmUp(PinnedProcess process, int port, CancellationToken cancel)
    {
        using PinnedProcess load = StartLoad(process, port, UntilKilled);
        string? line = NextLine(process, cancel);
        if (line != Announcement.Warm)
        {
            return $"the server did not become warm{(line is null ? string.Empty : $", but says: {line}")}";
        }

        return load.HasExited ? $"the load of the warm-up ended{Complaint(load)}" : null;
    }

    private PinnedProcess StartLoad(PinnedProcess process, int port, params string[] more) =>
        PinnedProcess.Start([_load.Program, "--port", $"{port}", "--server-pid", $"{process.Id}", .. _load.Arguments, .. more], [_settings.LoadCore]);

    private static string Complaint(PinnedProcess process) => process.Error.Length == 0 ? string.Empty : $": {process.Error.Split('\n')[0]}";

    private static string? NextLine(PinnedProcess process, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(PatienceWithLine);
        try
        {
            return process.Output.ReadLineAsync(patience.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }
}
