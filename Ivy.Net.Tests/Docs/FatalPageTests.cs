using System.Reflection;
using System.Text.RegularExpressions;

namespace Ivy.Net.Tests;

/// <summary>ivy-fatal(7) has a row for each condition, and no other: people look the ids up there.</summary>
internal sealed partial class FatalPageTests
{
    private static readonly FatalCondition[] Conditions =
        [.. typeof(FatalCondition).GetFields(BindingFlags.Static | BindingFlags.Public).Select(static f => f.GetValue(null)).OfType<FatalCondition>()];

    [Test]
    public void Every_condition_has_an_id_of_its_own() =>
        Assert.That(Conditions.Select(static c => c.Id), Is.Unique.And.Not.Empty);

    [Test]
    public void Every_condition_has_its_row_with_its_reason_and_every_row_its_condition() =>
        Assert.That(Rows(), Is.EquivalentTo(Conditions.Select(static c => $"{c.Id} {c.Reason}")));

    // A row begins with the id, in an item or a cell of its own, and goes on to the next.
    private static IEnumerable<string> Rows()
    {
        var pages = ManPage.All.Where(static page => page.ToString() == "ivy-fatal(7)");
        return pages.SelectMany(static page => Row().Matches(page["DESCRIPTION"])).Select(static row => $"{row.Groups[1].Value} {Reason().Match(row.Value)}");
    }

    [GeneratedRegex(@"^\.(?:It|Ta)\b.*?\b(IVF\d{4})\b(?:.|\n(?!\.(?:It|Sh|El)\b))*", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("Misuse|Internal")]
    private static partial Regex Reason();
}
