using System.Reflection;
using System.Xml;
using Ivy.Net.Tests.Wine;
using NUnit;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace Ivy.Net.Tests;

/// <summary>
/// Runs the tests of this program, by NUnit itself: <c>Ivy.Net.Tests RESULTS.xml [PART-OF-A-NAME]</c>. For where there is no
/// <c>dotnet test</c>. Prints what fails, and the count; the exit code is the number of tests that failed, 255 at most.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        WineExceptions.Mend();

        // Not the console's: NUnit puts its own in its place, for what tests write.
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        var runner = new NUnitTestAssemblyRunner(new DefaultTestAssemblyBuilder());
        _ = runner.Load(Assembly.GetExecutingAssembly(), new Dictionary<string, object> { [FrameworkPackageSettings.NumberOfTestWorkers] = 0 });
        using var progress = new TestProgress(output);
        ITestResult result = runner.Run(progress, new PartOfAName(arguments.Length > 1 ? arguments[1] : string.Empty));
        using (var file = XmlWriter.Create(arguments[0], new XmlWriterSettings { Indent = true }))
        {
            result.ToXml(recursive: true).WriteTo(file);
        }

        output.WriteLine($"{result.PassCount} passed, {result.FailCount} failed, {result.SkipCount} skipped");
        return Math.Min(result.FailCount, byte.MaxValue);
    }

    /// <summary>Those whose name has the text in it, and that are not explicit.</summary>
    private sealed class PartOfAName(string part) : TestFilter
    {
        public override bool Match(ITest test) => !test.IsSuite && test.FullName.Contains(part, StringComparison.Ordinal);

        public override bool Pass(ITest test, bool negated = false) =>
            test.RunState != RunState.Explicit && (test.IsSuite ? test.Tests.Any(child => Pass(child, negated)) : Match(test));

        public override bool IsExplicitMatch(ITest test) => false;

        public override TNode AddToXml(TNode parentNode, bool recursive) => parentNode.AddElement("filter");
    }
}
