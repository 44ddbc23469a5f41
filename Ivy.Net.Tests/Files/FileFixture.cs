using System.Diagnostics;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Files;

/// <summary>A folder of its own for each test, and loops of one backend.</summary>
internal abstract class FileFixture(string method)
{
    protected const IvFileEvents Everything = IvFileEvents.All;

    // Nothing is expected to take long: this is for what would else never happen.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    protected string Folder { get; private set; } = string.Empty;

    /// <summary>What the loop warned of; a test that expects something takes it out.</summary>
    protected List<string> Warnings { get; } = [];

    protected List<IvLeakReport> Leaks { get; } = [];

    [SetUp]
    public void MakeFolder()
    {
        Folder = Directory.CreateTempSubdirectory("ivy-files-").FullName;
        Warnings.Clear();
        Leaks.Clear();
    }

    [TearDown]
    public void DeleteFolder()
    {
        Directory.Delete(Folder, recursive: true);
        Assert.That(Warnings, Is.Empty, "warnings of the loop");
    }

    protected string In(params string[] names) => Path.Combine([Folder, .. names]);

    protected string Write(params string[] names)
    {
        string path = In(names);
        File.WriteAllText(path, "x");
        return path;
    }

    protected string Make(params string[] names) => Directory.CreateDirectory(In(names)).FullName;

    protected void Run(Action<IvLoop> body) => LoopThread.Run(Options(), body);

    protected IvLoopOptions Options() => new()
    {
        PollMethods = [IvPollMethod.All.Single(known => known.Name == method)],
        Warning = Warnings.Add,
        LeakReport = Leaks.Add,
    };

    /// <summary>Turns that do not wait: what there is now has been read and told.</summary>
    protected static void Turn(IvLoop loop, int count = 2)
    {
        for (int i = 0; i < count; i++)
        {
            loop.Run(IvRunMode.NonBlocking);
        }
    }

    protected static void Until(IvLoop loop, Func<bool> condition, string what) => Assert.That(loop.RunUntil(condition, Patience), Is.True, what);

    /// <summary>The numbers of the kernel's watches that an instance of this process has, as /proc tells them.</summary>
    protected static int KernelWatches()
    {
        int count = 0;
        foreach (string path in Directory.GetFiles("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget == "anon_inode:inotify")
            {
                count += File.ReadLines($"/proc/self/fdinfo/{Path.GetFileName(path)}").Count(static line => line.StartsWith("inotify ", StringComparison.Ordinal));
            }
        }

        return count;
    }

    protected static void Shell(string script)
    {
        using Process process = Process.Start("/bin/sh", ["-c", script]);
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, script);
    }

    /// <summary>Fills the kernel's queue of one file's watch, until events are lost.</summary>
    protected static void Overflow(string path)
    {
        const int longest = 1_000_000;
        int limit = int.Parse(File.ReadAllText("/proc/sys/fs/inotify/max_queued_events"));
        if (limit > longest)
        {
            Assert.Ignore($"the kernel's queue takes {limit} events");
        }

        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // Two kinds in turn: equal events that follow each other are one.
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write);
        for (int i = 0; i <= limit; i += 2)
        {
            RandomAccess.Write(file, "x"u8, 0);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
