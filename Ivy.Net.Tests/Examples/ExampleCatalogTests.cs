using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Ivy.Net.Examples;

namespace Ivy.Net.Tests.Examples;

/// <summary>What holds for each example, and the list of them.</summary>
internal sealed class ExampleCatalogTests
{
    // A page: an example that needs more shows two things.
    private const int MaxLines = 80;

    private static readonly string Sources = Path.Combine(
        typeof(ExampleCatalogTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(static item => item.Key == "RepositoryRoot").Value!,
        "Ivy.Net.Examples");

    private static IEnumerable<string> Names => ExampleCatalog.All.Select(static example => example.Name);

    private static IEnumerable<string> Files =>
        Directory.EnumerateDirectories(Sources).SelectMany(Directory.EnumerateFiles).Select(static file => Path.GetRelativePath(Sources, file));

    [Test]
    public void Each_example_is_run_by_a_test()
    {
        IEnumerable<string> tested = typeof(ExampleCatalogTests).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods())
            .SelectMany(static method => method.GetCustomAttributes<ExampleAttribute>())
            .Select(static example => example.Name);
        Assert.That(Names, Is.SubsetOf(tested));
    }

    [Test]
    public void Names_and_folders_are_unique_and_belong_together()
    {
        IEnumerable<string> folders = Directory.EnumerateDirectories(Sources).Select(static folder => Path.GetFileName(folder)!);
        IEnumerable<string> expected = Names.Select(static name => string.Concat(name.Split('-').Select(static word => char.ToUpperInvariant(word[0]) + word[1..])));
        Assert.That(folders, Is.EquivalentTo(expected.Append("Common")));
    }

    [TestCaseSource(nameof(Files))]
    public void Each_file_begins_with_a_comment_and_fits_on_a_page(string file)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Sources, file));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines, Has.Length.LessThanOrEqualTo(MaxLines));
            Assert.That(lines[0], Does.StartWith("// "));
        }
    }

    [TestCaseSource(nameof(Names))]
    public void The_comment_on_top_says_how_to_run_it_and_what_it_prints(string name)
    {
        IEnumerable<string> sources = Files.Where(static file => file.EndsWith("Example.cs", StringComparison.Ordinal)).Select(static file => File.ReadAllText(Path.Combine(Sources, file)));
        string source = sources.Single(text => text.Contains($"Name => \"{name}\"", StringComparison.Ordinal));
        string comment = source[..source.IndexOf("using ", StringComparison.Ordinal)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(comment, Does.Match($@"dotnet run (-c Release )?--project Ivy\.Net\.Examples -- {name}\b"));
            Assert.That(comment, Does.Contain("It prints"));
        }
    }

    [TestCaseSource(nameof(Names))]
    public void Help_explains_the_example(string name)
    {
        IExample example = ExampleCatalog.All.Single(item => item.Name == name);
        var output = new StringWriter();
        int exitCode = ExampleCatalog.BuildRoot().Parse([name, "--help"]).Invoke(new InvocationConfiguration { Output = output });
        string help = Regex.Replace(output.ToString(), @"\s+", " ");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.Zero);
            Assert.That(help, Does.Contain(example.Summary));
            Assert.That(help, Does.Contain(example.Details));
        }
    }
}
