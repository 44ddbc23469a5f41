using Microsoft.Win32.SafeHandles;

namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>A write to a file in a folder that is watched, and its event.</summary>
internal static class FileAllocations
{
    public static void Events(int count)
    {
        string folder = Directory.CreateTempSubdirectory("ivy-allocations-").FullName;
        try
        {
            using var loop = new IvLoop();
            using var inotify = new IvInotify();
            var counter = new Counter { Left = count };
            inotify.Watch(folder, IvFileEvents.Modified, OnEvent).State = counter;
            inotify.Register();
            using SafeFileHandle file = File.OpenHandle(Path.Combine(folder, "file"), FileMode.Create, FileAccess.Write);
            while (counter.Left > 0)
            {
                RandomAccess.Write(file, "x"u8, 0);
                loop.Run(IvRunMode.Once);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void OnEvent(IvInotifyWatch watch, IvFileEvent e) => ((Counter)watch.State!).Left -= e.NameBytes.Length > 0 ? 1 : 0;
}
