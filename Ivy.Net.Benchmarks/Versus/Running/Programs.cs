using Ivy.Net.Benchmarks.Versus.Building;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>Makes subjects: of C peers, and of the programs of this assembly.</summary>
internal static class Programs
{
    /// <summary>
    /// A C peer twice: with its one thread, and with a second one that sleeps for ever. In a process with several threads the kernel
    /// counts references at each look-up of a descriptor, and every .NET process has several. None if its library is missing.
    /// </summary>
    public static IEnumerable<Subject> Peer(RunSettings settings, string name, SubjectKind kind, string source, Library[] libraries, params string[] parameters)
    {
        if (settings.Peers.Build(source, libraries) is { } program)
        {
            yield return new ProcessSubject(name, SubjectKind.SingleThreaded, [program, .. parameters], settings.OneCore) { Expected = settings.Expected(kind) };
            yield return new ProcessSubject($"{name}+idle", kind, [program, .. parameters, "idle=1"], settings.OneCore) { Expected = settings.Expected(kind) };
        }
    }

    /// <summary>A program of this assembly, in a process of its own, on both cores: it binds itself to its own once it is warm.</summary>
    public static Subject Own(RunSettings settings, string name, SubjectKind kind, IWorkload workload, string program, params string[] parameters) =>
        new ProcessSubject(name, kind, [.. Command, "subject", workload.Name, program, .. parameters], settings.BothCores) { Expected = settings.Expected(kind) };

    /// <summary>What starts this program: its own executable, or dotnet where that was used.</summary>
    public static IReadOnlyList<string> Command
    {
        get
        {
            string host = Environment.ProcessPath!;
            string assembly = typeof(Programs).Assembly.Location;
            return Path.GetFileName(host) == Path.GetFileNameWithoutExtension(assembly)
                ? [host]
                : [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", "exec", assembly];
        }
    }
}
