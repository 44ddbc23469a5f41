using System.Globalization;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ivy.Net.Tests;

/// <summary>A SYNOPSIS declares what there is: a member that was renamed, or takes other parameters, is found.</summary>
internal sealed class SynopsisTests
{
    [Test]
    public void Every_SYNOPSIS_is_C_sharp() =>
        Findings.None(
            from synopsis in Trees()
            from diagnostic in synopsis.Tree.GetDiagnostics()
            select $"{synopsis.Page.Path}({synopsis.FirstLine + diagnostic.Location.GetLineSpan().StartLinePosition.Line}): "
                + diagnostic.GetMessage(CultureInfo.InvariantCulture));

    [Test]
    public void Every_member_of_a_SYNOPSIS_exists_with_these_parameters() =>
        Findings.None(
            from synopsis in Trees()
            from declaration in synopsis.Tree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
            let type = Repository.PublicTypes.FirstOrDefault(type => Declares(declaration, type))
            from problem in type is null ? [$"no such type: {declaration.Identifier}"] : Problems(declaration, type)
            select $"{synopsis.Page}: {problem}");

    private static IEnumerable<(ManPage Page, int FirstLine, SyntaxTree Tree)> Trees() =>
        from page in ManPage.All
        where page.Sections.Contains("SYNOPSIS")
        from display in page.Displays("SYNOPSIS")
        select (page, display.FirstLine, CSharpSyntaxTree.ParseText(display.Code, Roslyn.ParseOptions));

    private static bool Declares(BaseTypeDeclarationSyntax declaration, Type type) =>
        PublicMembers.NameOf(type) == declaration.Identifier.Text
        && type.GetGenericArguments().Length == ((declaration as TypeDeclarationSyntax)?.TypeParameterList?.Parameters.Count ?? 0);

    private static IEnumerable<string> Problems(BaseTypeDeclarationSyntax declaration, Type type)
    {
        var members = declaration switch
        {
            EnumDeclarationSyntax names => names.Members.Select(static m => (Name: m.Identifier.Text, Parameters: (BaseParameterListSyntax?)null)),
            TypeDeclarationSyntax body => body.Members.SelectMany(Declared),
            _ => [],
        };
        return members.Where(m => !Exists(type, m.Name, m.Parameters)).Select(m => $"no such member: {declaration.Identifier}.{m.Name}{m.Parameters}");
    }

    private static IEnumerable<(string Name, BaseParameterListSyntax? Parameters)> Declared(MemberDeclarationSyntax member) => member switch
    {
        MethodDeclarationSyntax method => [(method.Identifier.Text, method.ParameterList)],
        ConstructorDeclarationSyntax made => [(ConstructorInfo.ConstructorName, made.ParameterList)],
        PropertyDeclarationSyntax property => [(property.Identifier.Text, null)],
        EventDeclarationSyntax happening => [(happening.Identifier.Text, null)],
        BaseFieldDeclarationSyntax field => field.Declaration.Variables.Select(static v => (v.Identifier.Text, (BaseParameterListSyntax?)null)),
        _ => [],
    };

    private static bool Exists(Type type, string name, BaseParameterListSyntax? parameters)
    {
        if (parameters is null)
        {
            return PublicMembers.Has(type, name);
        }

        var names = parameters.Parameters.Select(static p => p.Identifier.Text).ToList();
        return type.GetMember(name, PublicMembers.Everything).OfType<MethodBase>()
            .Any(method => PublicMembers.IsVisible(method) && method.GetParameters().Select(static p => p.Name!).SequenceEqual(names));
    }
}
