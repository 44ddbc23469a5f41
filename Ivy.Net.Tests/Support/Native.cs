using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <summary>What tests ask of the kernel, and the library has no use for.</summary>
internal static unsafe partial class Native
{
    /// <summary>A pipe as a shell makes it: blocking.</summary>
    public static (int Read, int Write) Pipe(int flags = Constants.O_CLOEXEC)
    {
        int* ends = stackalloc int[2];
        Assert.That(pipe2(ends, flags), Is.Zero, "pipe2");
        return (ends[0], ends[1]);
    }

    /// <summary>The lowest number from <paramref name="lowest"/> on that is free, as another name of the same open file.</summary>
    public static int Duplicate(int fd, int lowest = 0)
    {
        int result = Sys.Fcntl(fd, Constants.F_DUPFD_CLOEXEC, lowest);
        Assert.That(result, Is.GreaterThanOrEqualTo(0), "fcntl(F_DUPFD_CLOEXEC)");
        return result;
    }

    /// <summary>Makes <paramref name="to"/> mean what <paramref name="from"/> means; what it meant before is closed.</summary>
    public static void Replace(int from, int to) => Assert.That(Sys.Dup3(from, to, Constants.O_CLOEXEC), Is.EqualTo(to), "dup3");

    public static bool IsBlocking(int fd) => (Sys.Fcntl(fd, Constants.F_GETFL) & Constants.O_NONBLOCK) == 0;

    public static void Close(int fd) => Sys.Close(fd);

    public static void Write(int fd, params ReadOnlySpan<byte> bytes)
    {
        fixed (byte* pointer = bytes)
        {
            Assert.That(Sys.Write(fd, pointer, (nuint)bytes.Length), Is.EqualTo((nint)bytes.Length), "write");
        }
    }

    /// <summary>The open descriptors of the process by kind: what /proc/self/fd points to, without the numbers of inodes.</summary>
    public static SortedDictionary<string, int> OpenDescriptors()
    {
        // What earlier tests have left to the finalizers must not be closed between two counts.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (string link in Directory.GetFiles("/proc/self/fd"))
        {
            string? target = null;
            try
            {
                target = new FileInfo(link).LinkTarget;
            }
            catch (IOException)
            {
                // The directory's own descriptor is gone by now.
            }

            if (target is not null && !target.StartsWith('/'))
            {
                int cut = target.IndexOf(":[", StringComparison.Ordinal);
                string kind = cut < 0 ? target : target[..cut];
                counts[kind] = counts.GetValueOrDefault(kind) + 1;
            }
        }

        return counts;
    }

    /// <summary>Opens a file, a directory or a device to be read.</summary>
    public static int Open(string path)
    {
        int fd = open(path, Constants.O_CLOEXEC);
        Assert.That(fd, Is.GreaterThanOrEqualTo(0), $"open {path}");
        return fd;
    }

    /// <summary>Opens a file as open(2) does: flags as in fcntl(2), and what it creates is its owner's.</summary>
    public static int Open(string path, int flags)
    {
        int fd = open(path, flags | Constants.O_CLOEXEC, 0b110_000_000);
        Assert.That(fd, Is.GreaterThanOrEqualTo(0), $"open {path}");
        return fd;
    }

    /// <summary>A terminal: what is written to the one end is read from the other, once its line discipline does nothing.</summary>
    public static (int Master, int Slave) Terminal()
    {
        int master = -1;
        int slave = -1;
        Assert.That(openpty(&master, &slave, null, null, null), Is.Zero, "openpty");

        // struct termios of the C library has 60 bytes.
        byte* settings = stackalloc byte[64];
        Assert.That(tcgetattr(slave, settings), Is.Zero, "tcgetattr");
        cfmakeraw(settings);
        Assert.That(tcsetattr(slave, 0, settings), Is.Zero, "tcsetattr");
        return (master, slave);
    }

    /// <summary>rename(2), which replaces what has the name; false if it is refused.</summary>
    public static bool Rename(string from, string to) => renameat2(Constants.AT_FDCWD, from, Constants.AT_FDCWD, to, 0) == 0;

    /// <summary>Two names change places in one step; false if it is refused.</summary>
    public static bool Exchange(string one, string other)
    {
        const uint renameExchange = 2;
        return renameat2(Constants.AT_FDCWD, one, Constants.AT_FDCWD, other, renameExchange) == 0;
    }

    /// <summary>How many descriptors the process may have open.</summary>
    public static int DescriptorLimit()
    {
        const int resource = 7; // RLIMIT_NOFILE
        ulong* limits = stackalloc ulong[2];
        Assert.That(getrlimit(resource, limits), Is.Zero, "getrlimit");
        return (int)Math.Min(limits[0], int.MaxValue);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, ulong* limits);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode = 0);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openpty(int* master, int* slave, byte* name, void* settings, void* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int fd, byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int fd, int when, byte* settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* settings);
}
