using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Ivy.Net.Benchmarks.Versus.Building;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>On what machine, when and by which command.</summary>
internal sealed record RunHeader
{
    public required string Machine { get; init; }

    public required string Date { get; init; }

    public required string Commit { get; init; }

    public required string Command { get; init; }

    public required string Rounds { get; init; }

    public IEnumerable<string> Lines => [Machine, $"{Date}, commit {Commit}; {Rounds}", Command];

    public static RunHeader OfThisRun(string command, string rounds) => new()
    {
        Machine = $"{Processor()}, {Environment.ProcessorCount} cores{(IsVirtual() ? " of a virtual machine" : string.Empty)}; {Kernel()}; {RuntimeInformation.FrameworkDescription}",
        Date = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture),
        Commit = CommitOfTree(),
        Command = command,
        Rounds = rounds,
    };

    private static string Processor() => CpuInfo("model name") ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static bool IsVirtual() => CpuInfo("flags")?.Split(' ').Contains("hypervisor") ?? false;

    private static string Kernel() => $"Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}";

    private static string? CpuInfo(string key) => File.ReadLines("/proc/cpuinfo")
        .Where(line => line.StartsWith(key, StringComparison.Ordinal))
        .Select(static line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
        .FirstOrDefault();

    private static string CommitOfTree()
    {
        string hash = Git("rev-parse", "--short", "HEAD");
        return hash.Length == 0 ? "unknown" : Git("status", "--porcelain").Length == 0 ? hash : $"{hash} (modified)";
    }

    private static string Git(params string[] arguments)
    {
        try
        {
            using Process git = Process.Start(new ProcessStartInfo("git", ["-C", SourceTree.Root, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            string output = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? output : string.Empty;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return string.Empty; // no git here
        }
    }
}
