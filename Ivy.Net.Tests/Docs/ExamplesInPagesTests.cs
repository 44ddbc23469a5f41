using System.Text.RegularExpressions;

namespace Ivy.Net.Tests;

/// <summary>What stands in the README and the man pages compiles; what begins with <c>// run</c> runs.</summary>
[NonParallelizable] // a program that runs has the console to itself
internal sealed partial class ExamplesInPagesTests
{
    private static readonly string[] UsingsOfManPages =
        [.. Roslyn.ImplicitUsings, "System.Net", "System.Net.Sockets", "System.Text", "Ivy.Net", "Ivy.Net.Polling"];

    [Test]
    public void Every_example_of_the_man_pages_compiles_and_does_what_it_says() =>
        Findings.None(
            from page in ManPage.All
            where page.Sections.Contains("EXAMPLES")
            from display in page.Displays("EXAMPLES")
            from problem in new CodeBlock(page.Path, display.FirstLine, display.Code, UsingsOfManPages).Check()
            select problem);

    [Test]
    public void Every_example_of_the_README_compiles_as_it_stands()
    {
        var readme = Repository.Read("README.md");
        Findings.None(
            from Match block in Fence().Matches(readme)
            let line = readme.AsSpan(0, block.Groups[1].Index).Count('\n') + 1
            from problem in new CodeBlock("README.md", line, block.Groups[1].Value, Roslyn.ImplicitUsings).Check()
            select problem);
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
