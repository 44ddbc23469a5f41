using System.Diagnostics;

namespace Ivy.Net.Tests.Support;

/// <summary>Runs one of our programs to its end in a process of its own, from the folder of the tests.</summary>
internal static class ChildProcess
{
    /// <summary>Standard output, standard error and the exit code of <c>dotnet exec PROGRAM ARGUMENTS</c>.</summary>
    public static (string Output, string Error, int ExitCode) Run(string program, params string[] arguments)
    {
        string path = Path.Combine(TestContext.CurrentContext.TestDirectory, program);
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", path, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        start.Environment.Remove("IVY_SELECT_POLL_METHOD");
        start.Environment.Remove("IVY_EXCLUDE_POLL_METHOD");
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(LoopThread.Patience * 2))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end.");
        }

        return (output.Result, error.Result, process.ExitCode);
    }
}
