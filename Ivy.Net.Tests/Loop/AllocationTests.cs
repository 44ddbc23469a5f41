using System.Globalization;
using Ivy.Net.Benchmarks.Allocations;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>No turn, event, timer, task or post allocates: measured in a process of its own, the producers included.</summary>
[Category("Memory")]
[Platform("Linux", Reason = "starts the benchmarks by dotnet")]
internal sealed class AllocationTests
{
    [TestCaseSource(nameof(Names))]
    public void It_allocates_nothing(string name)
    {
        (string output, string error, int exitCode) = ChildProcess.Run("Ivy.Net.Benchmarks.dll", "allocations", name);
        Assert.That(exitCode, Is.Zero, error);
        string[] words = output.Split(' ', StringSplitOptions.TrimEntries);
        Assert.That(words[0], Is.EqualTo(name));
        Assert.That(double.Parse(words[1], CultureInfo.InvariantCulture), Is.Zero, "bytes for each operation");
    }

    [Test]
    public void The_meter_sees_a_single_small_object()
    {
        object? last = null;
        double bytes = AllocationMeter.BytesPerOperation(count =>
        {
            for (int i = 0; i < count; i++)
            {
                last = new object();
            }
        });
        GC.KeepAlive(last);
        Assert.That(bytes, Is.GreaterThanOrEqualTo(IntPtr.Size * 2));
    }

    private static IEnumerable<string> Names() => AllocationCatalog.All.Keys;
}
