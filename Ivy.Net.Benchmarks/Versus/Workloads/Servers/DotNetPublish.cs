using System.Diagnostics;
using System.Runtime.InteropServices;
using Ivy.Net.Benchmarks.Versus.Building;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>dotnet publish, for this machine, and beside the ordinary build.</summary>
internal static class DotNetPublish
{
    /// <summary>Publishes a project, unless what it makes is there and newer than this program.</summary>
    /// <param name="project">Its folder in the source tree.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="made">A file that it makes there.</param>
    /// <returns>Whether it is there. Why not is said on standard error.</returns>
    public static bool Run(string project, string output, string made)
    {
        if (IsNew(Path.Combine(output, made)))
        {
            return true;
        }

        string[] arguments =
        [
            "publish", Path.Combine(SourceTree.Root, project), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "--no-self-contained",
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
            return false;
        }

        // What has not changed keeps its time; it is up to date all the same.
        File.SetLastWriteTimeUtc(Path.Combine(output, made), DateTime.UtcNow);
        return true;
    }

    /// <summary>Whether the file is there and newer than this program and its library.</summary>
    public static bool IsNew(string file) => File.Exists(file)
        && File.GetLastWriteTimeUtc(file) > ((Type[])[typeof(DotNetPublish), typeof(IvLoop)]).Max(static type => File.GetLastWriteTimeUtc(type.Assembly.Location));
}
