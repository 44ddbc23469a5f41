namespace Ivy.Net.Tests;

/// <summary>A change of the public API is seen: by whoever makes it, and in the review of PublicApi.approved.txt.</summary>
[Category("Api")]
internal sealed class PublicApiTests
{
    private const string Approved = "Ivy.Net.Tests/Api/PublicApi.approved.txt";
    private const string Received = "Ivy.Net.Tests/Api/PublicApi.received.txt";

    [Test]
    public void The_public_API_is_the_approved_one()
    {
        var received = PublicApiText.Write(Repository.PublicTypes);
        var approved = File.Exists(Repository.PathOf(Approved)) ? Repository.Read(Approved) : "";
        if (received == approved)
        {
            File.Delete(Repository.PathOf(Received));
            return;
        }

        File.WriteAllText(Repository.PathOf(Received), received);
        var (before, now) = (Lines(approved), Lines(received));
        Assert.Fail(
            $"""
            The public API is not the approved one. What is meant is approved by
                cp {Received} {Approved}
            {string.Join('\n', before.Except(now).Select(static line => $"- {line}").Concat(now.Except(before).Select(static line => $"+ {line}")))}
            """);
    }

    // Each member with the type that it is of: members of different types may read the same.
    private static List<string> Lines(string text)
    {
        List<string> lines = [];
        var type = "";
        foreach (var line in text.Split('\n').Where(static line => line.Length > 0))
        {
            if (line[0] == ' ')
            {
                lines.Add($"{type}: {line.Trim()}");
            }
            else
            {
                type = line.Split(" : ")[0].Split(' ')[^1];
                lines.Add(line);
            }
        }

        return lines;
    }
}
