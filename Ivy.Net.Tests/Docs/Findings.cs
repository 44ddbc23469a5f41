namespace Ivy.Net.Tests;

/// <summary>A rule that holds for many places: every place where it does not is listed, in a line of its own.</summary>
internal static class Findings
{
    public static void None(IEnumerable<string> findings)
    {
        var list = findings.Distinct().ToList();
        Assert.That(list, Is.Empty, string.Join('\n', list));
    }

    /// <summary>The expected lines can be copied from the message.</summary>
    public static void Same(IEnumerable<string> actual, IEnumerable<string> expected, string where)
    {
        var wanted = expected.ToList();
        Assert.That(actual, Is.EquivalentTo(wanted), $"{where} should have\n{string.Join('\n', wanted)}\n");
    }
}
