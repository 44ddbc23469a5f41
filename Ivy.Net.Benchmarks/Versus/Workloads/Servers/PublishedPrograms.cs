using Ivy.Net.Benchmarks.Versus.Building;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>This program as programs with Ivy.Net are when they are not built from its source tree.</summary>
internal static class PublishedPrograms
{
    private const string Library = "Ivy.Net.dll";
    private const string Program = "Ivy.Net.Benchmarks";

    /// <summary>
    /// As built, with the library out of the package, where it is compiled ahead of time, as the libraries of .NET are. The path of the program; null if
    /// there can't be one.
    /// </summary>
    public static string? WithLibraryOfThePackage()
    {
        string library = Path.Combine(SourceTree.Output, "precompiled");
        string folder = Path.Combine(SourceTree.Output, "packaged");
        string program = Path.Combine(folder, Program);
        if (DotNetPublish.IsNew(Path.Combine(folder, Library)))
        {
            return program;
        }

        if (!DotNetPublish.Run(Path.Combine("Ivy.Net", "Precompiled"), library, Library))
        {
            return null;
        }

        CopyAll(AppContext.BaseDirectory, folder);
        File.Copy(Path.Combine(library, Library), Path.Combine(folder, Library), overwrite: true);
        File.SetLastWriteTimeUtc(Path.Combine(folder, Library), DateTime.UtcNow);
        return program;
    }

    /// <summary>All of it compiled ahead of time (ReadyToRun), as one publishes a program that is to start soon. The path of the program; null if it can't be published.</summary>
    public static string? ReadyToRun()
    {
        string folder = Path.Combine(SourceTree.Output, "ready-to-run");
        return DotNetPublish.Run(Program, folder, $"{Program}.dll") ? Path.Combine(folder, Program) : null;
    }

    private static void CopyAll(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }
}
