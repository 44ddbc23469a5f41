using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <summary>A child that runs a line of shell, started without the library's objects. Dispose ends it and reaps it, if nobody has.</summary>
internal sealed unsafe class ShellChild : IDisposable
{
    private readonly int _pidfd;

    private ShellChild(int process)
    {
        ProcessId = process;
        _pidfd = Sys.PidfdOpen(process);
        Assert.That(_pidfd, Is.GreaterThanOrEqualTo(0), "pidfd_open");
    }

    public int ProcessId { get; }

    /// <summary>The letter of /proc/PID/stat: R, S, T, Z; null if there is no such process.</summary>
    public char? State => StateOf(ProcessId);

    public static ShellChild Start(string line)
    {
        using var strings = new NativeStrings();
        int process = Sys.Spawn(new SpawnRequest
        {
            Program = strings.Add("/bin/sh"),
            Arguments = strings.Add(["sh", "-c", line]),
            Environment = strings.Add([$"PATH={Environment.GetEnvironmentVariable("PATH")}"]),
            Input = SpawnRequest.Inherit,
            Output = SpawnRequest.Inherit,
            Error = SpawnRequest.Inherit,
        });
        Assert.That(process, Is.Positive, "posix_spawn");
        return new ShellChild(process);
    }

    /// <summary>As <see cref="State"/>, of any process.</summary>
    public static char? StateOf(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>How many children of this process have ended and were not reaped.</summary>
    public static List<int> Zombies()
    {
        List<int> zombies = [];
        foreach (string folder in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out int process) && StateOf(process) == 'Z' && ParentOf(process) == Environment.ProcessId)
            {
                zombies.Add(process);
            }
        }

        return zombies;
    }

    public void Signal(int signal) => Assert.That(Sys.PidfdSendSignal(_pidfd, signal), Is.Zero, "pidfd_send_signal");

    /// <summary>Whether the kernel has a stop or a continuation that nobody has taken.</summary>
    public bool HasStopToTell =>
        Sys.WaitId(_pidfd, Constants.WSTOPPED | Constants.WCONTINUED | Constants.WNOHANG | Constants.WNOWAIT, out _, out _) > 0;

    public void WaitForState(char state) => Wait.For(() => State == state);

    /// <summary>Takes the status, as a stranger would. False if somebody has.</summary>
    public bool Reap() => Sys.WaitId(_pidfd, Constants.WEXITED, out _, out _) > 0;

    public void Dispose()
    {
        _ = Sys.PidfdSendSignal(_pidfd, Constants.SIGKILL);
        Reap();
        Sys.Close(_pidfd);
    }

    private static int ParentOf(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 4)..].Split(' ')[0]);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
