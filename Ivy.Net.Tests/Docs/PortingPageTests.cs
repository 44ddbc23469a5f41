using System.Text.RegularExpressions;

namespace Ivy.Net.Tests;

/// <summary>ivy-porting-ivykis(7) answers for every name of ivykis, with members that exist.</summary>
internal sealed partial class PortingPageTests
{
    private static readonly ManPage Page = ManPage.All.Single(static page => page.ToString() == "ivy-porting-ivykis(7)");

    private static readonly string[] Names =
        [.. File.ReadLines(Repository.PathOf("Ivy.Net.Tests/Docs/ivykis-names.txt")).Where(static line => line.Length > 0 && line[0] != '#')];

    // A row begins with the name in ivykis and goes on to the next, or to the end of its table.
    private static readonly (string Name, string Place)[] Rows =
        [.. Row().Matches(Page["DESCRIPTION"]).Select(static row => (row.Groups[1].Value.Trim('"'), row.Groups[2].Value))];

    [Test]
    public void Every_name_of_ivykis_has_its_row_once_and_no_row_is_of_another_name() =>
        Findings.Same(Rows.Select(static row => row.Name), Names, "ivy-porting-ivykis(7)");

    [Test]
    public void The_list_of_names_has_none_twice() => Assert.That(Names, Is.Unique);

    [Test]
    public void Every_row_says_what_stands_in_its_place_or_that_nothing_does() =>
        Findings.None(
            from row in Rows
            where !OurName().IsMatch(row.Place) && !row.Place.Contains("none", StringComparison.Ordinal)
            select row.Name);

    [Test]
    public void Every_type_and_member_that_a_row_names_exists() =>
        Findings.None(
            from row in Rows
            from Match named in OurName().Matches(row.Place)
            let types = Repository.PublicTypes.Where(type => PublicMembers.NameOf(type) == named.Groups[1].Value)
            where !types.Any(type => !named.Groups[2].Success || PublicMembers.Has(type, named.Groups[2].Value))
            select $"{row.Name}: {named.Value}");

    [GeneratedRegex(@"^\.It Li (""[^""]+""|\S+) Ta\b((?:.|\n(?!\.(?:It|El)\b))*)", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\b(Iv[A-Z]\w*)(?:\.(\w+))?")]
    private static partial Regex OurName();
}
