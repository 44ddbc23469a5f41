using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ivy.Net.Tests;

/// <summary>Rules of the library's sources that no analyzer knows.</summary>
internal sealed partial class SourceRulesTests
{
    private const int MaxLines = 450;

    private static readonly string[] PublicNamespaces =
    [
        "Ivy.Net", "Ivy.Net.Polling", "Ivy.Net.Edge", "Ivy.Net.Buffers", "Ivy.Net.Channels", "Ivy.Net.Tls", "Ivy.Net.Dns", "Ivy.Net.Http", "Ivy.Net.WebSockets",
    ];

    [Test]
    public void No_file_is_longer_than_one_concept_needs() =>
        Findings.None(
            from tree in LibrarySources.Trees
            let lines = tree.GetText().Lines.Count - 1
            where lines > MaxLines
            select $"{tree.FilePath}: {lines} lines");

    [Test]
    public void Every_public_type_has_a_file_with_its_name() =>
        Findings.None(
            from tree in LibrarySources.Trees
            from type in LibrarySources.Types(tree)
            where IsPublic(type) && type.Parent is BaseNamespaceDeclarationSyntax
            let file = Path.GetFileName(tree.FilePath).Split('.')[0]
            where file != type.Identifier.Text && !file.StartsWith(type.Identifier.Text + "Of", StringComparison.Ordinal)
            select $"{LibrarySources.At(type)}: {type.Identifier.Text}");

    [Test]
    public void Public_types_are_in_the_namespaces_of_the_design_and_system_calls_in_one_of_their_own()
    {
        using (Assert.EnterMultipleScope())
        {
            Findings.None(Repository.PublicTypes.Where(static type => !PublicNamespaces.Contains(type.Namespace)).Select(static type => type.FullName!));
            Findings.None(
                from tree in LibrarySources.Trees
                from space in tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>()
                let name = space.Name.ToString()
                let folder = LibrarySources.Folder(tree)
                where name != "Ivy.Net" && name != $"Ivy.Net.{folder}" && !(folder == "Interop" && name.StartsWith("Ivy.Net.Interop.", StringComparison.Ordinal))
                select $"{tree.FilePath}: {name}");
        }
    }

    [Test]
    public void System_calls_and_their_numbers_are_in_Interop_alone() =>
        Findings.None(
            from tree in OutsideInterop()
            from node in tree.GetRoot().DescendantNodes()
            where IsImport(node) || IsErrnoNumber(node)
            select $"{LibrarySources.At(node)}: {node}");

    [Test]
    public void Conditional_compilation_is_in_Interop_alone() =>
        Findings.None(
            from tree in OutsideInterop()
            from trivia in tree.GetRoot().DescendantTrivia()
            where trivia.IsKind(SyntaxKind.IfDirectiveTrivia)
            select LibrarySources.At(trivia.GetStructure()!));

    private static IEnumerable<SyntaxTree> OutsideInterop() => LibrarySources.Trees.Where(static tree => LibrarySources.Folder(tree) != "Interop");

    private static bool IsPublic(BaseTypeDeclarationSyntax type) => type.Modifiers.Any(SyntaxKind.PublicKeyword);

    private static bool IsImport(SyntaxNode node) => node is AttributeSyntax attribute && ImportName().IsMatch(attribute.Name.ToString());

    // A constant with the name of an errno, or a number made an IvError. IvError itself is the list of the names.
    private static bool IsErrnoNumber(SyntaxNode node) => node switch
    {
        VariableDeclaratorSyntax { Initializer.Value: LiteralExpressionSyntax or PrefixUnaryExpressionSyntax } name => ErrnoName().IsMatch(name.Identifier.Text),
        CastExpressionSyntax cast => cast.Type.ToString() == nameof(IvError) && Number().IsMatch(cast.Expression.ToString()),
        _ => false,
    };

    [GeneratedRegex(@"(?:^|\.)(?:DllImport|LibraryImport)(?:Attribute)?$")]
    private static partial Regex ImportName();

    [GeneratedRegex(@"^\(?-?\d+\)?$")]
    private static partial Regex Number();

    [GeneratedRegex("^E[A-Z0-9]{2,}$")]
    private static partial Regex ErrnoName();
}
