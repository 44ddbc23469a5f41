using System.Reflection;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Errors;

/// <summary>The catalogue of fatal conditions: stable ids, and a test that provokes each.</summary>
internal sealed class FatalConditionTests
{
    private static IEnumerable<FatalCondition> All =>
        typeof(FatalCondition).GetFields(BindingFlags.Public | BindingFlags.Static).Select(member => (FatalCondition)member.GetValue(null)!);

    private static HashSet<string> Provoked { get; } = [.. Assembly.GetExecutingAssembly().GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static))
        .SelectMany(method => method.GetCustomAttributes<ProvokesAttribute>())
        .Select(attribute => attribute.Id)];

    [TestCaseSource(nameof(Ids))]
    public void A_test_provokes(string id) =>
        Assert.That(Provoked, Does.Contain(id), $"write a test that meets the condition, and mark it [Provokes(\"{id}\")]");

    [Test]
    public void No_test_claims_to_provoke_what_does_not_exist() => Assert.That(Provoked, Is.SubsetOf(Ids()));

    [Test]
    public void Ids_are_unique_and_have_four_digits()
    {
        Assert.That(Ids(), Is.Unique);
        Assert.That(Ids(), Is.All.Match("^IVF[0-9]{4}$"));
    }

    [Test]
    public void A_rule_is_one_line_without_a_full_stop() =>
        Assert.That(All.Select(condition => condition.Rule), Is.All.Match("^[^\n]{10,120}[^.\n]$"));

    private static IEnumerable<string> Ids() => All.Select(condition => condition.Id);
}
