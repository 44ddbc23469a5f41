using System.Text.RegularExpressions;

namespace Ivy.Net.Tests;

/// <summary>The pages about porting answer for every name of the other library, with members that exist.</summary>
[TestFixture("ivykis")]
[TestFixture("evio")]
[TestFixture("wepoll")]
internal sealed partial class PortingPageTests
{
    private readonly string _page;
    private readonly string[] _names;
    private readonly (string Name, string Place)[] _rows;

    public PortingPageTests(string library)
    {
        _page = $"ivy-porting-{library}(7)";
        _names = [.. File.ReadLines(Repository.PathOf($"Ivy.Net.Tests/Docs/{library}-names.txt")).Where(static line => line.Length > 0 && line[0] != '#')];

        // A row begins with the name in the other library and goes on to the next, or to the end of its table.
        string text = ManPage.All.Single(page => page.ToString() == _page)["DESCRIPTION"];
        _rows = [.. Row().Matches(text).Select(static row => (row.Groups[1].Value.Trim('"'), row.Groups[2].Value))];
    }

    [Test]
    public void Every_name_of_the_other_library_has_its_row_once_and_no_row_is_of_another_name() =>
        Findings.Same(_rows.Select(static row => row.Name), _names, _page);

    [Test]
    public void The_list_of_names_has_none_twice() => Assert.That(_names, Is.Unique);

    [Test]
    public void Every_row_says_what_stands_in_its_place_or_that_nothing_does() =>
        Findings.None(
            from row in _rows
            where !OurName().IsMatch(row.Place) && !row.Place.Contains("none", StringComparison.Ordinal)
            select row.Name);

    [Test]
    public void Every_type_and_member_that_a_row_names_exists() =>
        Findings.None(
            from row in _rows
            from Match named in OurName().Matches(row.Place)
            let types = Repository.PublicTypes.Where(type => PublicMembers.NameOf(type) == named.Groups[1].Value)
            where !types.Any(type => !named.Groups[2].Success || PublicMembers.Has(type, named.Groups[2].Value))
            select $"{row.Name}: {named.Value}");

    [GeneratedRegex(@"^\.It Li (""[^""]+""|\S+) Ta\b((?:.|\n(?!\.(?:It|El)\b))*)", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\b((?:Iv|Epoll|Edge|IEdge)[A-Z]\w*)(?:\.(\w+))?")]
    private static partial Regex OurName();
}
