using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Ivy.Net.Tests.Examples;

/// <summary>An example, run as a user runs it: its lines are waited for, its signals sent, its exit code read.</summary>
internal sealed partial class ExampleProcess : IDisposable
{
    public const int SigInt = 2;
    public const int SigTerm = 15;

    // Far more than a loaded machine needs, and less than a person waits.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _command;
    private readonly List<string> _lines = [];
    private readonly List<string> _errors = [];
    private int _seen;

    private ExampleProcess(ProcessStartInfo start, string? pollMethod = null)
    {
        _command = string.Join(' ', start.ArgumentList);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["IVY_SELECT_POLL_METHOD"] = pollMethod;
        start.Environment.Remove("IVY_EXCLUDE_POLL_METHOD");
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Add(_lines, line.Data);
        _process.ErrorDataReceived += (_, line) => Add(_errors, line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public StreamWriter Input => _process.StandardInput;

    /// <summary>All lines of standard output; once the process has ended.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>All lines of standard error; once the process has ended.</summary>
    public IReadOnlyList<string> Errors => _errors;

    private static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static string Program => Path.Combine(TestContext.CurrentContext.TestDirectory, "Ivy.Net.Examples.dll");

    public static ExampleProcess Start(params string[] arguments) => new(Example(arguments));

    /// <summary>With another poll method than the best.</summary>
    public static ExampleProcess StartOn(string pollMethod, params string[] arguments) =>
        new(Example(arguments), pollMethod);

    /// <summary>With standard input from a file, as the shell does it.</summary>
    public static ExampleProcess StartWithInput(string file, params string[] arguments) =>
        new(new ProcessStartInfo("/bin/sh", ["-c", "input=$1; shift; exec \"$@\" < \"$input\"", "sh", file, Dotnet, "exec", Program, .. arguments]));

    /// <summary>With a signal ignored, as nohup(1) leaves SIGHUP, and a shell SIGINT for what runs in the background.</summary>
    public static ExampleProcess StartIgnoring(string signal, params string[] arguments) =>
        new(new ProcessStartInfo("/bin/sh", ["-c", "trap '' \"$1\"; shift; exec \"$@\"", "sh", signal, Dotnet, "exec", Program, .. arguments]));

    /// <summary>By a line of shell, which finds the program and its arguments in "$@".</summary>
    public static ExampleProcess StartByShell(string line, params string[] arguments) =>
        new(new ProcessStartInfo("/bin/sh", ["-c", line, "sh", Dotnet, "exec", Program, .. arguments]));

    // Whoever has started the tests may have SIGINT ignored, as a script's & does, and .NET would leave it so.
    private static ProcessStartInfo Example(string[] arguments) => new("env", ["--default-signal=INT,HUP", Dotnet, "exec", Program, .. arguments]);

    /// <summary>Runs an example that ends by itself.</summary>
    public static ExampleProcess Run(params string[] arguments)
    {
        ExampleProcess process = Start(arguments);
        process.Input.Close();
        process.WaitForExit();
        return process;
    }

    /// <summary>The next line that matches, of those that came since the last one that did.</summary>
    public Match WaitForLine([StringSyntax("Regex")] string pattern)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_lines)
        {
            while (true)
            {
                for (; _seen < _lines.Count; _seen++)
                {
                    if (Regex.Match(_lines[_seen], pattern) is { Success: true } match)
                    {
                        _seen++;
                        return match;
                    }
                }

                TimeSpan left = Deadline - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_lines, left))
                {
                    Assert.Fail($"{_command}: waited in vain for /{pattern}/; {Describe()}");
                }
            }
        }
    }

    /// <summary>Waits for <c>listening on 127.0.0.1:43210 (epoll)</c>.</summary>
    public IPEndPoint WaitForAddress(string backend = "epoll") =>
        IPEndPoint.Parse(WaitForLine($@"^listening on (\S+) \({backend}\)$").Groups[1].Value);

    public void Signal(int signal) => Assert.That(Kill(_process.Id, signal), Is.Zero);

    public int WaitForExit()
    {
        if (!_process.WaitForExit(Deadline))
        {
            Assert.Fail($"{_command}: does not end; {Describe()}");
        }

        _process.WaitForExit(); // and for the last lines
        return _process.ExitCode;
    }

    /// <summary>Ends a server by a signal: its last line is that of the totals, its exit code 0, and nothing went wrong before.</summary>
    public void EndsWith([StringSyntax("Regex")] string totals, int signal = SigTerm)
    {
        Signal(signal);
        int exitCode = WaitForExit();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.Zero, Describe());
            Assert.That(_lines[^1], Does.Match(totals));
            Assert.That(_errors, Is.Empty);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    private void Add(List<string> lines, string? line)
    {
        lock (_lines)
        {
            if (line is not null)
            {
                lines.Add(line);
                Monitor.PulseAll(_lines);
            }
        }
    }

    private string Describe()
    {
        lock (_lines)
        {
            return $"it printed:\n{string.Join('\n', _lines)}\nand to standard error:\n{string.Join('\n', _errors)}";
        }
    }
}
