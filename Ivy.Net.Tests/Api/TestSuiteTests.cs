using System.Reflection;
using NUnit.Framework.Interfaces;

namespace Ivy.Net.Tests;

/// <summary>The tests are all run by someone, and read as sentences.</summary>
internal sealed class TestSuiteTests
{
    private static readonly MethodInfo[] Tests =
    [
        .. typeof(TestSuiteTests).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static))
            .Where(static method => method.GetCustomAttributes(inherit: true).Any(static a => a is ITestBuilder or ISimpleTestBuilder)),
    ];

    [Test]
    public void No_test_is_ignored() =>
        Findings.None(Tests.Where(static test => Attributes<IgnoreAttribute>(test).Any()).Select(Describe));

    [Test]
    public void Every_explicit_test_has_a_category_that_CI_runs()
    {
        var run = Repository.LongCategories();
        Findings.None(
            Tests.Where(test => Attributes<ExplicitAttribute>(test).Any() && !Attributes<CategoryAttribute>(test).Any(c => run.Contains(c.Name))).Select(Describe));
    }

    [Test]
    public void Every_test_has_a_name_that_reads_as_a_sentence() =>
        Findings.None(Tests.Where(static test => !test.Name.Contains('_', StringComparison.Ordinal)).Select(Describe));

    // A fixture's attributes hold for its tests, and those of the assembly for all.
    private static IEnumerable<T> Attributes<T>(MethodInfo test)
        where T : Attribute =>
        [.. test.GetCustomAttributes<T>(), .. test.ReflectedType!.GetCustomAttributes<T>(), .. test.Module.Assembly.GetCustomAttributes<T>()];

    private static string Describe(MethodInfo test) => $"{test.DeclaringType!.Name}.{test.Name}";
}
