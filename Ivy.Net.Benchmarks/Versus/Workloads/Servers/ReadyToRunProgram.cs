using System.Diagnostics;
using System.Runtime.InteropServices;
using Ivy.Net.Benchmarks.Versus.Building;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>
/// This program as one publishes a program that is to start soon: compiled ahead of time (ReadyToRun), as the libraries of .NET itself
/// are. As built, all of Ivy.Net is compiled while it starts, and System.Net.Sockets is not.
/// </summary>
internal static class ReadyToRunProgram
{
    /// <summary>The path of the program; null if it can't be published, which is said on standard error.</summary>
    public static string? Publish()
    {
        string output = Path.Combine(SourceTree.Output, "ready-to-run");
        string program = Path.Combine(output, "Ivy.Net.Benchmarks");
        if (File.Exists(program) && File.GetLastWriteTimeUtc($"{program}.dll") > LastBuild)
        {
            return program;
        }

        string[] arguments =
        [
            "publish", Path.Combine(SourceTree.Root, "Ivy.Net.Benchmarks"), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "--no-self-contained",
            "-p:PublishReadyToRun=true", $"-p:ArtifactsPath={Path.Combine(SourceTree.Output, "ready-to-run-artifacts")}", "-o", output, "-v", "quiet", "--nologo",

            // No server of the build stays behind, beside what is measured.
            "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false",
        ];

        Console.Error.WriteLine($"dotnet {string.Join(' ', arguments)}");
        using Process publish = Process.Start(new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = publish.StandardError.ReadToEndAsync();
        string messages = publish.StandardOutput.ReadToEnd();
        publish.WaitForExit();
        if (publish.ExitCode != 0)
        {
            Console.Error.WriteLine($"It can't be published; going on without. {messages.Split('\n').FirstOrDefault(static line => line.Contains("error", StringComparison.Ordinal), error.GetAwaiter().GetResult())}");
            return null;
        }

        return program;
    }

    // Of this program and of the library: what is older is published again.
    private static DateTime LastBuild => ((Type[])[typeof(ReadyToRunProgram), typeof(IvLoop)]).Max(static type => File.GetLastWriteTimeUtc(type.Assembly.Location));
}
