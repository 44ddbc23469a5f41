using System.Reflection;

namespace Ivy.Net.Tests;

/// <summary>The clone that the tests were built from: the README, the man pages and the sources are held against the code.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "RepositoryRoot").Value!);

    /// <summary>What users of the library see: its public types, nested ones too.</summary>
    public static IReadOnlyList<Type> PublicTypes { get; } =
        [.. typeof(IvLoop).Assembly.GetExportedTypes().OrderBy(static t => t.FullName, StringComparer.Ordinal)];

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    public static string Relative(string path) => Path.GetRelativePath(Root, path);

    /// <summary>The files below a folder, none if there is no such folder; in a stable order, as paths from the root.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern) =>
        Directory.Exists(PathOf(folder))
            ? [.. Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories).Select(Relative).Order(StringComparer.Ordinal)]
            : [];

    /// <summary>The categories of long tests that .ci/run runs.</summary>
    public static IReadOnlyList<string> LongCategories() =>
        [.. File.ReadLines(PathOf(".ci/categories")).Select(static line => line.Trim()).Where(static line => line.Length > 0 && line[0] != '#')];
}
