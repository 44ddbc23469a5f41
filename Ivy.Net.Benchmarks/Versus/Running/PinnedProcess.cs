using System.ComponentModel;
using System.Diagnostics;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>A process that has been on the given cores from its first instruction on.</summary>
internal sealed class PinnedProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _error;

    private PinnedProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public StreamReader Output => _process.StandardOutput;

    public bool HasExited => _process.HasExited;

    /// <summary>What it wrote to standard error; once it has ended.</summary>
    public string Error => _error.GetAwaiter().GetResult();

    /// <summary>Starts it.</summary>
    /// <exception cref="VersusException">It can't be started.</exception>
    public static PinnedProcess Start(IReadOnlyList<string> command, IReadOnlyList<int> cores)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What a subject measures, its command line says; the environment of who runs us must not choose for Ivy.Net alone.
        start.Environment.Remove("IVY_SELECT_POLL_METHOD");
        start.Environment.Remove("IVY_EXCLUDE_POLL_METHOD");

        // A child inherits the affinity of the thread that starts it.
        int[] before = Cores.OfThisThread();
        Cores.Pin(cores);
        try
        {
            return new PinnedProcess(Process.Start(start)!);
        }
        catch (Win32Exception refused)
        {
            throw new VersusException($"{command[0]} can't be started: {refused.Message}.");
        }
        finally
        {
            Cores.Pin(before);
        }
    }

    /// <summary>All of its output, and its exit code; null if it had to be killed.</summary>
    public (string Output, string Error, int? ExitCode) WaitForEnd(TimeSpan patience, CancellationToken cancel)
    {
        using CancellationTokenRegistration _ = cancel.Register(Kill);
        Task<string> output = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        bool ended = _process.WaitForExit(patience);
        if (!ended)
        {
            Kill();
        }

        _process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        return (output.GetAwaiter().GetResult(), Error, ended ? _process.ExitCode : null);
    }

    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }
}
