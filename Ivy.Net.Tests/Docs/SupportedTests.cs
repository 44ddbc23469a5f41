using System.Reflection;
using System.Text.RegularExpressions;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests;

/// <summary>SUPPORTED.md claims nothing without a test, and forgets no backend.</summary>
internal sealed partial class SupportedTests
{
    private static readonly string Page = Repository.Read("SUPPORTED.md");

    // Of the tables about what is supported: the first column's code, the tier, and the tests.
    private static readonly (string Name, string Tier, string[] Tests)[] Rows =
    [
        .. Row().Matches(Page).Select(static row => (
            row.Groups[1].Value,
            row.Groups[2].Value,
            Code().Matches(row.Groups[3].Value).Select(static m => m.Groups[1].Value).ToArray())),
    ];

    [Test]
    public void Every_poll_method_has_a_row() =>
        Findings.None(
            typeof(IvPollMethod).GetProperties(BindingFlags.Public | BindingFlags.Static)
                .Where(static property => property.PropertyType == typeof(IvPollMethod))
                .Select(static property => ((IvPollMethod)property.GetValue(null)!).Name)
                .Append("simulated")
                .Where(static name => Rows.All(row => row.Name != name)));

    [Test]
    public void Every_row_is_of_a_tier_that_the_page_explains() =>
        Findings.None(Rows.Where(static row => !Page.Contains($"| **{row.Tier}** |", StringComparison.Ordinal)).Select(static row => $"{row.Name}: {row.Tier}"));

    [Test]
    public void Every_claim_is_held_by_tests_that_exist()
    {
        HashSet<string> fixtures = [.. typeof(SupportedTests).Assembly.GetTypes().Select(static type => type.Name)];
        Findings.None(
            from row in Rows
            from test in row.Tests.Length == 0 && row.Tier is not ("unproven" or "none") ? ["no test"] : row.Tests.Where(test => !fixtures.Contains(test))
            select $"{row.Name}: {test}");
    }

    // | `epoll` | Linux … | native | `ReadinessTests`, … |
    [GeneratedRegex(@"^\| `([\w-]+)` \|[^|]*\| (\w+) \|(.*)\|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Z][A-Za-z]+)`")]
    private static partial Regex Code();
}
