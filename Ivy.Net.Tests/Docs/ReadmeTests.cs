using System.Text.RegularExpressions;
using Ivy.Net.Benchmarks;
using Ivy.Net.Examples;

namespace Ivy.Net.Tests;

/// <summary>What the README promises is there.</summary>
internal sealed partial class ReadmeTests
{
    private static readonly string Readme = Repository.Read("README.md");

    [Test]
    public void Every_command_names_a_project_and_an_example_or_a_benchmark_that_exist() =>
        Findings.None(
            from Match run in DotnetRun().Matches(Readme)
            let project = run.Groups[1].Value
            let example = run.Groups[2].Value
            where !Directory.Exists(Repository.PathOf(project)) || (example.Length > 0 && !Arguments(project).Contains(example))
            select run.Value);

    [Test]
    public void Every_cake_target_and_test_category_exists()
    {
        var cake = Repository.Read("build.cake");
        using (Assert.EnterMultipleScope())
        {
            Findings.None(Values(CakeTarget()).Where(target => !cake.Contains($"Task(\"{target}\")", StringComparison.Ordinal)));
            Findings.None(Values(Category()).Except(Repository.LongCategories()));
        }
    }

    [Test]
    public void The_examples_in_the_list_are_those_of_the_catalog() =>
        Findings.Same(Rows("Examples"), ExampleCatalog.All.Select(static example => $"| `{example.Name}` | {example.Summary} |"), "README.md, Examples,");

    [Test]
    public void The_man_pages_in_the_list_are_those_of_docs_man() =>
        Findings.Same(Rows("Manual"), ManPage.All.Select(static page => $"| [{page}]({page.Path}) | {page.Summary} |"), "README.md, Manual,");

    [Test]
    public void Every_path_and_relative_link_resolves() =>
        Findings.None(
            Values(Link()).Concat(Values(PathInCode())).Where(static target => !Path.Exists(Repository.PathOf(target)) && !target.StartsWith("artifacts/", StringComparison.Ordinal)));

    private static IEnumerable<string> Arguments(string project) => project == "Ivy.Net.Benchmarks"
        ? BenchmarkCommands.BuildRoot().Subcommands.Select(static command => command.Name)
        : ExampleCatalog.All.Select(static example => example.Name);

    private static IEnumerable<string> Values(Regex regex) =>
        regex.Matches(Readme).Select(static m => m.Groups[1].Value);

    // Of the table in a section, without its head.
    private static IEnumerable<string> Rows(string title) =>
        Section(title).Split('\n').Where(static line => line.StartsWith('|')).Skip(2);

    private static string Section(string title)
    {
        var begin = Readme.IndexOf($"\n## {title}\n", StringComparison.Ordinal) + 1;
        var end = Readme.IndexOf("\n## ", begin, StringComparison.Ordinal);
        return Readme[begin..(end < 0 ? Readme.Length : end)];
    }

    [GeneratedRegex(@"dotnet run .*?--project (\S+)(?: -- ([a-z][\w-]*))?")]
    private static partial Regex DotnetRun();

    [GeneratedRegex(@"dotnet cake --target=(\w+)")]
    private static partial Regex CakeTarget();

    [GeneratedRegex(@"TestCategory=(\w+)")]
    private static partial Regex Category();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#]+)[^)]*\)")]
    private static partial Regex Link();

    // In backticks, with a slash or an extension that we use.
    [GeneratedRegex(@"`([\w.-]+(?:/[\w.-]+)+|\w+\.(?:md|cake|sln))`")]
    private static partial Regex PathInCode();
}
