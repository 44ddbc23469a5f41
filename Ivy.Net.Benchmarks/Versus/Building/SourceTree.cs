using System.Reflection;

namespace Ivy.Net.Benchmarks.Versus.Building;

/// <summary>The clone that this program was built from.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Path.GetFullPath(
        typeof(SourceTree).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "RepositoryRoot").Value!);

    public static string Peers => Path.Combine(Root, "Ivy.Net.Benchmarks", "Versus", "Peers");

    public static string Output => Path.Combine(Root, "artifacts", "versus");
}
