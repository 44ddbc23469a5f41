using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Ivy.Net.Tests;

/// <summary>One set-up of the compiler for all tests that read or compile C#: loading the references is what takes long.</summary>
internal static class Roslyn
{
    private static readonly Lazy<IReadOnlyList<MetadataReference>> FrameworkOnce = new(LoadFramework);

    private static readonly Lazy<IReadOnlyList<MetadataReference>> LibraryOnce =
        new(static () => [.. Framework, MetadataReference.CreateFromFile(typeof(IvLoop).Assembly.Location)]);

    /// <summary>What the library is built against.</summary>
    public static IReadOnlyList<MetadataReference> Framework => FrameworkOnce.Value;

    /// <summary>What a program that uses the library is built against.</summary>
    public static IReadOnlyList<MetadataReference> Library => LibraryOnce.Value;

    /// <summary>ImplicitUsings of the SDK.</summary>
    public static IReadOnlyList<string> ImplicitUsings { get; } =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks"];

    public static CSharpParseOptions ParseOptions { get; } = new(LanguageVersion.Latest);

    public static SyntaxTree GlobalUsings(IEnumerable<string> namespaces) =>
        CSharpSyntaxTree.ParseText(string.Concat(namespaces.Distinct().Select(static name => $"global using {name};\n")), ParseOptions, "usings");

    private static IReadOnlyList<MetadataReference> LoadFramework()
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        return
        [
            .. trusted
                .Where(path => Path.GetDirectoryName(path) == runtime || Path.GetFileName(path) == "Microsoft.Extensions.ObjectPool.dll")
                .Select(static path => MetadataReference.CreateFromFile(path)),
        ];
    }
}
