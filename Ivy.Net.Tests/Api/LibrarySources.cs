using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ivy.Net.Tests;

/// <summary>The sources of the library, parsed, and bound where a test asks what a name means.</summary>
internal static class LibrarySources
{
    public static IReadOnlyList<SyntaxTree> Trees { get; } =
        [.. Repository.Files("Ivy.Net", "*.cs").Select(static path => CSharpSyntaxTree.ParseText(Repository.Read(path), Roslyn.ParseOptions, path))];

    private static readonly Lazy<CSharpCompilation> CompilationOnce = new(static () => CSharpCompilation.Create(
        "Ivy.Net",
        [Roslyn.GlobalUsings(Roslyn.ImplicitUsings), .. Trees],
        Roslyn.Framework,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable)));

    public static CSharpCompilation Compilation => CompilationOnce.Value;

    /// <summary>The room that a file lies in: the first folder below Ivy.Net.</summary>
    public static string Folder(SyntaxTree tree) => tree.FilePath.Split('/', '\\')[1];

    /// <summary>The types that a file declares; nested ones too.</summary>
    public static IEnumerable<BaseTypeDeclarationSyntax> Types(SyntaxTree tree) => tree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>();

    public static string At(SyntaxNode node) => $"{node.SyntaxTree.FilePath}({node.GetLocation().GetLineSpan().StartLinePosition.Line + 1})";
}
