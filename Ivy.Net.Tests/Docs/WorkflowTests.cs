using System.Text.RegularExpressions;

namespace Ivy.Net.Tests;

/// <summary>What the workflow of the hosted builds names is there, and it may do nothing but read.</summary>
internal sealed partial class WorkflowTests
{
    private static readonly string Workflow = Repository.Read(".github/workflows/ci.yml");

    private static readonly string[] Commands = [.. Run().Matches(Workflow).Select(static m => m.Groups[1].Value.Trim())];

    [Test]
    public void Every_command_is_the_CI_script_or_dotnet_with_what_exists()
    {
        string cake = Repository.Read("build.cake");
        Assert.That(Commands, Is.Not.Empty);
        using (Assert.EnterMultipleScope())
        {
            Findings.None(Commands.Where(static line => line != ".ci/run" && !line.StartsWith("dotnet test ", StringComparison.Ordinal) && !line.StartsWith("dotnet cake ", StringComparison.Ordinal)));
            Findings.None(Values(Target()).Where(target => !cake.Contains($"Task(\"{target}\")", StringComparison.Ordinal)));
            Findings.None(Values(Category()).Except(Repository.LongCategories()));
            Findings.None(Values(Filter()).Where(static part => !typeof(WorkflowTests).Assembly.GetTypes().Any(type => type.FullName!.Contains(part, StringComparison.Ordinal))));
        }
    }

    [Test]
    public void Every_file_that_it_names_exists() =>
        Findings.None(new[] { ".ci/run" }.Concat(Values(File())).Where(static path => !Path.Exists(Repository.PathOf(path))));

    [Test]
    public void Actions_are_pinned_by_their_major_version() =>
        Findings.None(Values(Action()).Where(static action => !Pinned().IsMatch(action)));

    [Test]
    public void It_may_read_and_nothing_else_and_knows_no_secret()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Permissions().Match(Workflow).Groups[1].Value.Trim(), Is.EqualTo("contents: read"));
            Assert.That(Permissions().Matches(Workflow), Has.Count.EqualTo(1));
            Assert.That(Workflow, Does.Not.Contain("secrets."));
        }
    }

    [Test]
    public void What_may_fail_says_why() =>
        Findings.None(
            from Match job in MayFail().Matches(Workflow)
            where !job.Groups[1].Value.Contains("May fail:", StringComparison.Ordinal)
            select job.Value);

    private static IEnumerable<string> Values(Regex regex) => regex.Matches(Workflow).Select(static m => m.Groups[1].Value);

    [GeneratedRegex(@"^ +- run: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Run();

    [GeneratedRegex(@"--target=(\w+)")]
    private static partial Regex Target();

    [GeneratedRegex(@"TestCategory=(\w+)")]
    private static partial Regex Category();

    [GeneratedRegex(@"FullyQualifiedName~([\w.]+)")]
    private static partial Regex Filter();

    [GeneratedRegex(@"-file: (\S+)")]
    private static partial Regex File();

    [GeneratedRegex(@"uses: (\S+)")]
    private static partial Regex Action();

    [GeneratedRegex(@"^[\w-]+/[\w-]+@v\d+$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"permissions:\n((?: +\S.*\n)+)")]
    private static partial Regex Permissions();

    // The comment above a job, if it has one, and the job up to the mark.
    [GeneratedRegex(@"((?:^  # .*\n)*)^  [\w-]+:\n(?:^    .*\n)*?^    continue-on-error: true", RegexOptions.Multiline)]
    private static partial Regex MayFail();
}
