using System.Text.Json;
using System.Xml.Linq;
using Ivy.Net.Benchmarks.Versus;
using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Benchmarks;

/// <summary>The program as its users start it.</summary>
[Platform(Include = "Linux")]
internal sealed class VersusCommandTests
{
    private const string Program = "Ivy.Net.Benchmarks.dll";
    private const int UsageError = 2;

    [TestCase("Try --help", "nonsense")]
    [TestCase("There is no workload nonsense; there are: ", "versus", "nonsense")]
    [TestCase("a number from 1 to 1000", "versus", "--rounds", "0")]
    [TestCase("a number from 1 to 1000", "versus", "--rounds", "many")]
    [TestCase("two different ones of the cores", "versus", "--cores", "0,0")]
    [TestCase("two different ones of the cores", "versus", "--cores", "x")]
    [TestCase("No case is left", "versus", "--smoke", "--case", "no such case")]
    [TestCase("has no program nonsense; it has: ", "subject", "timers", "nonsense")]
    [TestCase("The parameter count is missing.", "subject", "timers", "ivtimer")]
    [TestCase("The parameter core is missing.", "subject", "timers", "ivtimer", "count=1")]
    [TestCase("A parameter is KEY=VALUE", "subject", "timers", "ivtimer", "count")]
    [TestCase("No benchmark has nonsense in its name; there are: TimerBenchmarks", "micro", "nonsense")]
    [TestCase("There is no measurement nonsense", "allocations", "nonsense")]
    public void A_mistake_gets_one_line_that_says_what_to_do(string advice, params string[] arguments)
    {
        (string output, string error, int exitCode) = ChildProcess.Run(Program, arguments);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.EqualTo(UsageError));
            Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
            Assert.That(error, Does.Contain(advice));
            Assert.That(output, Is.Empty);
        }
    }

    [Test]
    public void A_file_without_a_place_for_tables_is_refused_before_anything_is_measured()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "# Mine\n");
            (_, string error, int exitCode) = ChildProcess.Run(Program, "versus", "start", "--smoke", "--markdown", file);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(exitCode, Is.EqualTo(UsageError));
                Assert.That(error, Does.Contain("has no place for a table"));
                Assert.That(File.ReadAllText(file), Is.EqualTo("# Mine\n"));
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public void The_list_has_a_line_for_each_workload()
    {
        (string output, _, int exitCode) = ChildProcess.Run(Program, "versus", "--list");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.Zero);
            Assert.That(output.TrimEnd().Split('\n').Select(static line => line.Split(' ')[0]), Is.EqualTo(WorkloadCatalog.All.Select(static w => w.Name)));
        }
    }

    [TestCaseSource(nameof(Workloads))]
    public void A_workload_runs_with_what_is_installed_and_all_subjects_do_the_same_work(string workload)
    {
        // It pins what it starts to two cores of its own.
        if (Cores.OfThisThread() is not [0, 1, ..])
        {
            Assert.Ignore("The tests may not run on the cores 0 and 1.");
        }

        string folder = Directory.CreateTempSubdirectory("ivy-versus-").FullName;
        try
        {
            string json = Path.Combine(folder, "figures.jsonl");
            (string output, string error, int exitCode) = ChildProcess.Run(
                Program, "versus", workload, "--smoke", "--rounds", "2", "--json", json, "--svg", folder, "--markdown", Path.Combine(folder, "tables.md"));
            Assert.That(exitCode, Is.Zero, error);
            string[] subjects = [.. File.ReadLines(json).Select(static line =>
            {
                using JsonDocument row = JsonDocument.Parse(line);
                Assert.That(row.RootElement.GetProperty("rounds").GetInt32(), Is.EqualTo(2));
                return row.RootElement.GetProperty("subject").GetString()!;
            })];
            using (Assert.EnterMultipleScope())
            {
                Assert.That(subjects, Has.Some.Contains("ivy").IgnoreCase.Or.Some.Contains("Iv"));
                Assert.That(output, Does.Contain("the figures mean nothing"));
                Assert.That(XElement.Load(Path.Combine(folder, $"{workload}.svg")).Name.LocalName, Is.EqualTo("svg"));
                Assert.That(File.ReadAllText(Path.Combine(folder, "tables.md")), Does.Contain($"## {workload}").And.Contain($"]({workload}.svg)"));
                Assert.That(error, Does.Match("^[0-9]+ measurements, about "));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<string> Workloads() => ["timers", "posts", "chain", "cascade"];
}
