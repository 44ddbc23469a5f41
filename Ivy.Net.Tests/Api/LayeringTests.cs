using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ivy.Net.Tests;

/// <summary>Who may know whom: what lies low does not look up.</summary>
internal sealed class LayeringTests
{
    // Lowest first; the folders of one layer may know one another.
    private static readonly string[][] Layers =
    [
        ["Errors"],
        ["Interop"],
        ["Networks"],
        ["Polling"],
        ["Loop", "Fds", "Timers", "Events"],
        ["Threads", "Processes", "Files", "Async", "Diagnostics", "Edge"],
        ["Buffers"],
        ["Channels"],
        ["Tls", "Dns", "Http", "WebSockets"],
    ];

    // "Lower folder: type above it", each with its reason.
    private static readonly HashSet<string> Exceptions = [];

    [Test]
    public void Every_folder_has_its_layer() =>
        Findings.None(LibrarySources.Trees.Select(LibrarySources.Folder).Distinct().Except(Layers.SelectMany(static l => l)));

    [Test]
    public void No_folder_references_a_type_of_a_layer_above_it() =>
        Findings.None(
            from tree in LibrarySources.Trees
            let layer = LayerOf(tree)
            from reference in References(tree)
            let above = reference.Type.DeclaringSyntaxReferences[0].SyntaxTree
            where LayerOf(above) > layer && !Exceptions.Contains($"{LibrarySources.Folder(tree)}: {reference.Type.Name}")
            select $"{LibrarySources.At(reference.Node)}: {reference.Type.Name} is in {LibrarySources.Folder(above)}");

    [Test]
    public void No_type_is_spread_over_folders() =>
        Findings.None(
            LibrarySources.Trees.SelectMany(static tree => LibrarySources.Types(tree))
                .Where(static type => type.Parent is BaseNamespaceDeclarationSyntax)
                .GroupBy(static type => $"{type.Identifier.Text}`{(type as TypeDeclarationSyntax)?.TypeParameterList?.Parameters.Count}")
                .Where(static parts => parts.Select(static part => LibrarySources.Folder(part.SyntaxTree)).Distinct().Count() > 1)
                .Select(static parts => parts.Key));

    private static int LayerOf(SyntaxTree tree) => Array.FindIndex(Layers, layer => layer.Contains(LibrarySources.Folder(tree)));

    // Names, and `new()`, which has none. Comments are not looked into: a cref may point anywhere.
    private static IEnumerable<(SyntaxNode Node, INamedTypeSymbol Type)> References(SyntaxTree tree)
    {
        var model = LibrarySources.Compilation.GetSemanticModel(tree);
        return from node in tree.GetRoot().DescendantNodes()
               where node is SimpleNameSyntax or ImplicitObjectCreationExpressionSyntax
               let symbol = model.GetSymbolInfo(node).Symbol
               let type = (symbol as INamedTypeSymbol ?? symbol?.ContainingType)?.OriginalDefinition
               where type is not null && type.DeclaringSyntaxReferences.Length > 0
               select (node, type);
    }
}
