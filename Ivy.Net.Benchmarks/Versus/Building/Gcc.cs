using System.ComponentModel;
using System.Diagnostics;

namespace Ivy.Net.Benchmarks.Versus.Building;

/// <summary>gcc(1).</summary>
internal sealed class Gcc : ICompiler
{
    public bool IsInstalled => HasHeader("stdio.h");

    public bool HasHeader(string header) => Run($"#include <{header}>\n", "-fsyntax-only", "-x", "c", "-") is (0, _);

    public string? Compile(string source, string output, IEnumerable<string> link) =>
        Run(string.Empty, ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-pthread", "-o", output, source, .. link, "-lm"]) is (not 0, string message) ? message : null;

    private static (int ExitCode, string Error) Run(string input, params string[] arguments)
    {
        try
        {
            using Process gcc = Process.Start(new ProcessStartInfo("gcc", arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true })!;
            gcc.StandardInput.Write(input);
            gcc.StandardInput.Close();
            string error = gcc.StandardError.ReadToEnd();
            gcc.WaitForExit();
            return (gcc.ExitCode, error);
        }
        catch (Win32Exception)
        {
            return (-1, "gcc can't be started");
        }
    }
}
