using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>A server, started afresh for each measurement on a core of its own, and loaded from another one.</summary>
/// <param name="server">The program.</param>
/// <param name="load">What is done to it.</param>
/// <param name="settings">Where both run.</param>
internal sealed class ServerSubject(EchoServer server, ServerLoad load, RunSettings settings) : Subject(server.Name, server.Kind)
{
    // Beyond any of the loads: it hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // A server listens within a second; on a machine that does something else at the same time, later.
    private static readonly TimeSpan PatienceWithStart = TimeSpan.FromSeconds(20);

    public override Sample Measure(CancellationToken cancel)
    {
        using var process = PinnedProcess.Start(server.Command, settings.OneCore);
        string? line = FirstLine(process, cancel);
        if (Announcement.PortIn(line) is not { } port)
        {
            process.Kill();
            return Sample.Rejected($"the server did not say what it is listening on{(line is null ? string.Empty : $", but: {line}")}{Complaint(process)}");
        }

        using var client = PinnedProcess.Start([load.Program, "--port", $"{port}", "--server-pid", $"{process.Id}", .. load.Arguments], [settings.LoadCore]);
        (string output, string error, int? exitCode) = client.WaitForEnd(Patience, cancel);
        Sample sample = load.Judge(output, error, exitCode);
        return process.HasExited ? Sample.Rejected($"{sample.Rejection ?? "the load saw no error"}; the server ended in the middle of it{Complaint(process)}") : sample;
    }

    private static string Complaint(PinnedProcess process) => process.Error.Length == 0 ? string.Empty : $": {process.Error.Split('\n')[0]}";

    private static string? FirstLine(PinnedProcess process, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(PatienceWithStart);
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
